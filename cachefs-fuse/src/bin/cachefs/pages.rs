//! Completions for shells and pages for man, made from the command lines of both programs.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command as Process;

use clap::{Arg, ArgMatches, Command, ValueHint, value_parser};
use clap_complete::Shell;
use serde_json::json;

use crate::exit::Exit;
use crate::out::Out;
use crate::trouble::Trouble;
use crate::verbs;

/// What the other program is asked by.
const INTERNAL: &str = "--internal-pages";

pub(crate) fn completions_arguments(command: Command) -> Command {
    let shells = ["bash", "zsh", "fish"];
    command.arg(Arg::new("shell").value_name("SHELL").required(true).value_parser(shells).help("For which."))
}

pub(crate) fn man_arguments(command: Command) -> Command {
    let dir = Arg::new("dir").value_name("DIR").required(true).value_parser(value_parser!(PathBuf));
    command.arg(dir.value_hint(ValueHint::DirPath).help("Where the pages go; it is made if it is missing."))
}

pub(crate) fn completions(matches: &ArgMatches, out: &Out) -> Result<Exit, Trouble> {
    let name = matches.get_one::<String>("shell").cloned().unwrap_or_default();
    let shell: Shell = name.parse().map_err(Trouble::usage)?;
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut verbs::complete(), "cachefs", &mut text);
    text.extend(other_program(&name)?);
    let text = String::from_utf8_lossy(&text).into_owned();
    out.end(Exit::Done, &json!({ "completions": text }), text.trim_end())
}

pub(crate) fn man(matches: &ArgMatches, out: &Out) -> Result<Exit, Trouble> {
    let dir = matches.get_one::<PathBuf>("dir").cloned().unwrap_or_default();
    let cannot = |error| Trouble::failed(format!("{}: {error}", dir.display()));
    fs::create_dir_all(&dir).map_err(cannot)?;
    let mut pages = Vec::new();
    let mut page = |name: String, text: &[u8]| {
        let path = dir.join(&name);
        pages.push(name);
        fs::File::create(path).and_then(|mut file| file.write_all(text)).map_err(cannot)
    };
    let command = verbs::complete();
    page("cachefs.1".to_owned(), &render(command.clone())?)?;
    for verb in command.get_subcommands().filter(|verb| verb.get_name() != "help") {
        let name = format!("cachefs-{}", verb.get_name());
        let verb = verb.clone().name(name.clone()).display_name(name.clone());
        page(format!("{name}.1"), &render(verb)?)?;
    }
    page("cachefs-mount.8".to_owned(), &other_program("man")?)?;
    let text = format!("{} pages in {}", pages.len(), dir.display());
    out.end(Exit::Done, &json!({ "pages": pages }), &text)
}

fn render(command: Command) -> Result<Vec<u8>, Trouble> {
    let mut text = Vec::new();
    clap_mangen::Man::new(command)
        .render(&mut text)
        .map_err(|error| Trouble::failed(format!("a page cannot be made: {error}")))?;
    Ok(text)
}

/// cachefs-mount knows its options itself; it lies beside this program, or where programs are looked for.
fn other_program(what: &str) -> Result<Vec<u8>, Trouble> {
    let beside = std::env::current_exe().ok().map(|path| path.with_file_name("cachefs-mount"));
    let program = beside.filter(|path| path.exists()).unwrap_or_else(|| "cachefs-mount".into());
    let cannot = |error: &dyn std::fmt::Display| {
        Trouble::failed(format!("{} cannot be asked for its options: {error}", Path::new(&program).display()))
    };
    let output = Process::new(&program).args([INTERNAL, what]).output().map_err(|error| cannot(&error))?;
    match output.status.success() {
        true => Ok(output.stdout),
        false => Err(cannot(&String::from_utf8_lossy(&output.stderr).trim())),
    }
}
