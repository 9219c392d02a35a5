//! What operations are drawn from.

use cachefs_vfs::{Access, Mode, SetAttr, SetTime, Time};

use super::generate::Generator;
use super::op::{DIR_SLOTS, FILE_SLOTS, Fill, NAMES, PATHS, Place, Spot};

/// Where something happens: around the blocks of a cache and the pages beneath.
const EDGES: [u64; 8] = [0, 0, 1, 4096, 65_535, 65_536, 131_072, 196_608];

/// Offsets stay below this.
const OFFSET_MAX: u64 = 200 << 10;

const FILE_MODES: [u32; 6] = [0o644, 0o600, 0o755, 0o640, 0o4755, 0o2755];

const DIR_MODES: [u32; 2] = [0o755, 0o700];

impl Generator {
    pub(super) fn set_attr(&mut self, dir: bool) -> SetAttr {
        let mode = if dir { self.dir_mode() } else { self.file_mode() };
        let time = match self.rng.below(3) {
            0 => SetTime::Now,
            1 => SetTime::To(Time { seconds: 1_000_000_000, nanos: 123_456_789 }),
            _ => SetTime::To(Time { seconds: 1_600_000_000, nanos: 0 }),
        };
        match self.rng.below(3) {
            0 => SetAttr { mode: Some(mode), ..SetAttr::default() },
            1 => SetAttr { mtime: Some(time), ..SetAttr::default() },
            _ => SetAttr { mode: Some(mode), atime: Some(time), mtime: Some(time), ..SetAttr::default() },
        }
    }

    pub(super) fn index(&mut self, limit: u64) -> usize {
        usize::try_from(self.rng.below(limit)).unwrap_or(0)
    }

    pub(super) fn slot(&mut self) -> usize {
        self.index(FILE_SLOTS as u64)
    }

    pub(super) fn dir_slot(&mut self) -> usize {
        self.index(DIR_SLOTS as u64)
    }

    pub(super) fn place(&mut self) -> Place {
        match self.rng.below(20) {
            0..12 => Place::Path(0),
            12..19 => Place::Path(self.index(PATHS.len() as u64)),
            _ => Place::Slot(self.dir_slot()),
        }
    }

    pub(super) fn spot(&mut self) -> Spot {
        Spot { place: self.place(), name: self.rng.pick(&NAMES) }
    }

    pub(super) fn file_spot(&mut self) -> Spot {
        let names = if self.rng.chance(900_000) { &NAMES[..3] } else { &NAMES[..] };
        Spot { place: self.place(), name: self.rng.pick(names) }
    }

    pub(super) fn dir_spot(&mut self) -> Spot {
        let names = if self.rng.chance(900_000) { &NAMES[3..] } else { &NAMES[..] };
        Spot { place: self.place(), name: self.rng.pick(names) }
    }

    pub(super) fn file_mode(&mut self) -> Mode {
        Mode::new(self.rng.pick(&FILE_MODES))
    }

    pub(super) fn dir_mode(&mut self) -> Mode {
        Mode::new(self.rng.pick(&DIR_MODES))
    }

    pub(super) fn file_access(&mut self) -> Access {
        match self.rng.below(10) {
            0 => Access::Read,
            1 => Access::Write,
            _ => Access::ReadWrite,
        }
    }

    pub(super) fn access(&mut self) -> Access {
        if self.rng.chance(100_000) { Access::Path } else { self.file_access() }
    }

    pub(super) fn offset(&mut self) -> u64 {
        match self.rng.below(4) {
            0 => self.rng.below(300),
            1 => self.rng.below(OFFSET_MAX),
            _ => self.rng.pick(&EDGES),
        }
    }

    pub(super) fn length(&mut self) -> usize {
        match self.rng.below(8) {
            0..3 => self.index(100),
            3..5 => self.index(5000),
            5 => self.index(70_000),
            6 => 65_536,
            _ => 4096,
        }
    }

    pub(super) fn fill(&mut self) -> Fill {
        Fill { length: 1 + self.length(), seed: self.rng.next_u64() }
    }
}
