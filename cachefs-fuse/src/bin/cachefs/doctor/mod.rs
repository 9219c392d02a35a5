//! Whether this machine can serve mounts, and whether a directory is worth one.

mod machine;
mod measure;
mod verdict;

use std::fmt::Write;
use std::path::{Path, PathBuf};

use cachefs_fuse::control::{Place, plain};
use clap::{Arg, ArgMatches, Command, ValueHint, value_parser};
use serde::Serialize;

use crate::exit::Exit;
use crate::out::Out;
use crate::target::{Target, ask_status};
use crate::trouble::Trouble;
use measure::Measured;
use verdict::Verdict;

/// How something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Grade {
    /// As it should be.
    Good,
    /// Mounts work, but less well.
    Weak,
    /// There can be no mount.
    Bad,
}

/// One thing that was looked at.
#[derive(Clone, Debug, Serialize)]
struct Finding {
    what: &'static str,
    grade: Grade,
    told: String,
}

impl Finding {
    fn new(what: &'static str, grade: Grade, told: impl Into<String>) -> Self {
        Self { what, grade, told: told.into() }
    }
}

/// Everything that was found.
#[derive(Debug, Serialize)]
struct Report {
    machine: Vec<Finding>,
    #[serde(skip_serializing_if = "Option::is_none")]
    directory: Option<Directory>,
}

/// What was found of a directory.
#[derive(Debug, Serialize)]
struct Directory {
    path: String,
    filesystem: String,
    #[serde(flatten)]
    measured: Measured,
    #[serde(flatten)]
    verdict: Verdict,
}

pub(crate) fn arguments(command: Command) -> Command {
    let path = Arg::new("path").value_name("DIR").value_parser(value_parser!(PathBuf));
    command.arg(path.value_hint(ValueHint::DirPath).help(
        "A directory to be measured, with or without a mount; of a mount its source is measured. Nothing is written \
         there.",
    ))
}

pub(crate) fn run(matches: &ArgMatches, out: &Out) -> Result<Exit, Trouble> {
    let path = matches.get_one::<PathBuf>("path");
    let machine = machine::findings();
    let directory = path.map(|path| directory(path)).transpose()?;
    let bad = machine.iter().any(|finding| finding.grade == Grade::Bad);
    let report = Report { machine, directory };
    out.end(if bad { Exit::Failed } else { Exit::Done }, &report, &shown(&report))
}

fn directory(path: &Path) -> Result<Directory, Trouble> {
    let path = source_of(path)?;
    let (measured, filesystem) = (measure::measure(&path)?, measure::filesystem(&path));
    let verdict = verdict::of(&measured);
    Ok(Directory { path: path.to_string_lossy().into_owned(), filesystem, measured, verdict })
}

/// What is mounted there, if that is a mount of ours.
fn source_of(path: &Path) -> Result<PathBuf, Trouble> {
    let is_ours = |place: &Place| place.kind == "fuse.cachefs" || place.trace.is_some();
    match Place::of(path) {
        Ok(Some(place)) if is_ours(&place) => {
            let (mut client, _) = Target::served(path)?;
            Ok(ask_status(&mut client)?.source.into())
        }
        _ => Ok(path.to_owned()),
    }
}

fn shown(report: &Report) -> String {
    let mut text = String::new();
    for finding in &report.machine {
        let grade = match finding.grade {
            Grade::Good => "ok  ",
            Grade::Weak => "weak",
            Grade::Bad => "BAD ",
        };
        _ = writeln!(text, "{grade}  {:18} {}", finding.what, plain(&finding.told));
    }
    if let Some(directory) = &report.directory {
        _ = write!(text, "\n{} ({}): ", plain(&directory.path), directory.filesystem);
        _ = write!(text, "{}\n{}", directory.measured, directory.verdict);
    }
    text.trim_end().to_owned()
}
