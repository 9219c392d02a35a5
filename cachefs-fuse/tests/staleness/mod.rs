//! Writers change the source behind a mount while readers read through it; what they see is counted and judged.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may fail where it stands, and says what it saw"
)]
#![allow(dead_code, unused_imports, reason = "each test uses its part")]

mod change;
mod content;
mod held;
mod look;
mod mapper;
mod ours;
mod plot;
mod readers;
mod report;
mod scene;
mod settle;
mod slices;
mod tally;
mod windows;
mod writers;

pub(crate) use plot::Kind;
pub(crate) use report::Report;
pub(crate) use settle::{Settled, differences, settle};

use std::net::SocketAddr;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use super::acceptance::{Mounted, free_address, setting, writes_back};
use change::Hands;
use plot::Plot;
use readers::{Seen, look_around, read};
use scene::Scene;
use windows::Windows;
use writers::write;

const WRITERS: usize = 8;
const READERS: u64 = 8;

/// How a run is made.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    /// What the mount is told.
    pub(crate) arguments: &'a [&'a str],
    /// How long the load lasts.
    pub(crate) length: Duration,
    /// How long a change may take to be seen.
    pub(crate) patience: Duration,
    /// Changes that nobody makes.
    pub(crate) without: &'a [Kind],
}

impl<'a> Plan<'a> {
    /// As long as the environment says, or so many seconds.
    pub(crate) fn new(arguments: &'a [&'a str], seconds: u64) -> Self {
        let length = Duration::from_secs(setting("CACHEFS_SOAK_SECONDS", seconds));
        Self { arguments, length, patience: Duration::from_secs(10), without: &[] }
    }

    /// Leaves changes out.
    pub(crate) fn without(self, without: &'a [Kind]) -> Self {
        Self { without, ..self }
    }

    /// Makes the run; prints what was seen.
    pub(crate) fn run(&self) -> Report {
        let directory = tempfile::tempdir().unwrap();
        let plots = Plot::all(self.without);
        let shares = shares(&plots);
        let hands: Vec<Hands> = shares.iter().map(|share| Hands::make(directory.path(), share)).collect();
        let metrics = free_address();
        let mounted =
            Mounted::over(directory.path(), &[self.arguments, &["--metrics", &metrics.to_string()]].concat());
        drop(shares);
        let mut scene = Scene {
            source: directory.path().to_path_buf(),
            mount: mounted.path().to_path_buf(),
            plots,
            start: Instant::now(),
            length: self.length,
            patience: self.patience,
            stop: AtomicBool::new(false),
        };
        look_around(&scene);
        scene.start = Instant::now();
        let (windows, seen) = play(&scene, hands, writes_back(self.arguments));
        let settled = settle(&scene.source, &scene.mount, self.patience);
        let changes = scene.plots.iter().map(|plot| plot.done()).sum();
        let report = Report { changes, windows, seen, settled, metrics: page(metrics) };
        println!("{}: {:?}\n{report}", self.arguments.join(" "), self.length);
        mounted.unmount();
        report
    }
}

/// The plots of each writer.
fn shares(plots: &[Plot]) -> Vec<Vec<&Plot>> {
    (0..WRITERS).map(|writer| plots.iter().filter(|plot| plot.kind.writer() == writer).collect()).collect()
}

/// Runs the load to its end, with files of our own that wait to be written back, or not.
fn play(scene: &Scene, hands: Vec<Hands>, with_ours: bool) -> (Windows, Seen) {
    let shares = shares(&scene.plots);
    std::thread::scope(|scope| {
        if with_ours {
            scope.spawn(|| ours::write_our_own(scene));
        }
        let writers: Vec<_> = (0..)
            .zip(hands.into_iter().zip(&shares))
            .map(|(seed, (hands, share))| scope.spawn(move || write(scene, hands, share, seed)))
            .collect();
        let readers: Vec<_> = (0..READERS).map(|seed| scope.spawn(move || read(scene, 100 + seed))).collect();
        let (mut windows, mut seen) = (Windows::default(), Seen::default());
        writers.into_iter().for_each(|writer| windows.merge(writer.join().unwrap()));
        readers.into_iter().for_each(|reader| seen.merge(reader.join().unwrap()));
        (windows, seen)
    })
}

/// The lines of the metrics page about being told of changes.
fn page(address: SocketAddr) -> Vec<String> {
    let text = super::acceptance::metrics_page(address);
    let ours = |line: &&str| {
        ["cachefs_watch", "cachefs_notices", "cachefs_mount_info", "cachefs_fuse_notices"]
            .iter()
            .any(|prefix| line.starts_with(prefix))
    };
    text.lines().filter(ours).filter(|line| !line.contains("_bucket")).map(str::to_owned).collect()
}
