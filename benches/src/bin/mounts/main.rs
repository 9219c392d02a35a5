//! Mounts one tree through each contender and measures each beside the directory itself, in rounds.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command for people at a terminal")]

mod comparison;
mod contender;
mod figures;
mod flags;
mod image;
mod json;
mod programs;
mod report;
mod requests;
mod session;
mod tree;
mod workload;

use std::env;
use std::fs;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use comparison::Comparison;
use contender::Contender;
use flags::{Flags, Order};
use image::Image;
use programs::Programs;
use signal_hook::consts::{SIGINT, SIGTERM};
use tree::Tree;

/// What went wrong, for somebody at a terminal.
type Error = Box<dyn std::error::Error + Send + Sync>;
type Result<T, E = Error> = std::result::Result<T, E>;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("mounts: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    match Order::parse(env::args().skip(1))? {
        Order::Help => print!("{}", flags::HELP),
        Order::List => {
            for workload in &workload::WORKLOADS {
                println!("{:<18} {}", workload.name, workload.what);
            }
        }
        Order::Compare(flags) => compare(&flags)?,
    }
    Ok(())
}

fn compare(flags: &Flags) -> Result<()> {
    // Ends between two turns, so that the guards unmount and remove.
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&stop))?;
    }
    let contenders = found(flags);
    if contenders.is_empty() {
        return Err("nobody to compare".into());
    }
    let image = if flags.dir.is_none() { new_image() } else { None };
    let dir = image.as_ref().map(Image::path).or_else(|| flags.dir.clone()).unwrap_or_else(env::temp_dir);
    eprintln!("building the tree in {}", dir.display());
    // Dropped before the image it is in.
    let tree = Tree::build(&dir, flags.sizes)?;
    let mut comparison = Comparison::new(&tree, flags, contenders);
    comparison.run(&stop, |line| eprintln!("{line}"))?;
    print!("{}", report::tables(&comparison));
    if let Some(path) = &flags.json {
        let text = serde_json::to_string_pretty(&json::figures(&comparison, flags))?;
        fs::write(path, text).map_err(|e| format!("writing {}: {e}", path.display()))?;
    }
    Ok(())
}

/// A filesystem of our own, if it can be had.
fn new_image() -> Option<Image> {
    Image::mount().map_err(|e| eprintln!("no filesystem of its own for the tree: {e}")).ok()
}

/// Those whose program is there; says who is left out, and why.
fn found(flags: &Flags) -> Vec<Contender> {
    let mut programs = Programs::new(flags);
    let found = flags.contenders.iter().map(|&kind| {
        Contender::find(kind, &mut programs, &flags.cachefs_args)
            .map_err(|e| eprintln!("{kind} skipped: {e}"))
    });
    found.filter_map(Result::ok).collect()
}
