use cachefs_vfs::{
    Access, AllocateHow, Errno, Mode, NodeKind, Privileges, RemoveKind, RenameHow, SeekTo, SetAttr, XattrHow,
};

use crate::rng::SplitMix64;

/// The names that operations use: few, so that they collide.
pub(super) const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];

/// The directories that operations reach by path.
pub(super) const PATHS: [&[&str]; 5] = [&[], &["d"], &["e"], &["d", "e"], &["e", "d"]];

/// How many files are open at once.
pub(super) const FILE_SLOTS: usize = 3;

/// How many directories are kept open, whatever happens to their names.
pub(super) const DIR_SLOTS: usize = 2;

/// A directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Found from the root by the path of this index.
    Path(usize),
    /// Kept open in this slot.
    Slot(usize),
}

/// A name in a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot {
    /// The directory.
    pub place: Place,
    /// The name.
    pub name: &'static str,
}

/// Bytes to write, drawn from a seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fill {
    /// How many.
    pub length: usize,
    /// Drawn from this.
    pub seed: u64,
}

impl Fill {
    /// The bytes.
    #[must_use]
    pub fn bytes(self) -> Vec<u8> {
        let mut bytes = vec![0; self.length];
        SplitMix64::new(self.seed).fill(&mut bytes);
        bytes
    }
}

/// A verb on names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is named after the verb of VDir it stands for")]
pub enum NameOp {
    OpenDir { spot: Spot, slot: usize },
    CloseDir { slot: usize },
    Create { spot: Spot, slot: usize, access: Access, exclusive: bool, truncate: bool, mode: Mode },
    Open { spot: Spot, slot: usize, access: Access, truncate: bool },
    OpenId(Spot),
    Stat(Spot),
    List { place: Place, batch: usize },
    MakeDir { spot: Spot, mode: Mode },
    MakeNode { spot: Spot, kind: NodeKind, mode: Mode },
    Symlink { spot: Spot, target: &'static str },
    ReadLink(Spot),
    HardLink { from: Spot, to: Spot },
    Remove { spot: Spot, kind: RemoveKind },
    Rename { from: Spot, to: Spot, how: RenameHow },
    Sync(Place),
}

/// A verb on an open file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is named after the verb of VFile it stands for")]
pub enum ByteOp {
    Read { offset: u64, length: usize },
    ReadMany { offset: u64, lengths: [usize; 3] },
    Write { offset: u64, fill: Fill, privileges: Privileges },
    Append { fill: Fill, privileges: Privileges },
    SetLen { length: u64, privileges: Privileges },
    Allocate { how: AllocateHow, offset: u64, length: u64, privileges: Privileges },
    CopyRange { offset: u64, to: usize, to_offset: u64, length: u64 },
    Seek { offset: u64, to: SeekTo },
    Sync,
    Close,
}

/// By which handle a verb on an inode reaches it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// The file open in this slot.
    File(usize),
    /// A directory.
    Dir(Place),
    /// Whatever has this name, opened for [`Access::Path`].
    Name(Spot),
}

/// A verb on an inode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is named after the verb of VNode it stands for")]
pub enum NodeOp {
    Attr,
    SetAttr(SetAttr),
    Xattr(&'static str),
    Xattrs,
    SetXattr { key: &'static str, fill: Fill, how: XattrHow },
    RemoveXattr(&'static str),
}

/// An operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// On names.
    Names(NameOp),
    /// On the file open in a slot.
    Bytes(usize, ByteOp),
    /// On an inode.
    Node(At, NodeOp),
    /// Calls the hook that makes the filesystem under test forget something.
    Evict(u64),
}

/// An error that strikes the backing during a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Injected {
    /// Which of the calls to the backing that the step makes, from 1.
    pub nth: u64,
    /// What it answers.
    pub errno: Errno,
    /// Whether the call takes effect all the same.
    pub after: bool,
}

/// An operation and what strikes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// What is done.
    pub op: Op,
    /// Whether somebody else does it, behind the back of the filesystem under test.
    pub outside: bool,
    /// The error that meets it, if any.
    pub injected: Option<Injected>,
}

impl Op {
    /// What opens or closes a slot on the other side, too, once this did on one.
    pub(super) fn mirrored(&self) -> Option<Self> {
        let mirrored = match *self {
            Self::Names(op @ (NameOp::OpenDir { .. } | NameOp::CloseDir { .. })) => Self::Names(op),
            Self::Names(
                NameOp::Create { spot, slot, access, .. } | NameOp::Open { spot, slot, access, .. },
            ) => Self::Names(NameOp::Open { spot, slot, access, truncate: false }),
            Self::Bytes(slot, ByteOp::Close) => Self::Bytes(slot, ByteOp::Close),
            _ => return None,
        };
        Some(mirrored)
    }
}
