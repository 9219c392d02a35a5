//! Sending answers. What an answer gives the kernel (references, opens) is counted here, when nothing can keep it from
//! being sent any more.

use std::ffi::OsStr;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use cachefs_vfs::{Access, Attr, Errno, Time};
use fuser::{
    BackingId, FileHandle, FopenFlags, Generation, INodeNo, ReplyAttr, ReplyCreate, ReplyDirectory,
    ReplyDirectoryPlus, ReplyEntry, ReplyOpen, ReplyXattr,
};
use rustix::fs::OFlags;

use super::convert::{access, file_attr, file_type, generation};
use crate::belief::Stamp;
use crate::dispatch::Refuse;
use crate::inodes::NodeId;
use crate::serve::{Handle, Way};
use crate::tree::{Created, Entry, Listed, Opening, Pages, Tree};

/// A length that no file has: the kernel takes the name from an entry with it, gives the reference back, and takes
/// nothing else.
const REFUSED: u64 = u64::MAX;

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

    pub(super) fn created(
        self,
        tree: &Tree,
        reply: ReplyCreate,
        mut created: Created,
        (how, flags): (FopenFlags, OFlags),
    ) {
        let (attr, descriptor) = (created.entry.attr, created.descriptor.take());
        match tree.admit_created(created, self.0) {
            Ok(shown) => {
                let ttl = shown.entry_ttl.min(shown.attr_ttl);
                let node = file_attr(shown.node, &attr);
                let generation = generation(&attr);
                let register = |fd| reply.open_backing(fd);
                match passing(tree, shown.node, flags, descriptor, register) {
                    (Way::Ours, handle) => reply.created(&ttl, &node, generation, handle, how),
                    (Way::Through(id), handle) => {
                        reply.created_passthrough(&ttl, &node, generation, handle, how, &id);
                    }
                }
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
        // Long under way, it may come after a look-up that found what others have put under a name since, and takes its
        // place.
        let restless = tree.belief().flux().is_changing(dir);
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
                    let ttl = if restless { Duration::ZERO } else { shown.entry_ttl.min(shown.attr_ttl) };
                    let attr = match tree.is_unfinished(shown.node, &entry.attr, restless) {
                        true => Attr { size: REFUSED, ..entry.attr },
                        false => entry.attr,
                    };
                    let full = add(&mut reply, shown.node, ttl, &attr, generation(&attr));
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
    reply.attr(&tree.attr_ttl_changed(node, attr), &file_attr(node, attr));
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

/// Who serves an open file, and how the kernel names it.
fn passing(
    tree: &Tree,
    node: NodeId,
    flags: OFlags,
    descriptor: Option<OwnedFd>,
    register: impl FnOnce(OwnedFd) -> io::Result<BackingId>,
) -> (Way, FileHandle) {
    let (serving, writes) = (tree.serving(), access(flags).writes());
    let way = serving.opened(node, writes, || serving.register(descriptor, register));
    match way {
        Way::Ours => (Way::Ours, tree.listeners().opened()),
        Way::Through(id) => {
            tree.lent(node, access(flags) == Access::ReadWrite);
            (Way::Through(id), Handle::through(writes).number())
        }
    }
}

pub(super) fn opened(
    tree: &Tree,
    reply: ReplyOpen,
    opening: Opening,
    (pages, descriptor): (Pages, Option<OwnedFd>),
    (how, flags): (FopenFlags, OFlags),
) {
    let node = opening.answered();
    match passing(tree, node, flags, descriptor, |fd| reply.open_backing(fd)) {
        (Way::Ours, handle) => reply.opened(handle, with_pages(how, pages)),
        (Way::Through(id), handle) => reply.opened_passthrough(handle, how, &id),
    }
}

/// How a file is opened that we serve.
fn with_pages(mut flags: FopenFlags, pages: Pages) -> FopenFlags {
    flags.set(FopenFlags::FOPEN_KEEP_CACHE, pages == Pages::Kept);
    flags.set(
        FopenFlags::FOPEN_DIRECT_IO,
        flags.contains(FopenFlags::FOPEN_DIRECT_IO) || pages == Pages::Past,
    );
    flags
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
