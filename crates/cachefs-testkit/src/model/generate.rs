use cachefs_vfs::{
    Access, AllocateHow, Errno, Mode, NodeKind, Privileges, RemoveKind, RenameHow, SeekTo, SetAttr, SetTime,
    Time, XattrHow,
};

use super::bytes::ALLOCATION_UNIT;
use super::op::{
    At, ByteOp, DIR_SLOTS, FILE_SLOTS, Fill, Injected, NAMES, NameOp, NodeOp, Op, PATHS, Place, Spot, Step,
};
use crate::rng::SplitMix64;

/// Where something happens: around the blocks of a cache and the pages beneath.
const EDGES: [u64; 8] = [0, 0, 1, 4096, 65_535, 65_536, 131_072, 196_608];

/// Offsets stay below this.
const OFFSET_MAX: u64 = 200 << 10;

/// How many steps of a million meet an error, in sequences with faults.
const INJECTED_PER_MILLION: u32 = 200_000;

const FILE_MODES: [u32; 6] = [0o644, 0o600, 0o755, 0o640, 0o4755, 0o2755];
const DIR_MODES: [u32; 2] = [0o755, 0o700];
const KEYS: [&str; 2] = ["user.a", "user.b"];

/// Draws steps from a seed; they do not depend on what the steps before answered.
#[derive(Debug)]
pub(super) struct Generator {
    rng: SplitMix64,
    faults: bool,
}

impl Generator {
    pub(super) fn new(seed: u64, faults: bool) -> Self {
        Self { rng: SplitMix64::new(seed), faults }
    }

    /// `count` steps, the first of which make a tree to work on.
    pub(super) fn steps(mut self, count: usize) -> Vec<Step> {
        let mut steps: Vec<_> = self.opening().into_iter().map(|op| Step { op, injected: None }).collect();
        steps.truncate(count);
        while steps.len() < count {
            let op = self.op();
            let injected = (self.faults && self.rng.chance(INJECTED_PER_MILLION)).then(|| self.injected());
            steps.push(Step { op, injected });
        }
        steps
    }

    fn opening(&mut self) -> Vec<Op> {
        let root = |name| Spot { place: Place::Path(0), name };
        let write = ByteOp::Write { offset: self.offset(), fill: self.fill(), privileges: Privileges::Keep };
        let (access, mode) = (Access::ReadWrite, Mode::new(0o644));
        let (exclusive, truncate) = (true, false);
        vec![
            Op::Names(NameOp::MakeDir { spot: root("d"), mode: Mode::new(0o755) }),
            Op::Names(NameOp::MakeDir { spot: root("e"), mode: Mode::new(0o755) }),
            Op::Names(NameOp::Create { spot: root("a"), slot: 0, access, exclusive, truncate, mode }),
            Op::Bytes(0, write),
        ]
    }

    fn injected(&mut self) -> Injected {
        Injected {
            nth: 1 + self.rng.below(3),
            errno: self.rng.pick(&[Errno::IO, Errno::NOSPC, Errno::TIMEDOUT]),
            after: self.rng.chance(300_000),
        }
    }

    fn op(&mut self) -> Op {
        match self.rng.below(100) {
            0..40 => Op::Names(self.name_op()),
            40..82 => Op::Bytes(self.slot(), self.byte_op()),
            82..96 => self.node_op(),
            _ => Op::Evict(self.rng.next_u64()),
        }
    }

    fn name_op(&mut self) -> NameOp {
        match self.rng.below(100) {
            0..14 => self.create(),
            14..28 => NameOp::Open {
                spot: self.file_spot(),
                slot: self.slot(),
                access: self.access(),
                truncate: false,
            },
            28..31 => NameOp::Open {
                spot: self.file_spot(),
                slot: self.slot(),
                access: self.rng.pick(&[Access::Write, Access::ReadWrite]),
                truncate: true,
            },
            31..39 => NameOp::Stat(self.spot()),
            39..46 => NameOp::List { place: self.place(), batch: self.rng.pick(&[1, 2, 3, 100]) },
            46..52 => NameOp::MakeDir { spot: self.dir_spot(), mode: self.dir_mode() },
            52..54 => NameOp::MakeNode {
                spot: self.file_spot(),
                kind: self.rng.pick(&[NodeKind::Regular, NodeKind::Fifo]),
                mode: self.file_mode(),
            },
            54..58 => NameOp::Symlink { spot: self.spot(), target: self.rng.pick(&["a", "d/b", "../x"]) },
            58..60 => NameOp::ReadLink(self.spot()),
            60..67 => NameOp::HardLink { from: self.file_spot(), to: self.file_spot() },
            67..74 => NameOp::Remove { spot: self.file_spot(), kind: RemoveKind::File },
            74..78 => NameOp::Remove { spot: self.spot(), kind: RemoveKind::Dir },
            78..92 => self.rename(),
            92..94 => NameOp::OpenId(self.spot()),
            94..97 => NameOp::OpenDir { spot: self.dir_spot(), slot: self.dir_slot() },
            97..99 => NameOp::Sync(self.place()),
            _ => NameOp::CloseDir { slot: self.dir_slot() },
        }
    }

    fn create(&mut self) -> NameOp {
        let truncate = self.rng.chance(200_000);
        let access = if truncate { Access::ReadWrite } else { self.file_access() };
        NameOp::Create {
            spot: self.file_spot(),
            slot: self.slot(),
            access,
            exclusive: self.rng.chance(300_000),
            truncate,
            mode: self.file_mode(),
        }
    }

    fn rename(&mut self) -> NameOp {
        let how = match self.rng.below(10) {
            0..6 => RenameHow::Replace,
            6..8 => RenameHow::NoReplace,
            _ => RenameHow::Exchange,
        };
        if self.rng.chance(300_000) {
            return NameOp::Rename { from: self.dir_spot(), to: self.dir_spot(), how };
        }
        NameOp::Rename { from: self.spot(), to: self.spot(), how }
    }

    fn byte_op(&mut self) -> ByteOp {
        let privileges = self.rng.pick(&[Privileges::Keep, Privileges::Drop]);
        let offset = self.offset();
        match self.rng.below(100) {
            0..26 => ByteOp::Read { offset, length: self.length() },
            26..34 => {
                ByteOp::ReadMany { offset, lengths: [self.length() / 2, self.length() / 4, self.length()] }
            }
            34..58 => ByteOp::Write { offset, fill: self.fill(), privileges },
            58..66 => ByteOp::Append { fill: self.fill(), privileges },
            66..74 => ByteOp::SetLen { length: offset, privileges },
            74..82 => self.allocate(privileges),
            82..90 => ByteOp::CopyRange {
                offset,
                to: self.slot(),
                to_offset: self.offset(),
                length: 1 + self.length() as u64,
            },
            90..94 => ByteOp::Seek { offset, to: self.rng.pick(&[SeekTo::Data, SeekTo::Hole]) },
            94..97 => ByteOp::Sync,
            _ => ByteOp::Close,
        }
    }

    fn allocate(&mut self, privileges: Privileges) -> ByteOp {
        let how = self.rng.pick(&[
            AllocateHow::Grow,
            AllocateHow::KeepSize,
            AllocateHow::PunchHole,
            AllocateHow::Zero,
            AllocateHow::ZeroKeepSize,
            AllocateHow::Collapse,
            AllocateHow::Insert,
        ]);
        if matches!(how, AllocateHow::Collapse | AllocateHow::Insert) {
            let (offset, length) = (self.rng.below(20), 1 + self.rng.below(17));
            let (offset, length) = (offset * ALLOCATION_UNIT, length * ALLOCATION_UNIT);
            return ByteOp::Allocate { how, offset, length, privileges };
        }
        ByteOp::Allocate { how, offset: self.offset(), length: self.length() as u64, privileges }
    }

    fn node_op(&mut self) -> Op {
        let at = match self.rng.below(10) {
            0..4 => At::File(self.slot()),
            4..5 => At::Dir(self.place()),
            _ => At::Name(self.spot()),
        };
        let key = self.rng.pick(&KEYS);
        let op = match self.rng.below(10) {
            0..3 => NodeOp::Attr,
            3..6 => NodeOp::SetAttr(self.set_attr(matches!(at, At::Dir(_)))),
            6 => NodeOp::Xattr(key),
            7 => NodeOp::Xattrs,
            8 => NodeOp::SetXattr {
                key,
                fill: Fill { length: self.index(200), seed: self.rng.next_u64() },
                how: self.rng.pick(&[XattrHow::Set, XattrHow::Create, XattrHow::Replace]),
            },
            _ => NodeOp::RemoveXattr(key),
        };
        Op::Node(at, op)
    }

    fn set_attr(&mut self, dir: bool) -> SetAttr {
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

    fn index(&mut self, limit: u64) -> usize {
        usize::try_from(self.rng.below(limit)).unwrap_or(0)
    }

    fn slot(&mut self) -> usize {
        self.index(FILE_SLOTS as u64)
    }

    fn dir_slot(&mut self) -> usize {
        self.index(DIR_SLOTS as u64)
    }

    fn place(&mut self) -> Place {
        match self.rng.below(20) {
            0..8 => Place::Path(0),
            8..17 => Place::Path(self.index(PATHS.len() as u64)),
            _ => Place::Slot(self.dir_slot()),
        }
    }

    fn spot(&mut self) -> Spot {
        Spot { place: self.place(), name: self.rng.pick(&NAMES) }
    }

    fn file_spot(&mut self) -> Spot {
        let names = if self.rng.chance(900_000) { &NAMES[..3] } else { &NAMES[..] };
        Spot { place: self.place(), name: self.rng.pick(names) }
    }

    fn dir_spot(&mut self) -> Spot {
        let names = if self.rng.chance(900_000) { &NAMES[3..] } else { &NAMES[..] };
        Spot { place: self.place(), name: self.rng.pick(names) }
    }

    fn file_mode(&mut self) -> Mode {
        Mode::new(self.rng.pick(&FILE_MODES))
    }

    fn dir_mode(&mut self) -> Mode {
        Mode::new(self.rng.pick(&DIR_MODES))
    }

    fn file_access(&mut self) -> Access {
        match self.rng.below(10) {
            0 => Access::Read,
            1 => Access::Write,
            _ => Access::ReadWrite,
        }
    }

    fn access(&mut self) -> Access {
        if self.rng.chance(100_000) { Access::Path } else { self.file_access() }
    }

    fn offset(&mut self) -> u64 {
        match self.rng.below(4) {
            0 => self.rng.below(300),
            1 => self.rng.below(OFFSET_MAX),
            _ => self.rng.pick(&EDGES),
        }
    }

    fn length(&mut self) -> usize {
        match self.rng.below(8) {
            0..3 => self.index(100),
            3..5 => self.index(5000),
            5 => self.index(70_000),
            6 => 65_536,
            _ => 4096,
        }
    }

    fn fill(&mut self) -> Fill {
        Fill { length: 1 + self.length(), seed: self.rng.next_u64() }
    }
}
