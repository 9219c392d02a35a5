//! Sending answers. What an answer gives the kernel (references, opens) is counted here, when nothing can keep it from
//! being sent any more.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use cachefs_vfs::{Attr, Errno, Time};
use fuser::{
    FileHandle, FopenFlags, Generation, INodeNo, ReplyAttr, ReplyCreate, ReplyDirectory, ReplyDirectoryPlus,
    ReplyEntry, ReplyOpen, ReplyXattr,
};

use super::convert::{file_attr, file_type, generation};
use crate::belief::Stamp;
use crate::dispatch::Refuse;
use crate::inodes::NodeId;
use crate::tree::{Created, Entry, Listed, Opening, Pages, Tree};

/// When the kernel asked: what changed since it may not remember from the answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked(pub(super) Stamp);

impl Asked {
    pub(super) fn entry(self, tree: &Tree, reply: ReplyEntry, entry: &Entry) {
        match tree.admit(entry, self.0) {
            Ok(shown) => {
                let attr = file_attr(shown.node, &entry.attr);
                reply.entry_with_ttls(&shown.attr_ttl, &shown.entry_ttl, &attr, generation(&entry.attr));
            }
            Err(error) => reply.refuse(error.errno()),
        }
    }

    /// The answer to a look-up; without an entry the name does not exist, and the kernel may remember that.
    pub(super) fn found(
        self,
        tree: &Tree,
        reply: ReplyEntry,
        (dir, name): (NodeId, &OsStr),
        entry: Option<&Entry>,
    ) {
        if let Some(entry) = entry {
            return self.entry(tree, reply, entry);
        }
        let ttl = tree.negative_ttl(dir, name.as_bytes(), self.0);
        if ttl.is_zero() {
            return reply.refuse(Errno::NOENT);
        }
        let nobody = file_attr(NodeId(0), &nothing());
        reply.entry_with_ttls(&Duration::ZERO, &ttl, &nobody, Generation(0));
    }

    pub(super) fn attr(self, tree: &Tree, reply: ReplyAttr, node: NodeId, attr: &Attr) {
        reply.attr(&tree.attr_ttl(node, attr, self.0), &file_attr(node, attr));
    }

    pub(super) fn created(self, tree: &Tree, reply: ReplyCreate, created: Created, flags: FopenFlags) {
        let attr = created.entry.attr;
        match tree.admit_created(created, self.0) {
            Ok(shown) => {
                let ttl = shown.entry_ttl.min(shown.attr_ttl);
                let node = file_attr(shown.node, &attr);
                reply.created(&ttl, &node, generation(&attr), FileHandle(0), flags);
            }
            Err(error) => reply.refuse(error.errno()),
        }
    }

    pub(super) fn listed_plus(
        self,
        tree: &Tree,
        mut reply: ReplyDirectoryPlus,
        dir: NodeId,
        listed: &Listed,
    ) {
        for item in listed {
            let add = |reply: &mut ReplyDirectoryPlus, node: NodeId, ttl, attr: &Attr, generation| {
                let attr = file_attr(node, attr);
                reply.add(INodeNo(node.0), item.offset, &item.name, &ttl, &attr, generation)
            };
            let full = match &item.entry {
                // The kernel takes neither references nor attributes from `.` and `..`.
                None => {
                    let attr = Attr { kind: item.kind, ..nothing() };
                    add(&mut reply, item.node, Duration::ZERO, &attr, Generation(0))
                }
                Some(entry) => {
                    let Ok(shown) = tree.admit(entry, self.0) else { continue };
                    let ttl = shown.entry_ttl.min(shown.attr_ttl);
                    let full = add(&mut reply, shown.node, ttl, &entry.attr, generation(&entry.attr));
                    if full {
                        drop(tree.forget(shown.node, 1));
                    }
                    full
                }
            };
            if full {
                break;
            }
        }
        reply.ok();
        tree.listed(dir);
    }
}

/// Attributes after a change through the mount.
pub(super) fn changed(tree: &Tree, reply: ReplyAttr, node: NodeId, attr: &Attr) {
    reply.attr(&tree.belief().attr_changed(attr), &file_attr(node, attr));
}

pub(super) fn listed(tree: &Tree, mut reply: ReplyDirectory, dir: NodeId, listed: &Listed) {
    for item in listed {
        if reply.add(INodeNo(item.node.0), item.offset, file_type(item.kind), &item.name) {
            break;
        }
    }
    reply.ok();
    tree.listed(dir);
}

pub(super) fn opened(reply: ReplyOpen, opening: Opening, pages: Pages, mut flags: FopenFlags) {
    opening.answered();
    flags.set(FopenFlags::FOPEN_KEEP_CACHE, pages == Pages::Kept);
    flags.set(
        FopenFlags::FOPEN_DIRECT_IO,
        flags.contains(FopenFlags::FOPEN_DIRECT_IO) || pages == Pages::Past,
    );
    reply.opened(FileHandle(0), flags);
}

/// The size protocol of xattrs: asked with room 0, how much room is needed.
pub(super) fn xattr(reply: ReplyXattr, room: u32, value: &[u8]) {
    match u32::try_from(value.len()) {
        Ok(length) if room == 0 => reply.size(length),
        Ok(length) if length <= room => reply.data(value),
        _ => reply.refuse(Errno::RANGE),
    }
}

/// Attributes of no file, where the protocol wants some.
fn nothing() -> Attr {
    let time = Time::default();
    Attr {
        id: cachefs_vfs::FileId { device: 0, inode: 0, generation: 0 },
        kind: cachefs_vfs::FileKind::Regular,
        mode: cachefs_vfs::Mode::new(0),
        links: 0,
        uid: 0,
        gid: 0,
        device: 0,
        size: 0,
        blocks: 0,
        block_size: 0,
        atime: time,
        mtime: time,
        ctime: time,
        btime: None,
        tag: 0,
    }
}
