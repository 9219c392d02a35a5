use cachefs_vfs::{AllocateHow, Attr, Privileges, Result, VFile};

use super::Change;
use super::patch::{blocks_from, blocks_of};
use crate::block::{BlockIndex, block_count, block_len};
use crate::engine::Engine;
use crate::meta::Node;
use crate::stats::BackingVerb;
use crate::sync::Arc;

/// Changes of a file's length and allocation. The handle is the backing's, good for writing; the caller may wait.
impl Engine {
    pub(crate) fn set_len(
        &self,
        node: &Arc<Node>,
        file: &dyn VFile,
        length: u64,
        privileges: Privileges,
    ) -> Result<Attr> {
        let mut change = self.begin_change(node, |size| blocks_from(size.map_or(0, |size| size.min(length))));
        let asked = self.asked_of(node);
        match self.backing.call(BackingVerb::SetLen, || file.set_len(length, privileges)) {
            Ok(attr) => {
                change.resize(length);
                change.end_with(&attr, asked, attr.size == length);
                Ok(attr)
            }
            Err(error) => {
                change.remove(blocks_from(change.size.unwrap_or(0).min(length)));
                change.end(None, || self.attr_of(file));
                Err(error)
            }
        }
    }

    pub(crate) fn allocate(
        &self,
        node: &Arc<Node>,
        file: &dyn VFile,
        how: AllocateHow,
        (offset, length): (u64, u64),
        privileges: Privileges,
    ) -> Result<()> {
        let change = self.begin_change(node, |size| blocks_from(size.map_or(0, |size| size.min(offset))));
        let call = || file.allocate(how, offset, length, privileges);
        let done = self.backing.call(BackingVerb::Allocate, call);
        match how {
            AllocateHow::KeepSize => {}
            AllocateHow::Collapse | AllocateHow::Insert => change.remove(blocks_from(offset)),
            AllocateHow::PunchHole | AllocateHow::ZeroKeepSize => change.remove(blocks_of(offset, length)),
            AllocateHow::Grow | AllocateHow::Zero => change.remove_range(offset, length),
        }
        change.end(None, || self.attr_of(file));
        done
    }
}

impl Change<'_> {
    /// The file is `length` long now, and everything beyond is gone. Where it grew, the block it ended in goes, too:
    /// that the rest of it is zeros is not certain.
    fn resize(&self, length: u64) {
        self.remove(BlockIndex(block_count(length))..blocks_from(0).end);
        self.node.state.lock().cut_blocks(BlockIndex(block_count(length)));
        let shorter = self.size.map_or(length, |before| before.min(length));
        let Some(last) = shorter.checked_sub(1).map(BlockIndex::of) else { return };
        let before = self.size.map(|before| block_len(before, last));
        if before != Some(block_len(length, last)) {
            self.cut_block(last, length);
        }
    }
}
