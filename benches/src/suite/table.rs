use cachefs_vfs::Result;

use super::{Stage, work};
use crate::{Files, Meter, Room, Scale, Who};

/// What every contender does in turn.
#[derive(Clone, Copy, Debug)]
pub struct Workload {
    /// What reports call it.
    pub name: &'static str,
    /// What one operation is.
    pub what: &'static str,
    /// Who takes part.
    pub contenders: &'static [Who],
    /// Bytes of each file.
    pub size: usize,
    pub(super) count: Count,
    /// Whether all files are read once before.
    pub(super) warm: bool,
    /// Operations that are timed as one.
    pub(super) batch: usize,
    /// Takes its turn.
    pub work: fn(&mut Stage, &mut Meter) -> Result<()>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Count {
    One,
    Many,
    /// Many, with room for an eighth of them.
    Crowd,
}

impl Workload {
    pub(super) fn count(&self, slow: bool, scale: &Scale) -> usize {
        match self.count {
            Count::One => 1,
            Count::Many | Count::Crowd if slow => scale.files_slow,
            Count::Many | Count::Crowd => scale.files,
        }
    }

    pub(super) fn room(&self, files: Files) -> Room {
        match self.count {
            Count::One | Count::Many => Room::Plenty,
            Count::Crowd => Room::Files { count: files.count.div_ceil(8), size: files.size },
        }
    }
}

const HIT: Workload = Workload {
    name: "",
    what: "open, read it all, close; known",
    contenders: &Who::USUAL,
    size: 1 << 10,
    count: Count::One,
    warm: true,
    batch: 128,
    work: work::reads,
};

const fn hit(name: &'static str, size: usize) -> Workload {
    Workload { name, size, ..HIT }
}

/// All of them. Sizes go from an attribute file over a small source file, a page and a block to a big read.
pub const WORKLOADS: [Workload; 17] = [
    hit("read hit, 64 B", 64),
    hit("read hit, 1 KiB", 1 << 10),
    hit("read hit, 4 KiB", 4 << 10),
    hit("read hit, 64 KiB", 64 << 10),
    Workload { batch: 8, ..hit("read hit, 1 MiB", 1 << 20) },
    Workload { what: "the same, nothing known", ..many("read miss, 1 KiB", 1 << 10, work::misses) },
    Workload { what: "the same, nothing known", ..many("read miss, 64 KiB", 64 << 10, work::misses) },
    Workload {
        what: "open or make, write over it all, close",
        contenders: &Who::WRITING,
        work: work::writes,
        ..hit("write 1 KiB", 1 << 10)
    },
    Workload {
        what: "open, 100 reads of 4 KiB front to back, close; known",
        batch: 2,
        work: work::sequential,
        ..hit("sequential, 400 KiB", 400 << 10)
    },
    Workload {
        what: "open, 100 reads of 4 KiB anywhere, close; known",
        batch: 2,
        work: work::random,
        ..hit("random in 4 MiB", 4 << 20)
    },
    Workload {
        what: "open, read, close; in turn over eight times as many files as there is room for",
        count: Count::Crowd,
        ..many("eviction, 4 KiB", 4 << 10, work::reads)
    },
    Workload {
        what: "open, read, close; two threads, zipf 1.1; known; wall time over all operations",
        ..many("2 threads, 4 KiB", 4 << 10, work::concurrent)
    },
    Workload { what: "open, read, close; all in turn; known", ..many("small files, 64 B", 64, work::reads) },
    Workload { what: "attributes by name; all in turn; known", ..many("metadata hit", 64, work::sizes) },
    Workload {
        what: "one path of a batch of all; known",
        contenders: &Who::CACHING,
        ..many("invalidate", 64, work::invalidations)
    },
    Workload {
        what: "one file of all; in memory nothing is known",
        ..many("warm, 32 B", 32, work::warmings)
    },
    Workload { what: "one file of all; nothing is known", ..many("warm, 4 KiB", 4 << 10, work::warmings) },
];

const fn many(name: &'static str, size: usize, work: fn(&mut Stage, &mut Meter) -> Result<()>) -> Workload {
    Workload { count: Count::Many, work, ..hit(name, size) }
}
