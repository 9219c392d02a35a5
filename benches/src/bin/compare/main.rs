//! Everything beside everything, in rounds, each in a process of its own: tables, charts, and what was to come out.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command for people at a terminal")]

mod charts;
mod document;
mod flags;
mod format;
mod goals;
mod json;
mod losses;
mod report;
mod rounds;

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use cachefs_benches::{Backing, Figures, Machine, Round, Scale, blocks, limits, suite};
use flags::{Flags, Order};
use report::Report;

/// What went wrong, for somebody at a terminal.
type Error = Box<dyn std::error::Error + Send + Sync>;
type Result<T, E = Error> = std::result::Result<T, E>;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("compare: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    match Order::parse(std::env::args().skip(1))? {
        Order::Help => print!("{}", flags::HELP),
        Order::OneRound { scale, blocks } => {
            let round = one_round(&scale, blocks)?;
            std::io::stdout().write_all(&serde_json::to_vec(&round)?)?;
        }
        Order::Compare(flags) => compare(&flags)?,
    }
    Ok(())
}

fn one_round(scale: &Scale, alone: bool) -> Result<Round> {
    let mut round = Round::default();
    for backing in Backing::ALL {
        suite::run(&mut round, backing, scale)?;
    }
    limits::run(&mut round, scale)?;
    if alone {
        blocks::run(&mut round, &blocks::OURS, scale)?;
    }
    Ok(round)
}

fn compare(flags: &Flags) -> Result<()> {
    flags.document.as_deref().map_or(Ok(()), document::check)?;
    let mut figures = Figures::default();
    let versions = rounds::run(flags, &mut figures)?;
    let report = Report { figures: &figures, flags, versions: &versions, machine: &Machine::this() };
    let goals = report.goals();
    print!("{goals}");
    if let Some(dir) = &flags.charts {
        fs::create_dir_all(dir).map_err(|e| format!("making {}: {e}", dir.display()))?;
        for (name, svg) in charts::all(&figures)? {
            write(&dir.join(name), &svg)?;
        }
    }
    if let Some(path) = &flags.json {
        write(path, &(serde_json::to_string_pretty(&json::figures(&report))? + "\n"))?;
    }
    match &flags.document {
        Some(path) => document::put(path, &report.text()),
        None => {
            print!("{}", report.text());
            Ok(())
        }
    }
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).map_err(|e| format!("writing {}: {e}", path.display()).into())
}
