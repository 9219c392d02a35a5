use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};

use cachefs_fuse::control::{Request, Setting};
use clap::{Arg, ArgAction, ArgMatches, Command, ValueHint, value_parser};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::exit::Exit;
use crate::out::Out;
use crate::target::Target;
use crate::trouble::Trouble;

/// The program whose settings they are.
const PROGRAM: &str = "cachefs-mount";

#[derive(Debug, Deserialize, Serialize)]
struct Settings {
    settings: Vec<Setting>,
}

pub(crate) fn arguments(command: Command) -> Command {
    let effective = Arg::new("effective").long("effective").action(ArgAction::SetTrue);
    let line = Arg::new("line").value_name("MNT | [SRC] MNT FLAGS").num_args(0..).trailing_var_arg(true);
    let line = line.allow_hyphen_values(true).value_parser(value_parser!(OsString));
    command
        .arg(effective.help("Show what holds when all sources are put together, as is always the case."))
        .arg(
            line.value_hint(ValueHint::AnyPath)
                .help("A mount, or what cachefs-mount would be given: what holds then."),
        )
}

pub(crate) fn run(matches: &ArgMatches, out: &Out) -> Result<Exit, Trouble> {
    // Behind the first word clap takes them for flags of the mount.
    let ours = |word: &&OsString| *word == "--json" || *word == "--effective";
    let line = matches.get_many("line").into_iter().flatten().filter(|word| !ours(word));
    let line: Vec<OsString> = line.cloned().collect();
    let told = match line.as_slice() {
        [path] if !path.to_string_lossy().starts_with('-') => of_mount(Path::new(path))?,
        _ => None,
    };
    let told = told.map_or_else(|| of_line(&line), Ok)?;
    let settings: Settings = serde_json::from_value(told)
        .map_err(|error| Trouble::failed(format!("the settings cannot be read: {error}")))?;
    let text = Setting::table(&settings.settings);
    out.end(Exit::Done, &settings, text.trim_end_matches('\n'))
}

/// What holds for a mount that is served.
fn of_mount(path: &Path) -> Result<Option<Value>, Trouble> {
    match Target::of(path) {
        Ok(Target::Served { mut client, .. }) => {
            Ok(Some(Value::Object(client.call(&Request::new("config", Value::Null), |_| {})?)))
        }
        Ok(Target::Dead(_)) => Ok(None),
        Err(trouble) if trouble.exit == Exit::NotMounted => Ok(None),
        Err(trouble) => Err(trouble),
    }
}

/// What would hold for a mount by this command line.
fn of_line(line: &[OsString]) -> Result<Value, Trouble> {
    let mut program = Process::new(program());
    program.args(["--show-config", "--json"]).args(line).stdin(Stdio::null());
    let output = program.output().map_err(|error| {
        Trouble::failed(format!("{PROGRAM} cannot be run: {error}: install it beside cachefs"))
    })?;
    if !output.status.success() {
        let told = String::from_utf8_lossy(&output.stderr);
        let told = told.trim().trim_start_matches(PROGRAM).trim_start_matches(": ");
        return Err(if output.status.code() == Some(1) {
            Trouble::usage(told)
        } else {
            Trouble::failed(told)
        });
    }
    serde_json::from_slice(&output.stdout)
        .map_err(|error| Trouble::failed(format!("{PROGRAM} speaks another language: {error}")))
}

/// Beside this program, else wherever it is.
fn program() -> PathBuf {
    let beside = std::env::current_exe().ok().map(|own| own.with_file_name(PROGRAM));
    beside.filter(|path| path.is_file()).unwrap_or_else(|| PROGRAM.into())
}
