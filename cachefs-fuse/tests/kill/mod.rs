//! Writers on a mount whose daemon is killed, again and again; what it acknowledged has to be there each time.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may fail where it stands, and says what it saw"
)]
#![allow(dead_code, unused_imports, reason = "each test uses its part")]

mod bank;
mod cell;
mod draw;
mod hands;
mod judge;
mod place;
mod proof;
mod shelf;
mod step;
mod victim;
mod worker;

pub(crate) use bank::rob;
pub(crate) use place::Place;
pub(crate) use victim::Victim;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use cachefs_testkit::SplitMix64;
use worker::Worker;

const WORKERS: u32 = 4;
/// Names of files, of all workers together.
const FILES: usize = 50;
/// The longest that is written before a kill.
const LIFE_MAX_MS: u64 = 400;

/// Rounds of writing, killing and looking, in one place.
#[derive(Debug)]
pub(crate) struct Massacre {
    place: Place,
    random: SplitMix64,
    workers: Vec<Worker>,
}

impl Massacre {
    /// The same seed draws the same steps.
    pub(crate) fn new(mode: &str, seed: u64) -> Self {
        let place = Place::new(mode);
        // One more than their share, so that fifty are reached.
        let files = FILES.div_ceil(WORKERS as usize);
        let workers = (1..=WORKERS).map(|no| Worker::new(seed, no, files, &place.source)).collect();
        Self { place, random: SplitMix64::new(seed), workers }
    }

    /// Plays the rounds.
    pub(crate) fn play(mut self, rounds: u64) {
        let start = Instant::now();
        for round in 0..rounds {
            let arguments = self.place.arguments(&mut self.random);
            let what = format!("round {round}, {}", arguments.join(" "));
            self.write_and_kill(&arguments);
            if self.random.below(3) == 0 {
                self.kill_early(&arguments);
            }
            self.look_and_leave(&arguments, &what);
        }
        let steps: u64 = self.workers.iter().map(|worker| worker.steps).sum();
        println!("{rounds} rounds, {steps} steps acknowledged, {:.1?}", start.elapsed());
        assert!(steps > rounds * 20, "hardly anything was written: {steps} steps");
    }

    fn write_and_kill(&mut self, arguments: &[String]) {
        let mut victim = self.place.start(arguments);
        victim.wait_ready();
        let life = Duration::from_millis(self.random.below(LIFE_MAX_MS));
        // Now and then it is leaving already, with bytes still to be flushed.
        let leaves = (self.random.below(4) == 0).then(|| Duration::from_millis(self.random.below(60)));
        let (stop, killed) = (AtomicBool::new(false), AtomicBool::new(false));
        let mount = &self.place.mount;
        std::thread::scope(|scope| {
            let _end = SetOnDrop(&stop);
            let (stop, killed) = (&stop, &killed);
            for worker in &mut self.workers {
                scope.spawn(move || worker.work(mount, stop, killed));
            }
            std::thread::sleep(life); // sleep: the moment of the kill, nothing is waited for
            if leaves.is_none() {
                killed.store(true, Ordering::SeqCst);
                victim.kill();
            }
        });
        if let Some(head_start) = leaves {
            victim.ask_to_leave();
            std::thread::sleep(head_start); // sleep: the moment of the kill, nothing is waited for
            victim.kill();
        }
    }

    /// Kills one while it comes up, or soon after: within the replay, or the flush that follows.
    fn kill_early(&mut self, arguments: &[String]) {
        let mut victim = self.place.start(arguments);
        let life = Duration::from_millis(self.random.below(150));
        std::thread::sleep(life); // sleep: the moment of the kill, nothing is waited for
        victim.kill();
    }

    /// What was acknowledged is there, through the mount and in the source.
    fn look_and_leave(&mut self, arguments: &[String], what: &str) {
        let mut victim = self.place.start(arguments);
        victim.wait_ready();
        for worker in &mut self.workers {
            worker.check(&self.place.mount, &format!("{what}: on the mount"));
        }
        victim.leave(self.random.below(2) == 0);
        for worker in &mut self.workers {
            worker.check(&self.place.source, &format!("{what}: in the source"));
        }
        self.place.assert_no_conflict();
    }
}

/// Ends the threads of a scope, also if the scope panics.
struct SetOnDrop<'a>(&'a AtomicBool);

impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
