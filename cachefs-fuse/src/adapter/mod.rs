//! FUSE's verbs, mapped to those of the [`Tree`](crate::tree::Tree). No logic beyond the protocol's own.
//!
//! An open file has no state here: every request names its node, and the file handle only says who serves it.

mod caller;
mod convert;
mod deliver;
mod init;
mod open;
mod serve;
mod xattrs;

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use cachefs_vfs::{Errno, Error, Mode, RemoveKind, SetAttr, SyncHow};
use fuser::{
    AccessFlags, BsdFileFlags, CopyFileRangeFlags, FileHandle, Filesystem, FopenFlags, INodeNo, IoctlFlags,
    KernelConfig, LockOwner, OpenFlags, RenameFlags, ReplyAttr, ReplyCreate, ReplyData, ReplyDirectory,
    ReplyDirectoryPlus, ReplyEmpty, ReplyEntry, ReplyIoctl, ReplyLseek, ReplyOpen, ReplyStatfs, ReplyWrite,
    ReplyXattr, Request, TimeOrNow, WriteFlags,
};
use rustix::fs::OFlags;

use crate::MountConfig;
use crate::dispatch::{Call, Dispatch, Refuse};
use crate::inodes::NodeId;
use crate::requests::Op;
use crate::tree::{Change, Errand};
use caller::Caller;
use deliver::Asked;

/// Room for the entries of a listing when the kernel does not say how much it has.
const LISTING_ROOM: usize = 64 << 10;

/// The filesystem as the protocol's library calls it.
#[derive(Debug)]
pub(crate) struct Adapter {
    dispatch: Arc<Dispatch>,
    config: MountConfig,
}

impl Adapter {
    pub(crate) fn new(dispatch: Arc<Dispatch>, config: &MountConfig) -> Self {
        Self { dispatch, config: config.clone() }
    }

    fn asked(&self) -> Asked {
        Asked(self.dispatch.tree().now())
    }
}

impl Filesystem for Adapter {
    fn init(&mut self, _: &Request, kernel: &mut KernelConfig) -> io::Result<()> {
        let tree = self.dispatch.tree();
        init::negotiate(kernel, &self.config, tree.caps(), tree.serving());
        Ok(())
    }

    fn lookup(&self, request: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let (asked, walker, dir) = (self.asked(), request.pid(), NodeId(parent.0));
        let (name, sought) = (name.to_owned(), name.to_owned());
        self.dispatch.serve(
            Call::reading(Op::Lookup, parent.0),
            reply,
            &[],
            move |tree, _| match tree.lookup(dir, &sought, walker) {
                Err(error) if error.is_not_found() => Ok(None),
                found => found.map(Some),
            },
            move |tree, reply, entry| asked.found(tree, reply, (dir, &name), entry.as_ref()),
        );
    }

    fn forget(&self, _: &Request, ino: INodeNo, references: u64) {
        self.dispatch.noted(Op::Forget, 1);
        let closed = self.dispatch.tree().forget(NodeId(ino.0), references);
        self.dispatch.dispose(closed);
    }

    fn getattr(&self, request: &Request, ino: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        let (asked, walker) = (self.asked(), request.pid());
        self.dispatch.serve(
            Call::reading(Op::GetAttr, ino.0),
            reply,
            &[],
            move |tree, _| tree.show_attr(NodeId(ino.0), walker),
            move |tree, reply, attr| asked.attr(tree, reply, NodeId(ino.0), &attr),
        );
    }

    /// One that changes nothing comes before a write past us that takes set-id bits away.
    fn setattr(
        &self,
        request: &Request,
        ino: INodeNo,
        mode: Option<u32>,
        uid: Option<u32>,
        gid: Option<u32>,
        size: Option<u64>,
        atime: Option<TimeOrNow>,
        mtime: Option<TimeOrNow>,
        _: Option<SystemTime>,
        _: Option<FileHandle>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        let set = SetAttr {
            mode: mode.map(Mode::new),
            uid,
            gid,
            atime: atime.map(convert::set_time),
            mtime: mtime.map(convert::set_time),
        };
        let caller = Caller::of(request);
        self.dispatch.serve(
            Call::changing(Op::SetAttr, ino.0),
            reply,
            &[],
            move |tree, _| {
                if size.is_none() && set.is_empty() && tree.serving().passes() {
                    return tree.strip(NodeId(ino.0));
                }
                tree.walked(caller.thread(), Errand::Change, || {
                    let set = caller.completed(tree, NodeId(ino.0), set)?;
                    tree.set_attr(NodeId(ino.0), size, &set, caller.privileges())
                })
            },
            move |tree, reply, attr| deliver::changed(tree, reply, NodeId(ino.0), &attr),
        );
    }

    fn readlink(&self, request: &Request, ino: INodeNo, reply: ReplyData) {
        let walker = request.pid();
        self.dispatch.serve(
            Call::reading(Op::ReadLink, ino.0),
            reply,
            &[],
            move |tree, _| tree.walked(walker, Errand::Look, || tree.read_link(NodeId(ino.0))),
            |_, reply, target| reply.data(target.as_os_str().as_bytes()),
        );
    }

    fn mknod(
        &self,
        request: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        umask: u32,
        rdev: u32,
        reply: ReplyEntry,
    ) {
        let (name, owner) = (name.to_owned(), convert::owner(request, umask));
        let change = Change::of_name(NodeId(parent.0), &name);
        self.make(Op::MkNod, parent, change, reply, move |tree| {
            let kind = convert::node_kind(mode, rdev)?;
            tree.make_node(NodeId(parent.0), &name, kind, Mode::new(mode), &owner)
        });
    }

    fn mkdir(
        &self,
        request: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        umask: u32,
        reply: ReplyEntry,
    ) {
        let (name, owner) = (name.to_owned(), convert::owner(request, umask));
        let change = Change::of_name(NodeId(parent.0), &name);
        self.make(Op::MkDir, parent, change, reply, move |tree| {
            tree.make_dir(NodeId(parent.0), &name, Mode::new(mode), &owner)
        });
    }

    fn unlink(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        self.remove(Op::Unlink, (parent, name), RemoveKind::File, reply);
    }

    fn rmdir(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        self.remove(Op::RmDir, (parent, name), RemoveKind::Dir, reply);
    }

    fn symlink(&self, request: &Request, parent: INodeNo, name: &OsStr, target: &Path, reply: ReplyEntry) {
        let (name, target, owner) = (name.to_owned(), target.to_owned(), convert::owner(request, 0));
        let change = Change::of_name(NodeId(parent.0), &name);
        self.make(Op::Symlink, parent, change, reply, move |tree| {
            tree.symlink(NodeId(parent.0), &name, &target, &owner)
        });
    }

    fn rename(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        newparent: INodeNo,
        newname: &OsStr,
        flags: RenameFlags,
        reply: ReplyEmpty,
    ) {
        let (from, to) = (NodeId(parent.0), NodeId(newparent.0));
        let change = Change::of_name(from, name).and_name(to, newname);
        let (name, newname) = (name.to_owned(), newname.to_owned());
        self.change_names(Op::Rename, parent, change, reply, move |tree| {
            tree.rename((from, &name), (to, &newname), convert::rename_how(flags)?)
        });
    }

    fn link(&self, _: &Request, ino: INodeNo, newparent: INodeNo, newname: &OsStr, reply: ReplyEntry) {
        let newname = newname.to_owned();
        let change = Change::of(NodeId(ino.0)).and_name(NodeId(newparent.0), &newname);
        self.make(Op::Link, newparent, change, reply, move |tree| {
            tree.link(NodeId(ino.0), NodeId(newparent.0), &newname)
        });
    }

    fn create(
        &self,
        request: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        umask: u32,
        flags: i32,
        reply: ReplyCreate,
    ) {
        let owner = (request.pid(), convert::owner(request, umask));
        self.create_file((NodeId(parent.0), name), Mode::new(mode), flags, owner, reply);
    }

    fn open(&self, request: &Request, ino: INodeNo, flags: OpenFlags, reply: ReplyOpen) {
        self.open_file(request.pid(), NodeId(ino.0), flags, reply);
    }

    fn read(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        size: u32,
        flags: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        let direct = convert::flags(flags.0).contains(OFlags::DIRECT);
        self.dispatch.serve(
            Call::reading(Op::Read, ino.0),
            reply,
            &[],
            move |tree, _| tree.read(NodeId(ino.0), offset, size, direct),
            |_, reply, read| reply.data(read.bytes()),
        );
    }

    fn write(
        &self,
        _: &Request,
        ino: INodeNo,
        handle: FileHandle,
        offset: u64,
        data: &[u8],
        write_flags: WriteFlags,
        flags: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        let how = convert::write_how(offset, write_flags, convert::flags(flags.0));
        self.dispatch.serve(
            Call::changing(Op::Write, ino.0),
            reply,
            data,
            move |tree, data| tree.write((NodeId(ino.0), handle), data, how),
            |_, reply, written| reply.written(written),
        );
    }

    fn flush(&self, _: &Request, ino: INodeNo, handle: FileHandle, _: LockOwner, reply: ReplyEmpty) {
        self.close_file(NodeId(ino.0), handle, reply);
    }

    fn release(
        &self,
        _: &Request,
        ino: INodeNo,
        handle: FileHandle,
        _: OpenFlags,
        _: Option<LockOwner>,
        _: bool,
        reply: ReplyEmpty,
    ) {
        // Not as a verb, which may be dropped: the count must be right.
        self.dispatch.noted(Op::Release, 1);
        self.dispatch.tree().closed(NodeId(ino.0), handle);
        let closed = self.dispatch.tree().release(NodeId(ino.0));
        reply.ok();
        self.dispatch.dispose(closed);
    }

    fn fsync(&self, _: &Request, ino: INodeNo, handle: FileHandle, datasync: bool, reply: ReplyEmpty) {
        let how = if datasync { SyncHow::Data } else { SyncHow::All };
        self.simple(Call::syncing(Op::Fsync, ino.0), reply, &[], move |tree, _| {
            tree.sync((NodeId(ino.0), handle), how)
        });
    }

    /// Refused once it is never asked again, and the kernel keeps listings.
    fn opendir(&self, _: &Request, _: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        self.dispatch.noted(Op::OpenDir, 1);
        match self.dispatch.tree().belief().keeps_listings() {
            true => reply.refuse(Errno::NOSYS),
            false => reply.opened(FileHandle(0), FopenFlags::empty()),
        }
    }

    fn readdir(&self, _: &Request, ino: INodeNo, _: FileHandle, offset: u64, reply: ReplyDirectory) {
        self.dispatch.serve(
            Call::reading(Op::ReadDir, ino.0),
            reply,
            &[],
            move |tree, _| tree.list(NodeId(ino.0), offset, LISTING_ROOM),
            move |tree, reply, listed| deliver::listed(tree, reply, NodeId(ino.0), &listed),
        );
    }

    fn readdirplus(&self, _: &Request, ino: INodeNo, _: FileHandle, offset: u64, reply: ReplyDirectoryPlus) {
        let asked = self.asked();
        self.dispatch.serve(
            Call::reading(Op::ReadDirPlus, ino.0),
            reply,
            &[],
            move |tree, _| tree.list_plus(NodeId(ino.0), offset, LISTING_ROOM),
            move |tree, reply, listed| asked.listed_plus(tree, reply, NodeId(ino.0), &listed),
        );
    }

    fn releasedir(&self, _: &Request, _: INodeNo, _: FileHandle, _: OpenFlags, reply: ReplyEmpty) {
        self.dispatch.noted(Op::ReleaseDir, 1);
        reply.ok();
    }

    fn fsyncdir(&self, _: &Request, ino: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        self.simple(Call::syncing(Op::FsyncDir, ino.0), reply, &[], move |tree, _| {
            tree.sync_dir(NodeId(ino.0))
        });
    }

    fn statfs(&self, _: &Request, ino: INodeNo, reply: ReplyStatfs) {
        self.dispatch.serve(
            Call::reading(Op::StatFs, ino.0),
            reply,
            &[],
            |tree, _| tree.stat_fs(),
            |_, reply, stat| {
                reply.statfs(
                    stat.blocks,
                    stat.blocks_free,
                    stat.blocks_available,
                    stat.files,
                    stat.files_free,
                    stat.block_size,
                    stat.name_max,
                    stat.fragment_size,
                );
            },
        );
    }

    fn setxattr(
        &self,
        request: &Request,
        ino: INodeNo,
        name: &OsStr,
        value: &[u8],
        flags: i32,
        _: u32,
        reply: ReplyEmpty,
    ) {
        if let Some(errno) = xattrs::refusal(self.dispatch.tree(), name) {
            return reply.refuse(errno);
        }
        let (name, caller) = (name.to_owned(), Caller::of(request));
        self.simple(Call::changing(Op::SetXattr, ino.0), reply, value, move |tree, value| {
            xattrs::set(tree, NodeId(ino.0), &name, value, flags, caller)
        });
    }

    fn getxattr(&self, request: &Request, ino: INodeNo, name: &OsStr, size: u32, reply: ReplyXattr) {
        if let Some(errno) = xattrs::refusal(self.dispatch.tree(), name) {
            return reply.refuse(errno);
        }
        let (name, walker) = (name.to_owned(), request.pid());
        self.dispatch.serve(
            Call::reading(Op::GetXattr, ino.0),
            reply,
            &[],
            move |tree, _| tree.walked(walker, Errand::Look, || tree.xattr(NodeId(ino.0), &name)),
            move |_, reply, value| deliver::xattr(reply, size, &value),
        );
    }

    fn listxattr(&self, request: &Request, ino: INodeNo, size: u32, reply: ReplyXattr) {
        if let Some(errno) = xattrs::refusal(self.dispatch.tree(), OsStr::new("")) {
            return reply.refuse(errno);
        }
        let (trusted, walker) = (Caller::of(request).is_root(), request.pid());
        self.dispatch.serve(
            Call::reading(Op::ListXattr, ino.0),
            reply,
            &[],
            move |tree, _| tree.walked(walker, Errand::Look, || tree.xattrs(NodeId(ino.0), trusted)),
            move |_, reply, keys| deliver::xattr(reply, size, &keys),
        );
    }

    fn removexattr(&self, request: &Request, ino: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        if let Some(errno) = xattrs::refusal(self.dispatch.tree(), name) {
            return reply.refuse(errno);
        }
        let (name, walker) = (name.to_owned(), request.pid());
        self.simple(Call::changing(Op::RemoveXattr, ino.0), reply, &[], move |tree, _| {
            tree.walked(walker, Errand::Change, || tree.remove_xattr(NodeId(ino.0), &name))
        });
    }

    /// The kernel checks permissions by itself.
    fn access(&self, _: &Request, _: INodeNo, _: AccessFlags, reply: ReplyEmpty) {
        self.dispatch.noted(Op::Access, 1);
        reply.ok();
    }

    fn fallocate(
        &self,
        request: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        length: u64,
        mode: i32,
        reply: ReplyEmpty,
    ) {
        let privileges = Caller::of(request).privileges();
        self.simple(Call::syncing(Op::Fallocate, ino.0), reply, &[], move |tree, _| {
            let how = convert::allocate_how(mode)?;
            tree.allocate(NodeId(ino.0), how, offset, length, privileges)
        });
    }

    fn lseek(&self, _: &Request, ino: INodeNo, _: FileHandle, offset: i64, whence: i32, reply: ReplyLseek) {
        if !self.dispatch.tree().caps().seek_hole {
            return reply.refuse(Errno::NOSYS);
        }
        self.dispatch.serve(
            Call::reading(Op::Lseek, ino.0),
            reply,
            &[],
            move |tree, _| {
                let offset = u64::try_from(offset).map_err(|_| Error::new(Errno::NXIO))?;
                let found = tree.seek(NodeId(ino.0), offset, convert::seek_to(whence)?)?;
                i64::try_from(found).map_err(|_| Error::new(Errno::OVERFLOW))
            },
            |_, reply, offset| reply.offset(offset),
        );
    }

    /// No device and no flags of ours: what a program asks of any file (whether it is a terminal) gets the answer a
    /// plain file gives. The library's own answer is a warning for each.
    fn ioctl(
        &self,
        _: &Request,
        _: INodeNo,
        _: FileHandle,
        _: IoctlFlags,
        _: u32,
        _: &[u8],
        _: u32,
        reply: ReplyIoctl,
    ) {
        reply.error(fuser::Errno::ENOTTY);
    }

    fn copy_file_range(
        &self,
        request: &Request,
        ino_in: INodeNo,
        _: FileHandle,
        offset_in: u64,
        ino_out: INodeNo,
        _: FileHandle,
        offset_out: u64,
        length: u64,
        _: CopyFileRangeFlags,
        reply: ReplyWrite,
    ) {
        if !self.dispatch.tree().caps().copy_range {
            return reply.refuse(Errno::NOSYS);
        }
        let privileges = Caller::of(request).privileges();
        let (from, to) = ((NodeId(ino_in.0), offset_in), (NodeId(ino_out.0), offset_out));
        self.dispatch.serve(
            Call::syncing(Op::CopyFileRange, ino_out.0),
            reply,
            &[],
            move |tree, _| tree.copy_range(from, to, length, privileges),
            |_, reply, copied| reply.written(copied),
        );
    }
}
