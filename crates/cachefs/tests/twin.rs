//! A cache and those who change its backing behind its back, taking turns at random: after every step, what the cache says
//! is what the backing says.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its tree may panic")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use cachefs::{CacheBuilder, Coherence};
use cachefs_testkit::SplitMix64;
use cachefs_testkit::model::sequences_from_env;
use cachefs_vfs::{
    Access, Attr, Error, Mode, OpenHow, Privileges, Result, SetAttr, Time, VFile, Vfs, VfsExt, WatchMethod,
};

use support::bytes;
use support::outside::{WatchBench, watching};

const PATHS: [&str; 9] = ["a", "b", "c", "d", "d/a", "d/b", "e", "e/a", "e/d"];
const STEPS: usize = 60;
/// A block and a half.
const SIZE_MAX: u64 = 100_000;

/// One run.
struct Twin {
    bench: WatchBench,
    dice: SplitMix64,
    /// Handles of the cache, by the way it was opened.
    open: Vec<(String, Arc<dyn VFile>)>,
    /// How long a handle may go by what it knows.
    trusted: Duration,
    /// Others make hard links.
    links: bool,
    done: Vec<String>,
}

impl Twin {
    fn path(&mut self) -> &'static str {
        self.dice.pick(&PATHS)
    }

    /// Does something, as ourselves or as somebody else. What fails there fails.
    fn step(&mut self) {
        let (path, to, seed) = (self.path(), self.path(), self.dice.next_u64());
        let ours = self.dice.chance(400_000);
        let fs: Arc<dyn Vfs> =
            if ours { Arc::new(self.bench.cache.clone()) } else { Arc::clone(&self.bench.others) };
        let kind = self.dice.below(if ours || self.links { 13 } else { 12 });
        let answer = change(&*fs, kind, path, to, seed);
        self.done
            .push(format!("{kind} by {} at {path}, {to}: {answer:?}", if ours { "us" } else { "others" }));
        if !ours {
            // What somebody has open for writing is not compared.
            self.bench.told.settle();
        }
        if ours && !self.trusted.is_zero() {
            // By versions alone, what others do in the same tick after us is taken for ours.
            self.bench.clock.advance(Duration::from_secs(2));
        }
        if self.dice.chance(200_000) {
            self.bench.clock.advance(Duration::from_millis(self.dice.below(3000)));
        }
        if self.dice.chance(100_000) {
            let path = self.path();
            let opened = self.bench.cache.open(path, OpenHow::new(Access::Read));
            self.open.extend(opened.ok().map(|file| (path.to_owned(), file)));
        }
        if self.open.len() > 3 {
            self.open.remove(0);
        }
        if self.dice.chance(20_000) {
            self.bench.told.hold();
            self.bench.told.overflow();
            self.bench.told.release();
        }
    }

    fn check(&mut self) {
        self.bench.told.settle();
        for path in PATHS {
            if self.dice.chance(500_000) {
                let (ours, theirs) = (look(&self.bench.cache, path), look(&*self.bench.others, path));
                assert!(ours == theirs, "{path}: {ours:?}, not {theirs:?}, after {:#?}", self.done);
            }
            if self.dice.chance(300_000) {
                let (ours, theirs) = (self.bench.cache.read(path).ok(), self.bench.others.read(path).ok());
                assert!(ours == theirs, "what is in {path}, after {:#?}", self.done);
            }
            if self.dice.chance(300_000) {
                let (ours, theirs) = (list(&self.bench.cache, path), list(&*self.bench.others, path));
                assert!(ours == theirs, "{path}: {ours:?}, not {theirs:?}, after {:#?}", self.done);
            }
        }
        self.check_open();
    }

    /// Handles that were open before see what the file is now, wherever it is.
    fn check_open(&mut self) {
        self.bench.clock.advance(self.trusted);
        for (path, file) in &self.open {
            let Ok(ours) = contents(&**file) else { continue };
            let id = file.attr().unwrap().id;
            let theirs =
                PATHS.iter().find(|path| self.bench.others.stat(path).is_ok_and(|attr| attr.id == id));
            if let Some(theirs) = theirs {
                let theirs = self.bench.others.read(theirs).unwrap();
                assert!(ours == theirs, "what was opened as {path}, after {:#?}", self.done);
            }
        }
    }
}

fn change(fs: &dyn Vfs, kind: u64, path: &str, to: &str, seed: u64) -> Result<()> {
    let offset = seed % SIZE_MAX;
    let data = bytes(seed, 1 + usize::try_from(seed % 5000).unwrap());
    let file = |access| fs.open(path, OpenHow::new(access));
    match kind {
        0 => fs.write(path, &data),
        1 | 2 => file(Access::Write)?.write_at(&data, offset, Privileges::Keep).map(drop),
        3 => fs.append(path, &data),
        4 => fs.set_len(path, offset),
        5 => fs.create_dir(path),
        6 => fs.remove_file(path),
        7 => fs.remove_dir(path),
        8 | 9 => fs.rename(path, to),
        10 => {
            let set = SetAttr {
                mode: Some(Mode::new(0o600 + u32::try_from(seed % 64).unwrap())),
                ..SetAttr::default()
            };
            file(Access::Path)?.set_attr(&set).map(drop)
        }
        // The same length, and none the wiser by the times: those are whole seconds.
        11 => {
            let file = file(Access::ReadWrite)?;
            let length = file.attr()?.size;
            file.write_at(&bytes(seed, usize::try_from(length).unwrap()), 0, Privileges::Keep).map(drop)
        }
        _ => fs.link(path, to),
    }
}

/// Without the time of access, which reading the cache does not move.
fn look(fs: &dyn Vfs, path: &str) -> Option<Attr> {
    fs.stat(path).ok().map(|attr| Attr { atime: Time::default(), ..attr })
}

fn list(fs: &dyn Vfs, path: &str) -> Option<Vec<String>> {
    let entries = fs.list(path).ok()?;
    let mut names: Vec<_> = entries.into_iter().map(|(name, kind)| format!("{name:?} {kind:?}")).collect();
    names.sort();
    Some(names)
}

fn contents(file: &dyn VFile) -> Result<Vec<u8>, Error> {
    let mut buffer = vec![0; 1 << 19];
    let count = file.read_at(&mut buffer, 0)?;
    buffer.truncate(count);
    Ok(buffer)
}

fn run(mode: Coherence, trusted: Duration, links: bool, set: impl Fn(CacheBuilder) -> CacheBuilder) {
    for seed in 0..sequences_from_env(600) {
        // What nobody tells of is asked for each time.
        let bench = WatchBench::with(mode, |cache| {
            set(cache)
                .attr_ttl(Duration::ZERO)
                .name_ttl(Duration::ZERO)
                .negative_ttl(Duration::ZERO)
                .listing_ttl(Duration::ZERO)
        });
        let (dice, open) = (SplitMix64::new(seed), Vec::new());
        let done = vec![format!("seed {seed}, {mode:?}")];
        let mut twin = Twin { bench, dice, open, trusted, links, done };
        for _ in 0..STEPS {
            twin.step();
            twin.check();
        }
    }
}

fn tiny(cache: CacheBuilder) -> CacheBuilder {
    cache.memory(192 << 10).metadata_entries(16).listing_entries(4).handles_max(2)
}

#[test]
fn watched_as_a_whole() {
    run(watching(WatchMethod::Filesystem), Duration::ZERO, true, |cache| cache);
}

#[test]
fn watched_as_a_whole_with_hardly_any_room() {
    run(watching(WatchMethod::Filesystem), Duration::ZERO, true, tiny);
}

#[test]
fn watched_by_directory() {
    run(watching(WatchMethod::Directories), Duration::ZERO, false, |cache| cache);
}

#[test]
fn watched_by_name() {
    run(watching(WatchMethod::Inotify), Duration::ZERO, false, |cache| cache);
}

#[test]
fn watched_by_name_with_hardly_any_room() {
    run(watching(WatchMethod::Inotify), Duration::ZERO, false, tiny);
}

#[test]
fn close_to_open() {
    run(Coherence::Open, Duration::from_secs(1), true, |cache| cache);
}

#[test]
fn close_to_open_with_hardly_any_room() {
    run(Coherence::Open, Duration::from_secs(1), true, tiny);
}
