//! `cargo xtask CHORE`: see `cargo xtask help`.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command for people at a terminal")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use xtask::{Result, steps, tidy};

const HELP: &str = "\
cargo xtask CHORE

  test [--only STEP]... [--skip STEP]...   all tests, as .ci/run does; installs what it needs
  test --list                              the steps, and what each does
  soak [--only STEP]...                    the long runs of model, oracle, rename storm, fsx, programs and changes by
                                           others, of kills and losses of power, more than an hour;
                                           CACHEFS_SOAK_SECONDS=3600 makes it longer; its last step needs a nightly
                                           with Miri (rustup toolchain install nightly -c miri)
  pictures [--only STEP]...                makes the pictures of the documentation; needs tmux and Chromium
  compare [--rounds N] [--quick] [--no-rivals]
                                           cachefs beside copy-on-read, a naive cache and crates: writes COMPARISON.md,
                                           docs/charts and docs/comparison.json; for a machine that does nothing else
  tidy                                     crate arrows, lengths, unsafe, prints, sleeps, paths, whitespace
  tidy --bless                             lowers xtask/ratchet.toml to today's lengths; never raises it
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<bool> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let root = root();
    match words.split_first() {
        Some((&"tidy", [])) => report(&tidy::check(&root)?),
        Some((&"tidy", ["--bless"])) => bless(&root),
        Some((&"test", ["--list"])) => list(),
        Some((&"test", rest)) => steps::run(&root, &steps::TEST, &steps::Choice::parse(rest)?),
        Some((&"soak", rest)) => steps::run(&root, &steps::SOAK, &steps::Choice::parse(rest)?),
        Some((&"pictures", rest)) => steps::run(&root, &steps::PICTURES, &steps::Choice::parse(rest)?),
        Some((&"compare", rest)) => steps::compare(&root, rest),
        None | Some((&("help" | "--help" | "-h"), _)) => {
            print!("{HELP}");
            Ok(true)
        }
        Some((other, _)) => Err(format!("no chore `{}`; try `cargo xtask help`", other).into()),
    }
}

fn report(findings: &[tidy::Finding]) -> Result<bool> {
    for finding in findings {
        println!("{finding}");
    }
    if !findings.is_empty() {
        println!("tidy: {} to put right", findings.len());
    }
    Ok(findings.is_empty())
}

fn bless(root: &Path) -> Result<bool> {
    let changed = tidy::bless(root)?;
    println!("tidy: {changed} entries of the ratchet lowered or removed");
    Ok(true)
}

fn list() -> Result<bool> {
    for step in steps::TEST {
        println!("{:<12} {}", step.name, step.what);
    }
    Ok(true)
}

/// The workspace, from wherever the command was given.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}
