//! Sending answers. What an answer gives the kernel (references, opens) is counted here, when nothing can keep it from
//! being sent any more.

use std::time::Duration;

use cachefs_vfs::{Attr, Errno, Time};
use fuser::{
    FileHandle, FopenFlags, Generation, INodeNo, ReplyAttr, ReplyCreate, ReplyDirectory, ReplyDirectoryPlus,
    ReplyEntry, ReplyOpen, ReplyXattr,
};

use super::convert::{file_attr, file_type, generation};
use crate::dispatch::Refuse;
use crate::inodes::NodeId;
use crate::tree::{Created, Entry, Listed, Opening, Shown, Tree};

/// How long the kernel may trust answers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ttls {
    pub(super) attr: Duration,
    pub(super) entry: Duration,
    pub(super) negative: Duration,
}

impl Ttls {
    fn of(self, shown: Shown, attr: &Attr) -> Self {
        match shown.moved {
            true => Self { attr: Duration::ZERO, entry: Duration::ZERO, ..self },
            false => self.of_attr(attr),
        }
    }

    /// A write may strip set-id bits here, which the kernel does not know of.
    fn of_attr(self, attr: &Attr) -> Self {
        match attr.kind.is_regular() && attr.mode.bits() & 0o6000 != 0 {
            true => Self { attr: Duration::ZERO, ..self },
            false => self,
        }
    }

    pub(super) fn entry(self, tree: &Tree, reply: ReplyEntry, entry: &Entry) {
        match tree.admit(entry) {
            Ok(shown) => {
                let (ttls, attr) = (self.of(shown, &entry.attr), file_attr(shown.node, &entry.attr));
                reply.entry_with_ttls(&ttls.attr, &ttls.entry, &attr, generation(&entry.attr));
            }
            Err(error) => reply.refuse(error.errno()),
        }
    }

    /// The answer to a look-up; without an entry the name does not exist, and the kernel may remember that.
    pub(super) fn found(self, tree: &Tree, reply: ReplyEntry, entry: Option<&Entry>) {
        match entry {
            Some(entry) => self.entry(tree, reply, entry),
            None if self.negative.is_zero() => reply.refuse(Errno::NOENT),
            None => {
                let nobody = file_attr(NodeId(0), &nothing());
                reply.entry_with_ttls(&Duration::ZERO, &self.negative, &nobody, Generation(0));
            }
        }
    }

    pub(super) fn attr(self, reply: ReplyAttr, node: u64, attr: &Attr) {
        reply.attr(&self.of_attr(attr).attr, &file_attr(NodeId(node), attr));
    }

    pub(super) fn created(self, tree: &Tree, reply: ReplyCreate, created: Created, flags: FopenFlags) {
        let attr = created.entry.attr;
        match tree.admit_created(created) {
            Ok(node) => {
                let ttl = self.entry.min(self.of_attr(&attr).attr);
                reply.created(&ttl, &file_attr(node, &attr), generation(&attr), FileHandle(0), flags);
            }
            Err(error) => reply.refuse(error.errno()),
        }
    }

    pub(super) fn listed_plus(self, tree: &Tree, mut reply: ReplyDirectoryPlus, listed: &Listed) {
        for item in listed {
            let full = match &item.entry {
                None => {
                    // The kernel takes neither references nor attributes from `.` and `..`.
                    let attr = file_attr(item.node, &Attr { kind: item.kind, ..nothing() });
                    reply.add(
                        INodeNo(item.node.0),
                        item.offset,
                        &item.name,
                        &Duration::ZERO,
                        &attr,
                        Generation(0),
                    )
                }
                Some(entry) => {
                    let Ok(shown) = tree.admit(entry) else { continue };
                    let node = shown.node;
                    let attr = file_attr(node, &entry.attr);
                    let ttls = self.of(shown, &entry.attr);
                    let ttl = ttls.entry.min(ttls.attr);
                    let full = reply.add(
                        INodeNo(node.0),
                        item.offset,
                        &item.name,
                        &ttl,
                        &attr,
                        generation(&entry.attr),
                    );
                    if full {
                        drop(tree.forget(node, 1));
                    }
                    full
                }
            };
            if full {
                break;
            }
        }
        reply.ok();
    }
}

pub(super) fn listed(mut reply: ReplyDirectory, listed: &Listed) {
    for item in listed {
        if reply.add(INodeNo(item.node.0), item.offset, file_type(item.kind), &item.name) {
            break;
        }
    }
    reply.ok();
}

pub(super) fn opened(reply: ReplyOpen, opening: Opening, keep: bool, mut flags: FopenFlags) {
    opening.answered();
    flags.set(FopenFlags::FOPEN_KEEP_CACHE, keep);
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
