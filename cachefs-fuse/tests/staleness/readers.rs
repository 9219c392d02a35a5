//! Threads that read through the mount, and the same at the same time in the source, for comparison.

use std::collections::HashSet;
use std::path::Path;
use std::time::{Duration, Instant};

use cachefs_testkit::SplitMix64;

use super::held::Held;
use super::look::look;
use super::plot::{DIRECTORIES, Plot};
use super::scene::Scene;
use super::slices::Slices;
use super::tally::Tallies;

/// Descriptors a reader keeps open.
const HELD: usize = 6;
/// Between two rounds of one reader: eight that never pause would leave a small machine no time to be fresh.
const PAUSE_US: u64 = 1_000;

/// What a reader saw.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// Through the mount and in the source.
    pub(crate) sides: [Tallies; 2],
    /// Of files that are changed in place: mixes over time.
    pub(crate) slices: Slices,
    /// Listings through the mount.
    pub(crate) listings: u64,
    /// Names that were missing in one, or there twice.
    pub(crate) wrong_listings: u64,
    /// What must not be, in words.
    pub(crate) details: Vec<String>,
}

impl Seen {
    /// Adds what another one saw.
    pub(crate) fn merge(&mut self, other: Self) {
        for (mine, theirs) in self.sides.iter_mut().zip(other.sides) {
            mine.merge(theirs);
        }
        self.slices.merge(&other.slices);
        self.listings += other.listings;
        self.wrong_listings += other.wrong_listings;
        self.details.extend(other.details);
    }
}

/// Reads until the time is over.
pub(crate) fn read(scene: &Scene, seed: u64) -> Seen {
    let _guard = scene.stop_on_panic();
    let mut reader = Reader {
        scene,
        random: SplitMix64::new(seed),
        before: [vec![0; scene.plots.len()], vec![0; scene.plots.len()]],
        held: Vec::new(),
        seen: Seen::default(),
    };
    while scene.goes_on() {
        match reader.random.below(20) {
            0..13 => reader.look(),
            13..19 => reader.read_held(),
            _ => reader.list(),
        }
        let pause = reader.random.below(PAUSE_US);
        std::thread::sleep(Duration::from_micros(pause)); // sleep: the pace of the load
    }
    reader.seen
}

struct Reader<'a> {
    scene: &'a Scene,
    random: SplitMix64,
    /// The newest version seen of each plot, through the mount and in the source.
    before: [Vec<u64>; 2],
    held: Vec<Held<'a>>,
    seen: Seen,
}

impl<'a> Reader<'a> {
    fn pick(&mut self) -> &'a Plot {
        let plots: &'a [Plot] = &self.scene.plots;
        &plots[usize::try_from(self.random.below(plots.len() as u64)).unwrap()]
    }

    /// Looks at a plot by its path on both sides, either first.
    fn look(&mut self) {
        let plot = self.pick();
        let first = self.random.below(2);
        for turn in 0..2 {
            let native = (first + turn) % 2 == 1;
            self.look_at(plot, native);
        }
    }

    fn look_at(&mut self, plot: &Plot, native: bool) {
        let root: &Path = if native { &self.scene.source } else { &self.scene.mount };
        let side = usize::from(native);
        let (done, began) = (plot.done(), self.scene.start.elapsed());
        let found = look(plot, root);
        let tally = self.seen.sides[side].of(plot.kind);
        match found {
            Err(error) => tally.fail("path", &error),
            Ok(found) => {
                let mixes = tally.mixes();
                let before = &mut self.before[side][usize::try_from(plot.id).unwrap()];
                tally.note(plot, found, done, before, began);
                let mix = tally.mixes() > mixes;
                if mix && !plot.kind.in_place() {
                    self.seen.details.push(format!("{}: {found:?}, {done} was done", plot.name));
                }
                if plot.kind.in_place() {
                    self.seen.slices.note(began, native, mix);
                }
            }
        }
    }

    /// Reads a piece through a descriptor that was opened a while ago.
    fn read_held(&mut self) {
        if self.held.len() < HELD {
            let plot = self.pick();
            if plot.kind.has_bytes()
                && let Ok(held) = Held::open(plot, &self.scene.mount)
            {
                self.held.push(held);
            }
            return;
        }
        let index = usize::try_from(self.random.below(HELD as u64)).unwrap();
        let held = &mut self.held[index];
        let tally = self.seen.sides[0].of(held.plot().kind);
        tally.pieces += 1;
        let good = match held.read(&mut self.random) {
            Ok(wrong) => {
                tally.wrong_pieces += u64::from(wrong.is_some());
                self.seen.details.extend(wrong);
                true
            }
            Err(error) => {
                tally.fail("descriptor", &error);
                false
            }
        };
        if !good || self.random.below(100) == 0 {
            self.held.swap_remove(index);
        }
    }

    /// Lists a directory: what stays in it must be there, once.
    fn list(&mut self) {
        let directory = format!("t{}", self.random.below(u64::from(DIRECTORIES)));
        self.seen.listings += 1;
        let mut names = HashSet::new();
        let mut twice = false;
        let listed = std::fs::read_dir(self.scene.mount.join(&directory)).and_then(|entries| {
            for entry in entries {
                twice |= !names.insert(entry?.file_name());
            }
            Ok(())
        });
        if let Err(error) = listed {
            let kind = self.scene.plots[0].kind;
            self.seen.sides[0].of(kind).fail("listing", &error);
            return;
        }
        let mut here =
            self.scene.plots.iter().filter(|plot| plot.directory == directory && plot.kind.stays());
        let missing = here.any(|plot| !names.contains(std::ffi::OsStr::new(&plot.name)));
        self.seen.wrong_listings += u64::from(missing || twice);
    }
}

/// Looks at everything once, so that the caches hold it.
pub(crate) fn look_around(scene: &Scene) {
    let start = Instant::now();
    for plot in &scene.plots {
        look(plot, &scene.mount).unwrap_or_else(|error| panic!("{}: {error}", plot.name));
    }
    assert!(start.elapsed() < Duration::from_secs(30), "a mount too slow for a load: {:?}", start.elapsed());
}
