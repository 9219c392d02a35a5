//! What is measured.

mod create;
mod fsync;
mod overwrite;
mod pressed;
mod steps;
mod stream;

use std::path::Path;
use std::time::{Duration, Instant};

use crate::Result;
use crate::contender::{Contender, Writing};
use crate::ground::Ground;

/// What was seen once: figures by name, with their unit in it.
pub(crate) type Seen = Vec<(&'static str, f64)>;

/// One thing that is measured.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    pub(crate) contenders: &'static [Contender],
    /// Makes what is there before, in the source.
    pub(crate) prepare: fn(&Path, &Sizes) -> Result<()>,
    pub(crate) measure: fn(&dyn Ground, &Sizes) -> Result<Seen>,
    /// Bytes that may be dirty at once.
    pub(crate) dirty_max: fn(&Sizes) -> u64,
}

impl std::fmt::Debug for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// How much of each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    /// Writes of 4 KiB into files that are there.
    pub(crate) writes: u64,
    /// Of these, and of files created, where each waits for a slow backing.
    pub(crate) slow: u64,
    /// Files created.
    pub(crate) files: u64,
    /// Bytes written from one end to the other.
    pub(crate) stream: u64,
    /// Calls of fsync by one thread.
    pub(crate) syncs: u64,
    /// Bytes written against a full buffer.
    pub(crate) pressed: u64,
}

impl Sizes {
    pub(crate) const FULL: Self =
        Self { writes: 10_000, slow: 200, files: 500, stream: 1 << 30, syncs: 400, pressed: 512 << 20 };
    pub(crate) const QUICK: Self =
        Self { writes: 200, slow: 10, files: 20, stream: 8 << 20, syncs: 10, pressed: 8 << 20 };
}

const EACH: [Contender; 7] = [
    Contender::Slow(Writing::Through),
    Contender::Slow(Writing::Back),
    Contender::Library(Writing::Through),
    Contender::Library(Writing::Back),
    Contender::Mount(Writing::Through),
    Contender::Mount(Writing::Back),
    Contender::Native,
];
const BESIDE_NATIVE: [Contender; 4] = [
    Contender::Native,
    Contender::Library(Writing::Back),
    Contender::Mount(Writing::Back),
    Contender::Mount(Writing::Through),
];

/// All of them.
pub(crate) const CASES: [Case; 7] = [
    Case {
        name: "overwrite",
        what: "writes of 4 KiB all over files that are there and open",
        contenders: &EACH,
        prepare: overwrite::prepare,
        measure: overwrite::measure,
        dirty_max: usual,
    },
    Case {
        name: "create",
        what: "files made, written (4 KiB) and closed",
        contenders: &EACH,
        prepare: nothing,
        measure: create::measure,
        dirty_max: usual,
    },
    Case {
        name: "stream",
        what: "a long file written from one end to the other by 1 MiB, without fsync",
        contenders: &[
            Contender::Native,
            Contender::Library(Writing::Back),
            Contender::Mount(Writing::Back),
            Contender::Mount(Writing::Through),
            Contender::Slow(Writing::Back),
        ],
        prepare: nothing,
        measure: stream::measure,
        dirty_max: |sizes| 4 * sizes.stream,
    },
    Case {
        name: "fsync",
        what: "4 KiB written to the end and made durable, by one thread",
        contenders: &BESIDE_NATIVE,
        prepare: nothing,
        measure: fsync::alone,
        dirty_max: usual,
    },
    Case {
        name: "group",
        what: "the same by one thread and by 16, each with a file of its own",
        contenders: &BESIDE_NATIVE,
        prepare: nothing,
        measure: fsync::together,
        dirty_max: usual,
    },
    Case {
        name: "steps",
        what: "1 MiB and 16 MiB written in steps of 4 KiB",
        contenders: &[
            Contender::Library(Writing::Back),
            Contender::Library(Writing::Through),
            Contender::Native,
        ],
        prepare: nothing,
        measure: steps::measure,
        dirty_max: usual,
    },
    Case {
        name: "pressed",
        what: "a writer faster than the backing, with room for a quarter of what it writes",
        contenders: &[Contender::Slow(Writing::Back)],
        prepare: nothing,
        measure: pressed::measure,
        dirty_max: |sizes| sizes.pressed / 4,
    },
];

fn usual(_: &Sizes) -> u64 {
    1 << 30
}

fn nothing(_: &Path, _: &Sizes) -> Result<()> {
    Ok(())
}

/// How long something takes.
fn timed(work: impl FnOnce() -> Result<()>) -> Result<Duration> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed())
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
