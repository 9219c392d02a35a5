//! Opening files, and who serves them from then on.

use std::ffi::OsStr;

use cachefs_vfs::{Errno, Mode, Owner};
use fuser::{FileHandle, FopenFlags, OpenFlags, ReplyCreate, ReplyEmpty, ReplyOpen};
use rustix::fs::OFlags;

use super::{Adapter, convert, deliver};
use crate::dispatch::{Call, Refuse};
use crate::inodes::NodeId;
use crate::requests::Op;
use crate::tree::{Change, Errand, Opening};
use crate::{Profile, Trust};

impl Adapter {
    /// Refused once it is never asked again, and the kernel opens files by itself.
    pub(super) fn open_file(&self, walker: u32, node: NodeId, flags: OpenFlags, reply: ReplyOpen) {
        if self.config.opens_unasked() {
            self.dispatch.noted(Op::Open, 1);
            return reply.refuse(Errno::NOSYS);
        }
        let flags = convert::flags(flags.0);
        let direct = flags.contains(OFlags::DIRECT);
        let how = self.open_flags(flags);
        let opening = Opening::begin(self.dispatch.tree(), node);
        let id = opening.id();
        self.dispatch.serve(
            Call::reading(Op::Open, node.0),
            reply,
            &[],
            move |tree, _| {
                let access = convert::access(flags);
                let errand = if access.writes() { Errand::Change } else { Errand::Read };
                let pages = tree.walked(walker, errand, || tree.open(node, id, access, direct))?;
                Ok((pages, tree.descriptor(node, direct)?))
            },
            move |tree, reply, opened| deliver::opened(tree, reply, opening, opened, (how, flags)),
        );
    }

    pub(super) fn create_file(
        &self,
        (dir, name): (NodeId, &OsStr),
        mode: Mode,
        flags: i32,
        (walker, owner): (u32, Owner),
        reply: ReplyCreate,
    ) {
        let (asked, name, flags) = (self.asked(), name.to_owned(), convert::flags(flags));
        let how = self.open_flags(flags);
        self.dispatch.serve(
            Call::naming(Op::Create, dir.0, Change::of_name(dir, &name)),
            reply,
            &[],
            move |tree, _| {
                let exclusive = flags.contains(OFlags::EXCL);
                tree.walked(walker, Errand::Change, || tree.create(dir, &name, mode, exclusive, &owner))
            },
            move |tree, reply, created| asked.created(tree, reply, created, (how, flags)),
        );
    }

    /// A descriptor of a file is closed. Where there is nothing to do then, it is refused once and never asked again.
    pub(super) fn close_file(&self, node: NodeId, handle: FileHandle, reply: ReplyEmpty) {
        let Some(hook) = self.config.on_close.clone() else {
            self.dispatch.noted(Op::Flush, 1);
            return reply.refuse(Errno::NOSYS);
        };
        self.simple(Call::waiting(Op::Flush, node.0), reply, &[], move |tree, _| {
            tree.closing((node, handle), &*hook)
        });
    }

    /// How a file is opened. One that is opened past the caches is read and written past those of the kernel, too. So
    /// is one that is opened for appending where others may append: the kernel would put the bytes where it believes
    /// the end to be, and send in two pieces what crosses a page there, between which others append. Where files pass
    /// through, the kernel would go by these flags even after the program took them back.
    /// With [`Profile::Direct`], each is.
    fn open_flags(&self, flags: OFlags) -> FopenFlags {
        let mut usual = FopenFlags::empty();
        // Who only reads leaves nothing to be done.
        usual.set(
            FopenFlags::FOPEN_NOFLUSH,
            self.config.on_close.is_some() && !convert::access(flags).writes(),
        );
        let direct = usual | FopenFlags::FOPEN_DIRECT_IO;
        if flags.contains(OFlags::DIRECT) {
            return direct | FopenFlags::FOPEN_PARALLEL_DIRECT_WRITES;
        }
        let asks = self.config.trust != Trust::Always || self.dispatch.tree().serving().passes();
        let appends = flags.contains(OFlags::APPEND) && asks;
        match appends || self.config.profile == Profile::Direct {
            true => direct,
            false => usual,
        }
    }
}
