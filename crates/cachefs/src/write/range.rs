use std::ops::Range;

use cachefs_vfs::{Privileges, Result, VFile};

use super::Change;
use super::patch::{blocks_from, blocks_of};
use crate::block::{BLOCK_SIZE, BlockIndex};
use crate::config::WriteMode;
use crate::engine::Engine;
use crate::meta::Node;
use crate::stats::BackingVerb;
use crate::sync::Arc;

/// Writing bytes. The handle is the backing's, good for writing; the caller may wait.
impl Engine {
    pub(crate) fn write(
        &self,
        node: &Arc<Node>,
        file: &dyn VFile,
        data: &[u8],
        offset: u64,
        privileges: Privileges,
    ) -> Result<usize> {
        let length = data.len() as u64;
        // The block the file ended in changes, too, where the write begins beyond it.
        let change = self.begin_change(node, |size| {
            let from = size.map_or(offset, |size| size.min(offset));
            blocks_of(from, offset.saturating_add(length) - from)
        });
        let written = self.backing.write(BackingVerb::Write, || file.write_at(data, offset, privileges));
        change.end_write(file, data, offset, written)
    }

    pub(crate) fn append(
        &self,
        node: &Arc<Node>,
        file: &dyn VFile,
        data: &[u8],
        privileges: Privileges,
    ) -> Result<usize> {
        let change = self.begin_change(node, |size| blocks_from(size.unwrap_or(0)));
        let written = self.backing.write(BackingVerb::Append, || file.append(data, privileges));
        // Where it went is certain only if nobody else appended, which the length will tell.
        match change.size {
            Some(end) => change.end_write(file, data, end, written),
            None => {
                change.remove(blocks_from(0));
                change.end(None, || self.attr_of(file));
                written
            }
        }
    }

    /// Copies within the backing, from one of its files to another (or the same) one, whose node is `node`.
    pub(crate) fn copy_range(
        &self,
        (from, from_offset): (&dyn VFile, u64),
        node: &Arc<Node>,
        (file, offset): (&dyn VFile, u64),
        length: u64,
        privileges: Privileges,
    ) -> Result<u64> {
        let change = self.begin_change(node, |size| blocks_from(size.map_or(0, |size| size.min(offset))));
        let copy = || from.copy_range(from_offset, file, offset, length, privileges);
        let copied = self.backing.call(BackingVerb::CopyRange, copy);
        change.remove_range(offset, *copied.as_ref().unwrap_or(&length));
        let size = match (change.size, &copied) {
            (Some(before), Ok(copied)) if *copied > 0 => Some(before.max(offset.saturating_add(*copied))),
            _ => None,
        };
        change.end(size, || self.attr_of(file));
        copied
    }

    pub(super) fn attr_of(&self, file: &dyn VFile) -> Result<cachefs_vfs::Attr> {
        self.backing.call(BackingVerb::Attr, || file.attr())
    }
}

impl Change<'_> {
    /// A write of `data` at `offset` came back.
    fn end_write(
        mut self,
        file: &dyn VFile,
        data: &[u8],
        offset: u64,
        written: Result<usize>,
    ) -> Result<usize> {
        let engine = self.engine;
        match written {
            Ok(count) if count == data.len() => {
                let end = offset + count as u64;
                let size = self.size.map(|before| before.max(end));
                self.follow(data, offset, size);
                self.sure = whole_blocks(offset, end);
                self.end(size, || engine.attr_of(file));
            }
            // How far it got is not certain.
            _ => {
                self.remove_range(offset, data.len() as u64);
                self.end(None, || engine.attr_of(file));
            }
        }
        written
    }

    /// Brings the cache up to what was written; `size` is the length now, if it is known.
    fn follow(&self, data: &[u8], offset: u64, size: Option<u64>) {
        match (self.engine.config.write_mode, size) {
            (WriteMode::Through, Some(size)) => self.patch(offset, data, size),
            _ => self.remove_range(offset, data.len() as u64),
        }
    }
}

/// Those that the bytes from here to there fill.
fn whole_blocks(from: u64, to: u64) -> Range<BlockIndex> {
    let block = BLOCK_SIZE as u64;
    BlockIndex(from.div_ceil(block))..BlockIndex((to / block).max(from.div_ceil(block)))
}
