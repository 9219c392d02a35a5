//! What a program does, drawn at random.

use cachefs_testkit::{Fault, SplitMix64};
use cachefs_vfs::{Errno, FileId, Privileges, SyncHow};

use crate::model::Model;

/// The directories there are: the root and two in it.
pub(crate) const DIRS: [&str; 3] = ["", "d", "e"];

const NAMES: [&str; 5] = ["a", "b", "c", "f", "g"];

/// The longest file, in bytes: ten sectors and a bit.
const LENGTH_MAX: u64 = 41_000;

/// A name in one of [`DIRS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) dir: &'static str,
    pub(crate) name: &'static str,
}

impl Place {
    pub(crate) fn path(self) -> String {
        if self.dir.is_empty() { self.name.into() } else { format!("{}/{}", self.dir, self.name) }
    }

    /// The place of a path, where it is one.
    pub(crate) fn of(path: &str) -> Option<Self> {
        let (dir, name) = path.rsplit_once('/').unwrap_or(("", path));
        let known = |all: &[&'static str], one| all.iter().copied().find(|other| *other == one);
        Some(Self { dir: known(&DIRS, dir)?, name: known(&NAMES, name)? })
    }

    /// Whether it is below a directory.
    pub(crate) fn is_below(self, dir: &str) -> bool {
        dir.is_empty() || self.dir == dir
    }
}

/// One step.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Op {
    Create {
        at: Place,
    },
    /// At the end where there is no offset.
    Write {
        file: FileId,
        offset: Option<u64>,
        length: u64,
        fill: u64,
        privileges: Privileges,
    },
    SetLen {
        file: FileId,
        length: u64,
    },
    OpenCut {
        at: Place,
    },
    Chmod {
        file: FileId,
        mode: u32,
    },
    SetTime {
        file: FileId,
        seconds: i64,
    },
    Rename {
        from: Place,
        to: Place,
    },
    Exchange {
        from: Place,
        to: Place,
    },
    Link {
        from: Place,
        to: Place,
    },
    Unlink {
        at: Place,
    },
    /// The handle that the program has is closed; it opens the file by its name again when it needs it.
    Close {
        file: FileId,
    },
    Sync {
        file: FileId,
        how: SyncHow,
    },
    SyncDir {
        dir: &'static str,
    },
    FlushAll,
    FlushPath {
        at: Place,
    },
    /// The backing fails in one of the calls of the flush.
    FlushFailing {
        call: u64,
        fault: Fault,
    },
    Read {
        file: FileId,
    },
    Wait {
        millis: u64,
    },
}

/// The bytes of a write: never zero, and others at other places and in other writes.
pub(crate) fn bytes(fill: u64, length: u64) -> Vec<u8> {
    let mut bytes = vec![0; usize::try_from(length).unwrap()];
    SplitMix64::new(fill).fill(&mut bytes);
    bytes.iter_mut().for_each(|byte| *byte = (*byte).max(1));
    bytes
}

/// Draws a step that can be done.
pub(crate) fn draw(rng: &mut SplitMix64, model: &Model) -> Op {
    loop {
        if let Some(op) = try_draw(rng, model) {
            return op;
        }
    }
}

fn try_draw(rng: &mut SplitMix64, model: &Model) -> Option<Op> {
    let open: Vec<FileId> = model.reachable().collect();
    let named: Vec<Place> = model.names.keys().copied().collect();
    let any = Place { dir: rng.pick(&DIRS), name: rng.pick(&NAMES) };
    let free = (!model.names.contains_key(&any)).then_some(any);
    if named.len() < 3 && rng.chance(500_000) {
        return Some(Op::Create { at: free? });
    }
    let file = (!open.is_empty()).then(|| rng.pick(&open));
    let at = (!named.is_empty()).then(|| rng.pick(&named));
    Some(match rng.below(100) {
        0..=33 => write(rng, file?),
        34..=41 => Op::SetLen { file: file?, length: length(rng) },
        42..=43 => Op::OpenCut { at: at? },
        44..=48 => Op::Chmod { file: file?, mode: rng.pick(&[0o600, 0o640, 0o644, 0o755]) },
        49..=50 => Op::SetTime { file: file?, seconds: i64::try_from(rng.below(1 << 31)).ok()? },
        51..=57 => Op::Rename { from: at?, to: any },
        58..=59 => Op::Exchange { from: at?, to: rng.pick(&named) },
        60..=62 => Op::Link { from: at?, to: free? },
        63..=66 => Op::Unlink { at: at? },
        67..=70 => Op::Create { at: free? },
        71..=72 => Op::Close { file: file? },
        73..=80 => Op::Sync { file: file?, how: rng.pick(&[SyncHow::All, SyncHow::Data]) },
        81..=83 => Op::SyncDir { dir: rng.pick(&DIRS) },
        84..=87 => Op::FlushAll,
        88..=90 => Op::FlushPath { at: at? },
        91..=92 => Op::FlushFailing { call: 1 + rng.below(8), fault: fault(rng) },
        93..=95 => Op::Read { file: file? },
        _ => Op::Wait { millis: rng.pick(&[1, 20, 1500, 40_000]) },
    })
}

fn write(rng: &mut SplitMix64, file: FileId) -> Op {
    let length = match rng.below(64) {
        0 => 65_000 + rng.below(60_000),
        1..=8 => 1 + rng.below(20_000),
        9..=32 => 1 + rng.below(5000),
        _ => 1 + rng.below(300),
    };
    let offset = rng.below(3) > 0;
    let offset = offset.then(|| self::length(rng).min(LENGTH_MAX - length.min(LENGTH_MAX)));
    let privileges = rng.pick(&[Privileges::Keep, Privileges::Drop]);
    Op::Write { file, offset, length, fill: rng.next_u64(), privileges }
}

fn fault(rng: &mut SplitMix64) -> Fault {
    let (fail, lose) = (Fault::Fail(Errno::IO), Fault::FailAfter(Errno::IO));
    rng.pick(&[fail, Fault::Fail(Errno::NOSPC), lose, Fault::Short(100)])
}

fn length(rng: &mut SplitMix64) -> u64 {
    match rng.below(4) {
        0 => rng.below(11) * 4096,
        1 => rng.below(LENGTH_MAX),
        _ => rng.below(6000),
    }
}
