//! Everything there is to tell of a mount, at once or a line at a time.

mod durations;
mod line;
mod report;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use cachefs_fuse::control::Stat;
use clap::{Arg, ArgMatches, Command, value_parser};
use serde_json::Value;

use crate::asked::Asked;
use crate::exit::Exit;
use crate::mount_argument;
use crate::out::Out;
use crate::span::span;
use crate::trouble::Trouble;
pub(crate) use durations::{Durations, whole};
pub(crate) use line::{hits, misses, time};
pub(crate) use report::named;

pub(crate) fn arguments(command: Command) -> Command {
    command
        .arg(mount_argument())
        .arg(
            Arg::new("interval")
                .short('i')
                .long("interval")
                .value_name("SEC")
                .value_parser(span)
                .help("Print a line for each interval, of what happened in it."),
        )
        .arg(
            Arg::new("count")
                .short('c')
                .long("count")
                .value_name("COUNT")
                .requires("interval")
                .value_parser(value_parser!(u64).range(1..))
                .help("So many lines; on and on if not given."),
        )
}

pub(crate) fn run(matches: &ArgMatches, out: &Out) -> Result<Exit, Trouble> {
    let path = matches.get_one::<PathBuf>("path").cloned().unwrap_or_default();
    let stat = ask(&path, out)?;
    let Some(interval) = matches.get_one::<Duration>("interval").copied() else {
        return out.end(Exit::Done, &stat, &report::shown(&stat));
    };
    if interval.is_zero() {
        return Err(Trouble::usage("an interval of no time shows nothing"));
    }
    let count = matches.get_one::<u64>("count").copied().unwrap_or(u64::MAX);
    intervals(&path, stat, (interval, count), out)
}

/// Each time anew: a connection that is idle for long is closed, and the mount may be another.
fn ask(path: &std::path::Path, out: &Out) -> Result<Stat, Trouble> {
    Asked::at(path, out)?.ask("stat", &Value::Null, |_| ())
}

fn intervals(
    path: &std::path::Path,
    mut before: Stat,
    (interval, count): (Duration, u64),
    out: &Out,
) -> Result<Exit, Trouble> {
    let mut next = Instant::now();
    for number in 0..count {
        next += interval;
        std::thread::sleep(next.saturating_duration_since(Instant::now()));
        let now = ask(path, out)?;
        let line = line::Line::between(&before, &now);
        let begins = !out.is_json() && line::head_is_due(number);
        let text = if begins { format!("{}\n{line}", line::HEAD) } else { line.to_string() };
        if out.end(Exit::Done, &line, &text).is_err() {
            // Who read along has seen enough.
            return Ok(Exit::Done);
        }
        before = now;
    }
    Ok(Exit::Done)
}
