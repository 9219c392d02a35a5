//! `cachefs VERB ...`: steers mounts, and sees to what they left behind. Called `umount.fuse.cachefs` it is what umount(8)
//! calls to unmount one.

mod asked;
mod bar;
mod bundle;
mod config;
mod doctor;
mod exit;
mod flush;
mod forget;
mod helper;
mod inside;
mod list;
mod ls;
mod mrc;
mod out;
mod pages;
mod path_status;
mod pin;
mod queue;
mod record;
mod recover;
mod replay;
mod resolve;
mod rest;
mod set;
mod silence;
mod span;
mod stat;
mod status;
mod target;
mod top;
mod trouble;
mod umount;
mod verbs;
mod warm;
mod warm_bar;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Arg, ValueHint, value_parser};

use exit::Exit;
use out::Out;
use trouble::Trouble;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os();
    let called = arguments.next().unwrap_or_default();
    let name = Path::new(&called).file_name().unwrap_or_default();
    let (out, done) = match name.to_str() {
        Some(name) if name.starts_with("umount.") => (Out::plain(name), helper::run(arguments)),
        _ => {
            let arguments: Vec<OsString> = arguments.collect();
            match resolve::answer(&arguments) {
                Some(code) => return code,
                None => steer(arguments),
            }
        }
    };
    let exit = done.unwrap_or_else(|trouble| {
        out.trouble(&trouble);
        trouble.exit
    });
    exit.into()
}

fn steer(arguments: Vec<OsString>) -> (Out, Result<Exit, Trouble>) {
    // Programs that ask for JSON get it also where the rest of the line cannot be followed.
    let json = arguments.iter().take_while(|word| *word != "--").any(|word| word == "--json");
    let out = Out::new("cachefs", json);
    let matches = match verbs::command().try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(error) if !error.use_stderr() => return (out, verbs::show(&error)),
        Err(error) => return (out, Err(verbs::complaint(&error))),
    };
    let Some((name, matches)) = matches.subcommand() else {
        return (out, Err(Trouble::usage("give a verb: see cachefs --help")));
    };
    let verb = verbs::VERBS.iter().find(|verb| verb.name == name);
    let done = match verb {
        Some(verb) => (verb.run)(matches, &out),
        None => Err(Trouble::usage(format!("{name} is no verb: see cachefs --help"))),
    };
    (out, done)
}

/// The mount that a verb is about, or any path within it; the current directory if none is given.
fn mount_argument() -> Arg {
    let path = Arg::new("path").value_name("MNT").default_value(".").value_parser(value_parser!(PathBuf));
    path.value_hint(ValueHint::DirPath).help("The mount, or any path within it.")
}

/// The same as an option, for verbs with other arguments.
fn mount_option() -> Arg {
    let path = Arg::new("mount").short('m').long("mount").value_name("MNT").default_value(".");
    path.value_parser(value_parser!(PathBuf))
        .value_hint(ValueHint::DirPath)
        .help("The mount, or any path within it.")
}
