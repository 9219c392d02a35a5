use std::ops::Range;

use crate::block::{BlockIndex, Generation};

/// Which bytes a reader sees: the length belongs to the generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct View {
    pub(crate) generation: Generation,
    pub(crate) size: u64,
}

/// Blocks nobody can find any more, to be taken out for their memory's sake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dropped {
    pub(crate) generation: Generation,
    pub(crate) end: BlockIndex,
}

/// What became of an answer of the backing.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Learnt {
    /// It is cached.
    pub(crate) kept: bool,
    /// It shows a change by others.
    pub(crate) foreign: bool,
    /// The generation that ended by it.
    pub(crate) dropped: Option<Dropped>,
}

/// Weak blocks that are to go.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Weakened {
    /// These, out of the store before the lock is released.
    Blocks(Vec<Range<BlockIndex>>),
    /// All, for they are many.
    All(Option<Dropped>),
}
