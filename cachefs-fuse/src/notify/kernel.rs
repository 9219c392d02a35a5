use std::ffi::OsStr;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

use cachefs_vfs::Errno;
use fuser::{INodeNo, Notifier};

use super::{NoticeKind, Outbox};
use crate::inodes::NodeId;

/// A name that no file has, so that a notice about it waits for the directory's lock and does nothing.
const NO_NAME: &[u8] = b"/";
/// `FUSE_NOTIFY_INVAL_ENTRY`, by hand for the flag that the protocol's library does not know.
const INVAL_ENTRY: i32 = 3;
/// `FUSE_EXPIRE_ONLY`, Linux 6.2. Before, the name is dropped, and what is mounted there with it.
const EXPIRE_ONLY: u32 = 1;
/// `FUSE_NOTIFY_INC_EPOCH`, Linux 6.16, which the protocol's library does not know.
const INC_EPOCH: i32 = 8;
/// Bytes of the header of a message: its length, its kind, and no request that it answers.
const HEADER: usize = 16;

/// The kernel's ear. Every call may block for as long as requests of the file or directory it names are unanswered: none
/// may be made by a thread that serves requests.
#[derive(Debug)]
pub(super) struct Kernel {
    notifier: Notifier,
    connection: OwnedFd,
    outbox: Arc<Outbox>,
    epochs: bool,
}

impl Kernel {
    pub(super) fn new(notifier: Notifier, connection: OwnedFd, outbox: Arc<Outbox>) -> Self {
        let mut kernel = Self { notifier, connection, outbox, epochs: false };
        kernel.epochs = kernel.increment_epoch().is_ok();
        kernel
    }

    /// Whether [`Kernel::epoch`] does anything.
    pub(super) fn has_epochs(&self) -> bool {
        self.epochs
    }

    /// The attributes of a file are to be asked for again. Does not wait.
    pub(super) fn attr(&self, node: NodeId) {
        let told = self.notifier.inval_inode(INodeNo(node.0), -1, 0);
        self.note(NoticeKind::Attr, node, told);
    }

    /// Attributes, and bytes or a listing.
    pub(super) fn data(&self, node: NodeId) {
        let told = self.notifier.inval_inode(INodeNo(node.0), 0, 0);
        self.note(NoticeKind::Data, node, told);
    }

    /// A name is to be looked up again.
    pub(super) fn entry(&self, dir: NodeId, name: &[u8]) {
        let told = self.notifier.inval_entry(INodeNo(dir.0), OsStr::from_bytes(name));
        self.note(NoticeKind::Entry, dir, told);
    }

    /// The same for a name that most likely stands for what it stood for: until the answer says otherwise, who is there
    /// stays there, and what is mounted there stays mounted.
    pub(super) fn again(&self, dir: NodeId, name: &[u8]) {
        let told = match self.expire(dir, name) {
            // It does not know the name.
            Err(Errno::NOENT) => Ok(()),
            told => told.map_err(io::Error::from),
        };
        self.note(NoticeKind::Entry, dir, told);
    }

    /// The name of a file nobody has open is gone. Waits also for changes of the file itself.
    pub(super) fn delete(&self, dir: NodeId, child: NodeId, name: &[u8]) {
        let told = self.notifier.delete(INodeNo(dir.0), INodeNo(child.0), OsStr::from_bytes(name));
        self.note(NoticeKind::Delete, dir, told);
    }

    /// Comes back when look-ups and listings of a directory that were answered before have reached those who asked.
    pub(super) fn barrier(&self, dir: NodeId) {
        let told = self.notifier.inval_entry(INodeNo(dir.0), OsStr::from_bytes(NO_NAME));
        self.note(NoticeKind::Barrier, dir, told);
    }

    /// Every name, also of those that do not exist, is to be looked up again. What is mounted below is unmounted.
    pub(super) fn epoch(&self) {
        let told = self.increment_epoch().map_err(io::Error::from);
        self.note(NoticeKind::Epoch, NodeId::ROOT, told);
    }

    fn increment_epoch(&self) -> Result<(), Errno> {
        self.send(INC_EPOCH, &[])
    }

    /// The directory, the length of the name, a flag, and the name with a zero at its end.
    fn expire(&self, dir: NodeId, name: &[u8]) -> Result<(), Errno> {
        let length = u32::try_from(name.len()).map_err(|_| Errno::NAMETOOLONG)?;
        let words = [length.to_ne_bytes(), EXPIRE_ONLY.to_ne_bytes()];
        self.send(INVAL_ENTRY, &[&dir.0.to_ne_bytes(), words.as_flattened(), name, &[0]].concat())
    }

    fn send(&self, kind: i32, body: &[u8]) -> Result<(), Errno> {
        let length = u32::try_from(HEADER + body.len()).map_err(|_| Errno::MSGSIZE)?;
        let request = 0_u64;
        let header = [&length.to_ne_bytes()[..], &kind.to_ne_bytes(), &request.to_ne_bytes()];
        rustix::io::write(&self.connection, &[&header.concat(), body].concat()).map(drop)
    }

    fn note(&self, kind: NoticeKind, node: NodeId, told: io::Result<()>) {
        self.outbox.counts().sent(kind);
        if let Err(error) = told {
            self.outbox.counts().failed();
            tracing::debug!(kind = kind.name(), node = node.0, %error, "the kernel refused a notice");
        }
    }
}
