//! Writes to the same files through each contender: what write-back gains, and what it costs.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command for people at a terminal")]

mod cases;
mod contender;
mod figures;
mod flags;
mod goals;
mod ground;
mod json;
mod library;
mod mounted;
mod native;
mod report;

use std::fs;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cases::CASES;
use figures::Figures;
use flags::{Flags, Order};
use signal_hook::consts::{SIGINT, SIGTERM};

/// What went wrong, for somebody at a terminal.
type Error = Box<dyn std::error::Error + Send + Sync>;
type Result<T, E = Error> = std::result::Result<T, E>;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("writeback: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    match Order::parse(std::env::args().skip(1))? {
        Order::Help => print!("{}", flags::HELP),
        Order::List => {
            for case in &CASES {
                println!("{:<10} {}", case.name, case.what);
            }
        }
        Order::Measure(flags) => measure(&flags)?,
    }
    Ok(())
}

fn measure(flags: &Flags) -> Result<()> {
    // Ends between two turns, so that the guards unmount and remove.
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&stop))?;
    }
    let mut figures = Figures::default();
    for round in 0..flags.rounds {
        for case in &flags.cases {
            for &contender in case.contenders {
                if stop.load(Ordering::Relaxed) {
                    return Err("interrupted".into());
                }
                eprintln!("round {} of {}: {}, {contender}", round + 1, flags.rounds, case.name);
                match contender.play(case, flags) {
                    Ok(seen) => figures.add(case.name, contender, seen),
                    Err(error) => figures.fail(case.name, contender, &error.to_string()),
                }
            }
        }
    }
    print!("{}", report::tables(&figures, flags));
    if let Some(path) = &flags.json {
        let text = serde_json::to_string_pretty(&json::figures(&figures, flags))?;
        fs::write(path, text).map_err(|e| format!("writing {}: {e}", path.display()))?;
    }
    Ok(())
}
