use cachefs_vfs::{Attr, Errno, Error, Result};

use crate::block::{BlockIndex, BlockKey, Generation, block_count, indices};
use crate::engine::Engine;
use crate::meta::{Node, View};

/// A file of more blocks is not looked through for whether all of them are here.
const RESIDENT_BLOCKS_MAX: u64 = 1024;

/// Files that others replaced or removed while handles of ours stand for them and no handle of the backing does.
impl Engine {
    /// What to answer instead of `error`, which the backing gave for the attributes: a file that cannot be found any
    /// more, but is here with all its bytes, is as it was when it was last seen. (Where others only moved it, and the
    /// backing finds nothing by identity, what they do to it from there on is not seen through handles that were open
    /// before. One that is here only in part is lost.)
    ///
    /// # Errors
    /// `error` in all other cases.
    pub(crate) fn last_seen(&self, node: &Node, error: Error) -> Result<(Attr, View)> {
        if error.errno() != Errno::STALE || !node.io_if_any().is_some_and(|io| io.is_held()) {
            return Err(error);
        }
        let (attr, view) = {
            let state = node.state.lock();
            let Some(attr) = state.attr_known().copied() else { return Err(error) };
            (attr, state.view_of(attr.size))
        };
        let is_here = attr.kind.is_regular() && self.is_here(node, view.generation, attr.size);
        if is_here { Ok((attr, view)) } else { Err(error) }
    }

    /// Whether handles of ours stand for the inode and none of the backing does. What is told of it may be about another
    /// file: one that got its number, or took its name.
    pub(crate) fn is_cut_off(&self, node: &Node) -> bool {
        node.io_if_any().is_some_and(|io| io.is_held() && io.slots().is_empty())
    }

    /// Whether all blocks are in memory. False for a very large file, too.
    pub(crate) fn is_here(&self, node: &Node, generation: Generation, size: u64) -> bool {
        let count = block_count(size);
        let is_here = |index| self.store.contains(&BlockKey { file: node.id, generation, index });
        count <= RESIDENT_BLOCKS_MAX && indices(BlockIndex(0)..BlockIndex(count)).all(is_here)
    }
}
