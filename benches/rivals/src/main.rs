//! Crates that cache, beside cachefs as stores of blocks: one round, printed as JSON for `cargo xtask compare`.
#![expect(clippy::print_stderr, reason = "a command for people at a terminal")]

mod foyer_blocks;
mod moka_blocks;
mod quick_blocks;

use std::io::Write as _;
use std::process::ExitCode;

use cachefs_benches::blocks::{self, Build};
use cachefs_benches::{Round, Scale};

/// What went wrong, for somebody at a terminal.
type Error = Box<dyn std::error::Error + Send + Sync>;

/// Besides those of the benches.
const THEIRS: [(&str, Build); 3] = [
    ("quick_cache", |count| Ok(Box::new(quick_blocks::Quick::new(count)))),
    ("moka", |count| Ok(Box::new(moka_blocks::Moka::new(count)))),
    ("foyer", |count| Ok(Box::new(foyer_blocks::Foyer::new(count)))),
];
/// Whose versions are told.
const CRATES: [&str; 4] = ["foyer-memory", "lru", "moka", "quick_cache"];
const LOCK: &str = include_str!("../Cargo.lock");

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("rivals: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Error> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let scale = match &arguments[..] {
        [] => Scale::FULL,
        [name, scale] if name == "--scale" => Scale::named(scale)
            .ok_or_else(|| format!("no scale `{scale}`; there are full, quick and tiny"))?,
        _ => return Err("only `--scale full|quick|tiny` is known here".into()),
    };
    let mut round = Round { versions: versions(), ..Round::default() };
    let all: Vec<(&str, Build)> = blocks::OURS.into_iter().chain(THEIRS).collect();
    blocks::run(&mut round, &all, &scale)?;
    Ok(std::io::stdout().write_all(&serde_json::to_vec(&round)?)?)
}

fn versions() -> Vec<(String, String)> {
    let of = |name: &str| {
        let entry = LOCK.split_once(&format!("name = \"{name}\"\nversion = \""))?.1;
        Some((name.to_owned(), entry.split_once('"')?.0.to_owned()))
    };
    CRATES.into_iter().filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_crate_has_a_version() {
        assert_eq!(versions().len(), CRATES.len());
    }

    #[test]
    fn every_store_has_the_bytes_of_every_block() {
        for (name, build) in blocks::OURS.into_iter().chain(THEIRS) {
            let store = build(300).expect("a store in memory");
            let mut buffer = vec![0; blocks::BLOCK];
            for number in 0..300 {
                assert!(store.get(number, &mut buffer), "{name}: {number}");
                assert_eq!(buffer, cachefs_benches::content(number, blocks::BLOCK), "{name}: {number}");
            }
        }
    }

    #[test]
    fn a_round_has_a_figure_of_everybody() {
        let mut round = Round::default();
        let all: Vec<(&str, Build)> = blocks::OURS.into_iter().chain(THEIRS).collect();
        blocks::run(&mut round, &all, &Scale::TINY).expect("stores in memory");
        assert_eq!(round.samples.len(), all.len() * blocks::SKEWS.len() * 2);
        assert!(round.samples.iter().all(|sample| sample.nanos > 0.0));
    }
}
