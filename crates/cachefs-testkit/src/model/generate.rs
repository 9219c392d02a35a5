use cachefs_vfs::{
    Access, AllocateHow, Errno, Mode, NodeKind, Privileges, RemoveKind, RenameHow, SeekTo, XattrHow,
};

use super::bytes::ALLOCATION_UNIT;
use super::op::{At, ByteOp, Fill, Injected, NameOp, NodeOp, Op, Place, Spot, Step};
use crate::rng::SplitMix64;

/// How many steps of a million meet an error, in sequences with faults.
const INJECTED_PER_MILLION: u32 = 200_000;

/// How many steps of a million somebody else does, in sequences where there is somebody.
const OUTSIDE_PER_MILLION: u32 = 300_000;

const KEYS: [&str; 2] = ["user.a", "user.b"];

/// How many of a million steps that could be a sync are one: on a real disk it takes as long as hundreds of others.
const SYNC_PER_MILLION: u32 = 150_000;

/// Draws steps from a seed; they do not depend on what the steps before answered.
#[derive(Debug)]
pub(super) struct Generator {
    pub(super) rng: SplitMix64,
    faults: bool,
    outside: bool,
}

impl Generator {
    pub(super) fn new(seed: u64, faults: bool, outside: bool) -> Self {
        Self { rng: SplitMix64::new(seed), faults, outside }
    }

    /// `count` steps, the first of which make a tree to work on.
    pub(super) fn steps(mut self, count: usize) -> Vec<Step> {
        let first = |op| Step { op, outside: false, injected: None };
        let mut steps: Vec<_> = self.opening().into_iter().map(first).collect();
        steps.truncate(count);
        while steps.len() < count {
            let op = self.op();
            let outside = self.outside && self.rng.chance(OUTSIDE_PER_MILLION);
            let struck = self.faults && !outside && self.rng.chance(INJECTED_PER_MILLION);
            let injected = struck.then(|| self.injected());
            steps.push(Step { op, outside, injected });
        }
        steps
    }

    fn opening(&mut self) -> Vec<Op> {
        let mut ops = Vec::new();
        for name in ["d", "e"] {
            let spot = Spot { place: Place::Path(0), name };
            ops.push(Op::Names(NameOp::MakeDir { spot, mode: Mode::new(0o755) }));
        }
        for (slot, path, name) in [(0, 0, "a"), (1, 0, "b"), (2, 1, "a")] {
            let spot = Spot { place: Place::Path(path), name };
            let (access, mode) = (Access::ReadWrite, self.file_mode());
            let (exclusive, truncate) = (true, false);
            ops.push(Op::Names(NameOp::Create { spot, slot, access, exclusive, truncate, mode }));
            let (offset, fill) = (self.offset(), self.fill());
            ops.push(Op::Bytes(slot, ByteOp::Write { offset, fill, privileges: Privileges::Keep }));
        }
        ops
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
            97..99 if self.rng.chance(SYNC_PER_MILLION) => NameOp::Sync(self.place()),
            97..99 => NameOp::Stat(self.spot()),
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
            94..97 if self.rng.chance(SYNC_PER_MILLION) => ByteOp::Sync,
            94..97 => ByteOp::Seek { offset, to: SeekTo::Data },
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
}

#[cfg(test)]
mod tests {
    use cachefs_vfs::{Caps, MemFs, Vfs};

    use super::*;
    use crate::model::expect::Stop;
    use crate::model::tree::Model;

    /// How many of `steps` do something, and how many are left out.
    fn productive(caps: Caps, steps: &[Step]) -> (usize, usize) {
        let mut model = Model::new(caps, Mode::new(0o755));
        let (mut done, mut skipped) = (0, 0);
        for step in steps {
            match model.apply(&step.op) {
                Ok(_) => done += 1,
                Err(Stop::Skip) => skipped += 1,
                Err(Stop::Fails(_)) => {}
            }
        }
        (done, skipped)
    }

    #[test]
    fn most_steps_do_something_and_some_must_fail() {
        let caps = MemFs::new().caps();
        let (mut done, mut skipped, mut total) = (0, 0, 0);
        for seed in 0..200 {
            let steps = Generator::new(seed, false, false).steps(100);
            let (well, out) = productive(caps, &steps);
            (done, skipped, total) = (done + well, skipped + out, total + steps.len());
        }
        let failed = total - done - skipped;
        assert!(done * 100 > total * 60, "{done} of {total} are done");
        assert!(skipped * 100 < total * 20, "{skipped} of {total} are left out");
        assert!(failed * 100 > total * 10, "{failed} of {total} must fail");
    }

    #[test]
    fn faults_are_drawn_only_where_asked_for() {
        let struck = |faults| {
            let steps = Generator::new(1, faults, true).steps(1000);
            steps.iter().filter(|step| step.injected.is_some()).count()
        };
        assert_eq!(struck(false), 0);
        assert!((70..250).contains(&struck(true)), "{}", struck(true));
    }
}
