//! What a mount left in its journal, seen to without one.

mod elsewhere;
mod look;
mod replay;
mod save;
mod unsure;

use std::path::{Path, PathBuf};

use cachefs_fuse::control::plain;
use cachefs_writeback::state_dir::{Found, Source, StateDir, StateError, default_root, list, state_path};
use clap::{Arg, ArgAction, ArgGroup, ArgMatches, Command, ValueHint, value_parser};

use crate::exit::Exit;
use crate::out::Out;
use crate::trouble::Trouble;
pub(crate) use elsewhere::elsewhere;
pub(crate) use look::look;

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
        .arg(
            path("journal", "DIR")
                .long("journal")
                .requires("discard")
                .value_hint(ValueHint::DirPath)
                .help("The journal to drop, where its directory does not say what it is of."),
        )
        .group(ArgGroup::new("how").args(["dry-run", "discard", "export"]))
}

pub(crate) fn run(matches: &ArgMatches, out: &Out) -> Result<Exit, Trouble> {
    let path = |name| matches.get_one::<PathBuf>(name);
    let mut root = root_dir(path("state-dir"))?;
    let source = resolved(path("source").map_or(Path::new(""), PathBuf::as_path));
    let found = match (find(&root, &source), path("export")) {
        (Ok(Some(found)), _) => found,
        (Ok(None), _) => {
            let other = if path("state-dir").is_none() { elsewhere(&root, &source)? } else { None };
            let Some(found) = other else {
                let none = || none(&root, &source, out);
                return path("journal").map_or_else(none, |named| Err(unsure::not_it(named, None)));
            };
            root = found.path.parent().unwrap_or(&root).to_owned();
            found
        }
        // What its journal is of is then taken from the command line.
        (Err(StateError::Damaged { path, .. }), Some(to)) => return salvage(&path, &source, to, out),
        (Err(error @ StateError::Damaged { .. }), None) if matches.get_flag("discard") => {
            return unsure::discard(&error, path("journal").map(PathBuf::as_path), out);
        }
        (Err(error), _) => return Err(state_trouble(error)),
    };
    if matches.get_flag("dry-run") {
        return look::run(&found, out);
    }
    if let Some(named) = path("journal").filter(|named| !unsure::is_of(named, &found.path)) {
        return Err(unsure::not_it(named, Some(&found.path)));
    }
    let state = || StateDir::open_found(&found.path).map_err(state_trouble);
    match path("export") {
        Some(to) => {
            let state = state()?;
            save::export(&state.journal().map_err(state_trouble)?, state.source().path(), to, out)
        }
        None if matches.get_flag("discard") => save::discard(&state()?, out),
        None if found.source.path() != source => Err(Trouble::failed(format!(
            "the journal {} is of {}, which is the same directory: give that path",
            found.path.display(),
            found.source.path().display()
        ))),
        None => replay::run(&root, &source, out),
    }
}

/// Saves what is in a journal whose state directory does not tell what it is of.
fn salvage(state: &Path, source: &Path, to: &Path, out: &Out) -> Result<Exit, Trouble> {
    if is_locked(state) {
        let shown = state.display();
        return Err(Trouble::new(Exit::Temporary, format!("the state directory {shown} is in use")));
    }
    save::export(&look::directory(state)?, source, to, out)
}

fn is_locked(state: &Path) -> bool {
    let lock = std::fs::File::open(state.join("lock"));
    lock.is_ok_and(|lock| matches!(lock.try_lock_shared(), Err(std::fs::TryLockError::WouldBlock)))
}

fn none(root: &Path, source: &Path, out: &Out) -> Result<Exit, Trouble> {
    if !source.exists() {
        return Err(Trouble::new(Exit::NotFound, format!("{} does not exist", source.display())));
    }
    let shown = |path: &Path| plain(&path.to_string_lossy()).into_owned();
    let text = format!("nothing of {} waits in {}", shown(source), shown(root));
    let told = serde_json::json!({ "files": [], "state_dir": root.to_string_lossy() });
    out.end(Exit::Done, &told, &text)
}

fn root_dir(given: Option<&PathBuf>) -> Result<PathBuf, Trouble> {
    let Some(path) = given else { return default_root().map_err(state_trouble) };
    let path = std::path::absolute(path).map_err(|error| Trouble::failed(error.to_string()))?;
    match path.metadata() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(Trouble::new(Exit::NotFound, format!("{} does not exist", path.display())))
        }
        Err(error) => Err(Trouble::failed(format!("{} cannot be reached: {error}", path.display()))),
        Ok(_) => Ok(path),
    }
}

/// As the mount that wrote the journal called it. The directory may be gone.
fn resolved(path: &Path) -> PathBuf {
    path.canonicalize().or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.to_owned())
}

/// The state directory of this source, also where the same directory was mounted by another path.
///
/// # Errors
/// Why its own cannot be looked at. What is wrong with those of others is passed over.
pub(crate) fn find(root: &Path, source: &Path) -> Result<Option<Found>, StateError> {
    let own = state_path(root, source);
    let is_there = match own.symlink_metadata() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => false,
        // What keeps it from being looked at, it tells.
        _ => true,
    };
    if is_there {
        if let Some(found) = Found::at(&own)? {
            return Ok(Some(found));
        }
        if own.join("journal").exists() {
            let what = "has a journal, but no source.json".to_owned();
            return Err(StateError::Damaged { path: own, what });
        }
    }
    let id = Source::of(source).ok().map(|source| source.id());
    let is_its = |found: &Found| found.source.path() == source || Some(found.source.id()) == id;
    Ok(list(root)?.into_iter().flatten().find(is_its))
}

fn state_trouble(error: StateError) -> Trouble {
    let exit = match error {
        StateError::Held { .. } => Exit::Temporary,
        StateError::Damaged { .. } => Exit::Corrupt,
        _ => Exit::Failed,
    };
    Trouble::new(exit, error.to_string())
}
