use std::path::{Path, PathBuf};
use std::time::Duration;

use cachefs_fuse::control::{Client, Outcome, Place, Request, UmountArguments, plain};
use clap::{Arg, ArgAction, ArgMatches, Command, ValueHint, value_parser};
use indicatif::HumanBytes;
use rustix::mount::{UnmountFlags, unmount};
use serde_json::Value;

use crate::bar::Bar;
use crate::exit::Exit;
use crate::out::Out;
use crate::resolve::resolve;
use crate::rest::Rest;
use crate::silence::Silence;
use crate::span::span;
use crate::status::list;
use crate::target::{BUSY_QUIET, Target, give_up_after, greet};
use crate::trouble::Trouble;

pub(crate) fn arguments(command: Command) -> Command {
    let path = Arg::new("path").value_name("MNT").required(true).value_parser(value_parser!(PathBuf));
    command
        .arg(path.value_hint(ValueHint::DirPath).help("The mount."))
        .arg(timeout("How long to write back at most; what remains then stays in the journal."))
        .arg(
            Arg::new("lazy")
                .long("lazy")
                .short('l')
                .action(ArgAction::SetTrue)
                .help("Unmount also while programs use the mount; they are served until they are gone."),
        )
}

/// The argument that bounds a wait.
pub(crate) fn timeout(help: &'static str) -> Arg {
    Arg::new("timeout").long("timeout").value_name("TIME").value_parser(span).help(help)
}

pub(crate) fn run(matches: &ArgMatches, out: &Out) -> Result<Exit, Trouble> {
    let path = matches.get_one::<PathBuf>("path").cloned().unwrap_or_default();
    let arguments = UmountArguments {
        lazy: matches.get_flag("lazy"),
        timeout_seconds: matches.get_one::<Duration>("timeout").map(Duration::as_secs_f64),
        ..UmountArguments::default()
    };
    leave(&path, &arguments, out)
}

/// Unmounts what is mounted at this path, and says what remains.
///
/// # Errors
/// Why it is still mounted.
pub(crate) fn leave(path: &Path, arguments: &UmountArguments, out: &Out) -> Result<Exit, Trouble> {
    match Target::of(path)? {
        Target::Served { client, mountpoint, detached: true } => Err(Trouble::new(
            Exit::Temporary,
            format!(
                "{0} is detached already, and still used: end who uses it, or kill {1}",
                mountpoint.display(),
                client.peer()
            ),
        )),
        Target::Served { mut client, mountpoint, .. } => {
            greet(&mut client, arguments.timeout_seconds, out)?;
            check_top(path, &mountpoint)?;
            let outcome = ask(client, arguments, out)?;
            let left = outcome.dirty_bytes + outcome.dirty_files > 0;
            let exit = Exit::after(outcome.lost_bytes > 0, left, outcome.conflicts > 0);
            out.end(exit, &outcome, &shown(&outcome))
        }
        Target::Dead(place) => {
            check_top(path, &place.mountpoint)?;
            bury(&place, arguments.lazy)?;
            tell_rest(&Rest::of(&place), out)
        }
    }
}

/// What is told of a mount whose daemon was killed.
#[derive(Debug, Default, serde::Serialize)]
struct Buried {
    #[serde(flatten)]
    outcome: Outcome,
    /// Why it is not known what is left.
    #[serde(skip_serializing_if = "Option::is_none")]
    unknown: Option<String>,
}

fn tell_rest(rest: &Rest, out: &Out) -> Result<Exit, Trouble> {
    let mut told = Buried::default();
    let (exit, text) = match rest {
        Rest::Nothing => (Exit::Done, String::new()),
        Rest::TakenOver { pid } => {
            (Exit::Done, format!("; process {pid}, which serves its source now, sees to what it left"))
        }
        Rest::Unknown(why) => {
            told.unknown = Some(why.clone());
            (Exit::Failed, format!("; {why}"))
        }
        Rest::Waits { state, source, report } => {
            told.outcome.dirty_bytes = report.bytes();
            told.outcome.dirty_files = report.files.len() as u64;
            told.outcome.journal = Some(state.to_string_lossy().into_owned());
            let state = plain(&state.to_string_lossy()).into_owned();
            let text = format!(
                "; {} of {} files wait in the journal {state}: mount it again, or see cachefs recover {}{}",
                HumanBytes(report.bytes()),
                report.files.len(),
                plain(&source.to_string_lossy()),
                if report.damaged.is_empty() { "" } else { "; the journal is damaged" }
            );
            (Exit::after(!report.damaged.is_empty(), !report.files.is_empty(), false), text)
        }
    };
    out.end(exit, &told, &format!("nobody served this mount any more{text}"))
}

fn ask(mut client: Client, arguments: &UmountArguments, out: &Out) -> Result<Outcome, Trouble> {
    let (bar, silence) = (Bar::new(!out.is_json()), Silence::of(client.peer(), BUSY_QUIET, out));
    give_up_after(&mut client, arguments.timeout_seconds);
    let arguments = serde_json::to_value(arguments).unwrap_or(Value::Null);
    let told = client.call(&Request::new("umount", arguments), |far| {
        silence.heard();
        bar.hear(far);
    })?;
    serde_json::from_value(Value::Object(told))
        .map_err(|error| Trouble::failed(format!("the mount speaks another language: {error}")))
}

/// A path within a mount is none that can be unmounted.
fn check_top(path: &Path, mountpoint: &Path) -> Result<(), Trouble> {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let is_top = absolute == mountpoint || resolve(&absolute).is_ok_and(|path| path == mountpoint);
    match is_top {
        true => Ok(()),
        false => Err(Trouble::not_mounted(format!(
            "{} is no mount point: the mount is on {}",
            path.display(),
            mountpoint.display()
        ))),
    }
}

/// Takes a mount without a daemon out of the tree.
fn bury(place: &Place, lazy: bool) -> Result<(), Trouble> {
    let shown = place.mountpoint.display();
    let mut flags = UnmountFlags::NOFOLLOW;
    flags.set(UnmountFlags::DETACH, lazy);
    match unmount(&place.mountpoint, flags) {
        Ok(()) => Ok(()),
        Err(rustix::io::Errno::BUSY) => {
            Err(Trouble::new(Exit::Temporary, format!("{shown} is busy: end who uses it, or give --lazy")))
        }
        Err(rustix::io::Errno::PERM) => through_helper(place, lazy),
        Err(errno) => Err(Trouble::failed(format!("{shown} cannot be unmounted: {errno}"))),
    }
}

/// Ordinary users may not by themselves.
fn through_helper(place: &Place, lazy: bool) -> Result<(), Trouble> {
    let mut command = std::process::Command::new("fusermount3");
    command.arg("-u").args(lazy.then_some("-z")).arg("--").arg(&place.mountpoint);
    let output = command
        .output()
        .map_err(|error| Trouble::failed(format!("fusermount3 cannot be started: {error}")))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(Trouble::failed(String::from_utf8_lossy(&output.stderr).trim().to_owned())),
    }
}

fn shown(outcome: &Outcome) -> String {
    let mut lines = Vec::new();
    if outcome.detached {
        lines.push("detached; programs that use it are served until they are gone".to_owned());
    }
    if outcome.dirty_bytes + outcome.dirty_files > 0 {
        let journal = outcome.journal.as_deref().unwrap_or_default();
        lines.push(format!(
            "{} of {} files are not in the source, but in the journal {}; the next mount writes them{}",
            HumanBytes(outcome.dirty_bytes),
            outcome.dirty_files,
            plain(journal),
            list(&outcome.left)
        ));
    }
    if outcome.conflicts > 0 {
        let conflicts = outcome.conflicts;
        lines.push(format!("{conflicts} files were changed by others, too: ours are beside them"));
    }
    if outcome.lost_bytes > 0 {
        lines.push(format!("{} that were written are lost: see the log", HumanBytes(outcome.lost_bytes)));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use cachefs_fuse::control::Left;

    use super::*;

    #[test]
    fn what_remains_is_named() {
        assert_eq!(shown(&Outcome::default()), "");
        let left = vec![Left { path: "a".into(), bytes: 1024, error: Some("no space".into()) }];
        let outcome = Outcome {
            dirty_bytes: 1024,
            dirty_files: 1,
            left,
            journal: Some("/j".into()),
            ..Outcome::default()
        };
        assert_eq!(
            shown(&outcome),
            "1.00 KiB of 1 files are not in the source, but in the journal /j; the next mount writes them\n  \
             a (1.00 KiB): no space"
        );
        let lost = Outcome { lost_bytes: 2048, ..Outcome::default() };
        assert_eq!(shown(&lost), "2.00 KiB that were written are lost: see the log");
    }
}
