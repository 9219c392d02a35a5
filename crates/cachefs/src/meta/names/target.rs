use cachefs_vfs::FileId;

use crate::meta::{Asked, Cover};

/// What a name is known to stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// This inode.
    File(FileId),
    /// Nothing.
    Nothing,
}

/// What became of an answer after a name.
#[derive(Debug, Default)]
pub(crate) struct Placed {
    /// The table has it.
    pub(crate) is_here: bool,
    /// Others changed the name, or what it stands for, since it was asked for.
    pub(crate) overtaken: bool,
    /// Inodes that may not be found by the names that others change them by any more: the table had to let these go.
    pub(crate) displaced: Vec<FileId>,
}

impl Target {
    /// Whether changes of what a name stands for are told of, if the name was asked for so.
    pub(crate) fn is_covered(self, asked: Asked) -> bool {
        asked.cover.is_some_and(|cover| match self {
            Self::File(id) => cover == Cover(id.device),
            Self::Nothing => true,
        })
    }
}
