//! `cachefs VERB ...`: steers mounts, and sees to what they left behind. Called `umount.fuse.cachefs` it is what umount(8)
//! calls to unmount one.

mod bar;
mod exit;
mod flush;
mod helper;
mod out;
mod recover;
mod span;
mod status;
mod target;
mod trouble;
mod umount;
mod verbs;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use exit::Exit;
use out::Out;
use trouble::Trouble;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os();
    let called = arguments.next().unwrap_or_default();
    let name = Path::new(&called).file_name().unwrap_or_default();
    let (out, done) = match name.to_str() {
        Some(name) if name.starts_with("umount.") => (Out::plain(name), helper::run(arguments)),
        _ => steer(arguments),
    };
    let exit = done.unwrap_or_else(|trouble| {
        out.trouble(&trouble);
        trouble.exit
    });
    exit.into()
}

fn steer(arguments: impl Iterator<Item = OsString>) -> (Out, Result<Exit, Trouble>) {
    let matches = match verbs::command().try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(error) if !error.use_stderr() => return (Out::plain("cachefs"), verbs::show(&error)),
        Err(error) => return (Out::plain("cachefs"), Err(verbs::complaint(&error))),
    };
    let Some((name, matches)) = matches.subcommand() else {
        return (Out::plain("cachefs"), Err(Trouble::usage("give a verb: see cachefs --help")));
    };
    let out = Out::new("cachefs", matches.get_flag("json"));
    let verb = verbs::VERBS.iter().find(|verb| verb.name == name);
    let done = match verb {
        Some(verb) => (verb.run)(matches, &out),
        None => Err(Trouble::usage(format!("{name} is no verb: see cachefs --help"))),
    };
    (out, done)
}
