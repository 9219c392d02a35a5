//! What a mount left in its journal, seen to without one.

mod look;
mod replay;
mod save;

use std::path::{Path, PathBuf};

use cachefs_writeback::state_dir::{Found, StateDir, StateError, default_root, list};
use clap::{Arg, ArgAction, ArgGroup, ArgMatches, Command, ValueHint, value_parser};

use crate::exit::Exit;
use crate::out::Out;
use crate::trouble::Trouble;
pub(crate) use look::waiting;

pub(crate) fn arguments(command: Command) -> Command {
    let path = |name, value| Arg::new(name).value_name(value).value_parser(value_parser!(PathBuf));
    command
        .arg(
            path("source", "SOURCE")
                .required(true)
                .value_hint(ValueHint::DirPath)
                .help("The directory that was mounted."),
        )
        .arg(
            Arg::new("dry-run")
                .long("dry-run")
                .action(ArgAction::SetTrue)
                .help("Show what is in the journal, and change nothing."),
        )
        .arg(
            Arg::new("discard")
                .long("discard")
                .action(ArgAction::SetTrue)
                .help("Drop it: what is not in the source is lost."),
        )
        .arg(
            path("export", "DIR")
                .long("export")
                .value_hint(ValueHint::DirPath)
                .help("Save the files it is about to this directory, and keep it."),
        )
        .arg(
            path("state-dir", "DIR")
                .long("state-dir")
                .value_hint(ValueHint::DirPath)
                .help("Where journals are, if the mount was told so."),
        )
        .group(ArgGroup::new("how").args(["dry-run", "discard", "export"]))
}

pub(crate) fn run(matches: &ArgMatches, out: &Out) -> Result<Exit, Trouble> {
    let path = |name| matches.get_one::<PathBuf>(name);
    let root = root_dir(path("state-dir"))?;
    let source = resolved(path("source").map_or(Path::new(""), PathBuf::as_path));
    let Some(found) = find(&root, &source)? else { return none(&source, out) };
    if matches.get_flag("dry-run") {
        return look::run(&found, out);
    }
    let state = || StateDir::open_found(&found.path).map_err(state_trouble);
    match path("export") {
        Some(to) => save::export(&state()?, to, out),
        None if matches.get_flag("discard") => save::discard(&state()?, out),
        None => replay::run(&root, &source, out),
    }
}

fn none(source: &Path, out: &Out) -> Result<Exit, Trouble> {
    if !source.exists() {
        return Err(Trouble::new(Exit::NotFound, format!("{} does not exist", source.display())));
    }
    let text = format!("nothing of {} waits in a journal", source.display());
    out.end(Exit::Done, &serde_json::json!({ "files": [] }), &text)
}

fn root_dir(given: Option<&PathBuf>) -> Result<PathBuf, Trouble> {
    match given {
        Some(path) => std::path::absolute(path).map_err(|error| Trouble::failed(error.to_string())),
        None => default_root().map_err(state_trouble),
    }
}

/// As the mount that wrote the journal called it. The directory may be gone.
fn resolved(path: &Path) -> PathBuf {
    path.canonicalize().or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.to_owned())
}

/// The state directory of this source. Those that cannot be looked at are passed over: they may be another's.
fn find(root: &Path, source: &Path) -> Result<Option<Found>, Trouble> {
    let found = list(root).map_err(state_trouble)?;
    Ok(found.into_iter().flatten().find(|found| found.source.path() == source))
}

fn state_trouble(error: StateError) -> Trouble {
    let exit = match error {
        StateError::Held { .. } => Exit::Temporary,
        _ => Exit::Failed,
    };
    Trouble::new(exit, error.to_string())
}
