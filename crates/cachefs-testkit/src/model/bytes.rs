use std::sync::Arc;

use cachefs_vfs::{Access, AllocateHow, Errno, Privileges, SeekTo};

use super::expect::{Expected, Stop, Want, index};
use super::node::{Body, NodeId, OpenFile};
use super::op::{ByteOp, Op};
use super::tree::Model;

/// What space is allocated in, for the verbs that move what follows.
pub(super) const ALLOCATION_UNIT: u64 = 4096;

fn fails<T>(errno: Errno) -> Result<T, Stop> {
    Err(Stop::with(errno))
}

impl Model {
    pub(super) fn apply_bytes(&mut self, slot: usize, op: &ByteOp) -> Expected {
        let file = self.files[slot].ok_or(Stop::Skip)?;
        match *op {
            ByteOp::Read { offset, length } => self.read(file, offset, length),
            ByteOp::ReadMany { offset, lengths } => self.read(file, offset, lengths.iter().sum()),
            ByteOp::Write { offset, fill, privileges } => {
                self.write(file, index(offset), &fill.bytes(), privileges)
            }
            ByteOp::Append { fill, privileges } => {
                let end = self.bytes_of(file.node).len();
                self.write(file, end, &fill.bytes(), privileges)
            }
            ByteOp::SetLen { length, privileges } => self.set_len(file, length, privileges),
            ByteOp::Allocate { how, offset, length, privileges } => {
                self.allocate(file, how, offset, length, privileges)
            }
            ByteOp::CopyRange { offset, to, to_offset, length } => {
                let to = self.files[to].ok_or(Stop::Skip)?;
                self.copy_range(file, offset, to, to_offset, length)
            }
            ByteOp::Seek { offset, to } => self.seek(file, offset, to),
            ByteOp::Sync if file.access == Access::Path => Err(Stop::Skip),
            ByteOp::Sync => Ok(Want::Done),
            ByteOp::Close => {
                self.files[slot] = None;
                Ok(Want::Done)
            }
        }
    }

    fn read(&self, file: OpenFile, offset: u64, length: usize) -> Expected {
        if !file.access.reads() {
            // Reading nothing may succeed on any handle.
            return Err(if length == 0 { Stop::Skip } else { Stop::with(Errno::BADF) });
        }
        let bytes = self.bytes_of(file.node);
        let start = index(offset).min(bytes.len());
        let end = start.saturating_add(length).min(bytes.len());
        Ok(Want::Bytes(bytes[start..end].to_vec()))
    }

    /// Changes contents, and what changes with them.
    fn edit(&mut self, id: NodeId, privileges: Privileges, edit: impl FnOnce(&mut Vec<u8>)) {
        let node = self.node_mut(id);
        if let Body::File(bytes) = &mut node.body {
            edit(Arc::make_mut(bytes));
        }
        node.modified();
        if node.mode.has_set_id() {
            match privileges {
                Privileges::Drop => node.mode = cachefs_vfs::Mode::new(node.mode.bits() & 0o1777),
                Privileges::Keep => node.set_id_known = false,
            }
        }
        if privileges == Privileges::Drop {
            node.set_id_known = true;
        }
    }

    fn write(&mut self, file: OpenFile, offset: usize, data: &[u8], privileges: Privileges) -> Expected {
        if !file.access.writes() {
            return fails(Errno::BADF);
        }
        self.edit(file.node, privileges, |bytes| put(bytes, offset, data));
        Ok(Want::Count(data.len() as u64))
    }

    fn set_len(&mut self, file: OpenFile, length: u64, privileges: Privileges) -> Expected {
        // The contract leaves it open whether a handle that is not for writing may change the length.
        if !file.access.writes() {
            return Err(Stop::Skip);
        }
        let same = self.bytes_of(file.node).len() == index(length);
        self.edit(file.node, privileges, |bytes| bytes.resize(index(length), 0));
        if same {
            self.node_mut(file.node).perhaps_modified();
        }
        Ok(Want::Attr(file.node))
    }

    fn allocate(
        &mut self,
        file: OpenFile,
        how: AllocateHow,
        offset: u64,
        length: u64,
        privileges: Privileges,
    ) -> Expected {
        if !self.caps.allocate {
            return Err(Stop::Skip);
        }
        let size = self.bytes_of(file.node).len() as u64;
        let mut reasons = Vec::new();
        if !file.access.writes() {
            reasons.push(Errno::BADF);
        }
        let moves = matches!(how, AllocateHow::Collapse | AllocateHow::Insert);
        let unaligned = !offset.is_multiple_of(ALLOCATION_UNIT) || !length.is_multiple_of(ALLOCATION_UNIT);
        let beyond = match how {
            AllocateHow::Collapse => offset + length >= size,
            AllocateHow::Insert => offset >= size,
            _ => false,
        };
        if length == 0 || beyond || (moves && unaligned) {
            reasons.push(Errno::INVAL);
        }
        if !reasons.is_empty() {
            reasons.push(Errno::OPNOTSUPP);
            return Err(Stop::Fails(reasons));
        }
        self.edit(file.node, privileges, |bytes| allocate(bytes, how, index(offset), index(length)));
        self.node_mut(file.node).perhaps_modified();
        Ok(Want::Done)
    }

    /// An allocation that failed may yet have moved times and dropped set-id bits: Linux does so before it looks
    /// whether the range makes sense.
    pub(super) fn blur(&mut self, op: &Op) {
        let Op::Bytes(slot, ByteOp::Allocate { .. }) = op else { return };
        if let Some(file) = self.files[*slot] {
            let node = self.node_mut(file.node);
            node.perhaps_modified();
            node.set_id_known &= !node.mode.has_set_id();
        }
    }

    fn copy_range(
        &mut self,
        from: OpenFile,
        offset: u64,
        to: OpenFile,
        to_offset: u64,
        length: u64,
    ) -> Expected {
        if !self.caps.copy_range {
            return Err(Stop::Skip);
        }
        let bytes = self.bytes_of(from.node);
        let start = index(offset).min(bytes.len());
        let end = index(offset + length).min(bytes.len());
        let mut reasons = Vec::new();
        if !from.access.reads() || !to.access.writes() {
            reasons.push(Errno::BADF);
        }
        // What counts is the length that is left before the end.
        let length = (end - start) as u64;
        if from.node == to.node && offset < to_offset + length && to_offset < offset + length {
            reasons.push(Errno::INVAL);
        }
        if !reasons.is_empty() {
            return Err(Stop::Fails(reasons));
        }
        let data = bytes[start..end].to_vec();
        if !data.is_empty() {
            self.edit(to.node, Privileges::Keep, |bytes| put(bytes, index(to_offset), &data));
        } else {
            self.node_mut(to.node).perhaps_modified();
        }
        Ok(Want::Count(data.len() as u64))
    }

    fn seek(&self, file: OpenFile, offset: u64, to: SeekTo) -> Expected {
        if !self.caps.seek_hole || file.access == Access::Path {
            return Err(Stop::Skip);
        }
        let bytes = self.bytes_of(file.node);
        if index(offset) >= bytes.len() {
            return fails(Errno::NXIO);
        }
        Ok(Want::Place { node: file.node, offset, to })
    }
}

/// Overwrites, growing with zeros as needed.
fn put(bytes: &mut Vec<u8>, offset: usize, data: &[u8]) {
    let end = offset + data.len();
    if bytes.len() < end {
        bytes.resize(end, 0);
    }
    bytes[offset..end].copy_from_slice(data);
}

fn allocate(bytes: &mut Vec<u8>, how: AllocateHow, offset: usize, length: usize) {
    let end = offset + length;
    if matches!(how, AllocateHow::Grow | AllocateHow::Zero) && bytes.len() < end {
        bytes.resize(end, 0);
    }
    let (start, stop) = (offset.min(bytes.len()), end.min(bytes.len()));
    match how {
        AllocateHow::Grow | AllocateHow::KeepSize => {}
        AllocateHow::PunchHole | AllocateHow::Zero | AllocateHow::ZeroKeepSize => bytes[start..stop].fill(0),
        AllocateHow::Collapse => drop(bytes.drain(start..stop)),
        AllocateHow::Insert => drop(bytes.splice(start..start, std::iter::repeat_n(0, length))),
    }
}
