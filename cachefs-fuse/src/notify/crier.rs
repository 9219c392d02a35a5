use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use fuser::Notifier;

use super::kernel::Kernel;
use super::outbox::{Key, Outbox};
use super::sweep;
use super::work::Work;
use crate::inodes::NodeId;
use crate::tree::Tree;

/// Tells the kernel what the [`Outbox`] holds, by threads of its own: a notice waits for requests that we have not
/// answered.
#[derive(Debug)]
pub(crate) struct Crier {
    outbox: Arc<Outbox>,
}

/// What its threads share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) tree: Arc<Tree>,
    pub(super) kernel: Kernel,
    pub(super) outbox: Arc<Outbox>,
    /// The mount's, by which the kernel's table of mounts knows it.
    pub(super) device: String,
}

impl Crier {
    /// `device` is `MAJOR:MINOR` of the mount.
    pub(crate) fn start(
        tree: &Arc<Tree>,
        notifier: Notifier,
        connection: OwnedFd,
        device: String,
    ) -> io::Result<Self> {
        let outbox = Arc::clone(tree.outbox());
        let kernel = Kernel::new(notifier, connection, Arc::clone(&outbox));
        if kernel.has_epochs() {
            tree.belief().recalls_negative();
        }
        // From here on the threads end when this is dropped.
        let crier = Self { outbox: Arc::clone(&outbox) };
        let shared = Arc::new(Shared { tree: Arc::clone(tree), kernel, outbox, device });
        shared.grow()?;
        std::thread::Builder::new().name("cachefs-sweeper".to_owned()).spawn(move || sweep::run(&shared))?;
        Ok(crier)
    }

    /// Ends the threads, except those the kernel has not let go yet.
    pub(crate) fn stop(&self) {
        self.outbox.close();
    }
}

impl Drop for Crier {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Shared {
    /// Starts a thread, unless there are enough.
    fn grow(self: &Arc<Self>) -> io::Result<()> {
        if !self.outbox.enlist() {
            return Ok(());
        }
        let shared = Arc::clone(self);
        let spawned = std::thread::Builder::new()
            .name("cachefs-notifier".to_owned())
            .spawn(move || shared.work())
            .inspect_err(|_| self.outbox.discharge());
        spawned.map(drop)
    }

    fn work(self: &Arc<Self>) {
        while let Some(task) = self.outbox.next() {
            if task.alone
                && let Err(error) = self.grow()
            {
                tracing::debug!(%error, "no further thread for notices");
            }
            self.tell(task.key, &task.work);
            let passed_on = task.work.data && matches!(task.key, Key::Inode(_));
            if let Some(since) = task.work.since.filter(|_| !passed_on) {
                self.outbox.counts().told(since.elapsed());
            }
            self.outbox.done(task.key);
        }
    }

    fn tell(&self, key: Key, work: &Work) {
        match key {
            Key::Dir(dir) => self.tell_dir(dir, work),
            Key::Bytes(node) => {
                if self.tree.takes_bytes(node) {
                    self.kernel.data(node);
                }
            }
            Key::Inode(node) => self.tell_inode(node, work),
        }
    }

    /// Waits for nothing.
    fn tell_inode(&self, node: NodeId, work: &Work) {
        if self.tree.takes_attr(node) || work.all {
            self.kernel.attr(node);
            if self.tree.inodes().unsettled(node) != 0 {
                for dir in self.tree.inodes().ways(node) {
                    self.push(Key::Dir(dir), || Work::settle(node, work.all));
                }
            }
        }
        if work.data {
            self.push(Key::Bytes(node), || Work { since: work.since, ..Work::data() });
        }
    }

    fn tell_dir(&self, dir: NodeId, work: &Work) {
        let inodes = self.tree.inodes();
        if work.listing {
            self.kernel.attr(dir);
        }
        let settling: Vec<_> = work.settle.keys().map(|&node| (node, inodes.unsettled(node))).collect();
        // Each of these waits for the answers that are on their way.
        if work.names.is_empty() && work.again.is_empty() {
            self.kernel.barrier(dir);
        }
        work.names.iter().for_each(|(name, child)| self.tell_name(dir, name, *child));
        work.again.iter().for_each(|name| self.kernel.again(dir, name));
        if work.listing {
            self.kernel.data(dir);
        }
        for (node, seen) in settling {
            self.kernel.attr(node);
            if work.settle.get(&node) == Some(&true) {
                let links = inodes.links(node);
                let here = links.iter().filter(|link| link.parent == dir);
                here.for_each(|link| self.kernel.again(dir, &link.name));
            }
            inodes.settle(node, dir, seen);
        }
    }

    /// A file that is known to be gone for good is told as deleted, unless that could have to wait for its writers with
    /// the directory locked. A directory may come back from where nobody watches, and would be dead for good.
    fn tell_name(&self, dir: NodeId, name: &[u8], child: Option<NodeId>) {
        let inodes = self.tree.inodes();
        let gone = child.filter(|&child| {
            let file = inodes.state(child).is_some_and(|state| !state.kind.is_dir());
            file && !self.tree.may_be_written(child) && inodes.links(child).is_empty()
        });
        match gone {
            Some(child) => {
                self.kernel.delete(dir, child, name);
                // It may have names that we do not know of, and the kernel now believes that it has none.
                self.kernel.attr(child);
            }
            None => self.kernel.entry(dir, name),
        }
    }

    /// Adds work; if there is no room for it, everything has to be taken back.
    pub(super) fn push(&self, key: Key, work: impl FnOnce() -> Work) {
        if !self.outbox.push(key, work()) {
            self.outbox.sweep();
        }
    }
}
