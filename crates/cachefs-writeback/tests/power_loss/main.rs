//! Power is lost, or the process killed, at any moment of any work: what was promised is there, and nothing that was
//! never written.
//!
//! One number gives a whole run: `CACHEFS_POWER_LOSS_SEED=n` repeats that of a failure, `CACHEFS_POWER_LOSS_SEEDS=5000`
//! runs so many, `CACHEFS_POWER_LOSS_FIRST=1000000` from there on.

#![expect(clippy::unwrap_used, reason = "what a test has made itself is there")]

mod check;
mod file;
mod machine;
mod model;
mod mount;
mod op;
mod program;
mod run;
mod view;

use std::collections::BTreeMap;

use cachefs_writeback::{Durability, SyncPolicy};

use machine::{Kind, Loss};
use run::{Plan, Story, run};

/// Seeds for each test unless told otherwise.
const SEEDS: u64 = 400;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Runs all seeds of a plan; tells how many failed in which way, and all of the first.
#[expect(clippy::print_stdout, reason = "how much a passed test did")]
fn all(kind: Kind, losses: &'static [Loss]) {
    let plan = Plan { kind, losses };
    let seeds = match number("CACHEFS_POWER_LOSS_SEED") {
        Some(seed) => seed..seed + 1,
        None => {
            let first = number("CACHEFS_POWER_LOSS_FIRST").unwrap_or(0);
            first..first + number("CACHEFS_POWER_LOSS_SEEDS").unwrap_or(SEEDS)
        }
    };
    let (mut crashes, mut in_flush, mut in_replay) = (0, 0, 0);
    let (mut ways, mut first) = (BTreeMap::<String, Vec<u64>>::new(), None);
    for seed in seeds.clone() {
        let mut story = Story::default();
        if let Err(why) = run(plan, seed, &mut story) {
            ways.entry(way(&why)).or_default().push(seed);
            first.get_or_insert_with(|| format!("seed {seed}\n{}\n{why}", story.lines.join("\n")));
        }
        crashes += story.crashes;
        in_flush += u64::from(story.stopped_in_flush);
        in_replay += u64::from(story.stopped_in_replay);
    }
    println!(
        "{plan:?}: {crashes} crashes of {seeds:?}, {in_flush} seeds in a flush, {in_replay} in a replay"
    );
    if let Some(first) = first {
        let told = |(way, seeds): (&String, &Vec<u64>)| {
            format!("{} times: {way}, seeds {:?}", seeds.len(), &seeds[..seeds.len().min(5)])
        };
        panic!("{plan:?}, {first}\n\n{}", ways.iter().map(told).collect::<Vec<_>>().join("\n"));
    }
}

/// What kind of failure it is: its words, without names, numbers and lists.
fn way(why: &str) -> String {
    let plain = |word: &&str| word.chars().all(|char| char.is_ascii_alphabetic() || char == ',');
    let words = why.split(' ').filter(plain).take(9);
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn the_backing_itself_keeps_what_the_model_promises() {
    all(Kind::Through, &[Loss::Power, Loss::Kill]);
}

#[test]
fn journal_and_power() {
    all(Kind::Back(Durability::Journal, SyncPolicy::Always), &[Loss::Power]);
}

#[test]
fn journal_and_kill() {
    all(Kind::Back(Durability::Journal, SyncPolicy::Always), &[Loss::Kill]);
}

#[test]
fn journal_and_both() {
    all(Kind::Back(Durability::Journal, SyncPolicy::Always), &[Loss::Power, Loss::Kill]);
}

#[test]
fn backing_and_power() {
    all(Kind::Back(Durability::Backing, SyncPolicy::Always), &[Loss::Power]);
}

#[test]
fn backing_and_both() {
    all(Kind::Back(Durability::Backing, SyncPolicy::Always), &[Loss::Power, Loss::Kill]);
}

#[test]
fn a_journal_synced_each_second_and_kill() {
    all(Kind::Back(Durability::Journal, SyncPolicy::EverySecond), &[Loss::Kill]);
}

#[test]
fn a_journal_never_synced_and_kill() {
    all(Kind::Back(Durability::Journal, SyncPolicy::Never), &[Loss::Kill]);
}
