//! The verbs on node ids, as plain calls that may block. Knows nothing of the kernel's protocol.

mod attrs;
mod change;
mod entry;
mod files;
mod growth;
mod links;
mod listing;
mod lookup;
mod names;
mod open;
mod opening;
mod outside;
mod patience;
mod pin;
mod spares;
mod through;
mod unasked;
mod walk;
mod walkers;
mod xattrs;

use std::sync::Arc;
use std::time::Duration;

use cachefs_vfs::{Caps, FsStat, Result, VDir, Vfs};

use crate::belief::{Belief, Stamp};
use crate::buffers::Buffers;
use crate::handles::{Closed, Handles};
use crate::inodes::{Inodes, Moves, NodeId};
use crate::notify::Outbox;
use crate::serve::{Listeners, Serving};
use crate::{MountConfig, OwnXattrs};
pub(crate) use change::Change;
pub(crate) use entry::{Entry, Shown};
pub(crate) use files::WriteHow;
pub(crate) use listing::Listed;
pub(crate) use names::Created;
pub(crate) use open::Pages;
pub(crate) use opening::Opening;
pub(crate) use spares::Spares;
pub(crate) use walkers::Errand;
use walkers::Walkers;

/// A filesystem seen through the numbers the kernel uses.
#[derive(Debug)]
pub(crate) struct Tree {
    fs: Arc<dyn Vfs>,
    caps: Caps,
    root: Arc<dyn VDir>,
    inodes: Inodes,
    handles: Handles,
    spares: Spares,
    walkers: Walkers,
    moves: Moves,
    buffers: Buffers,
    belief: Belief,
    serving: Serving,
    listeners: Listeners,
    /// What the kernel is yet to be told.
    outbox: Arc<Outbox>,
    /// What is told of files beside what the filesystem tells.
    own_xattrs: Option<Arc<dyn OwnXattrs>>,
    /// How long a walk that races with renames is tried again.
    settle_max: Duration,
    /// Whether this process may open every file, whatever its mode.
    privileged: bool,
}

impl Tree {
    pub(crate) fn new(fs: Arc<dyn Vfs>, config: &MountConfig) -> Result<Self> {
        let root = fs.root()?;
        let attr = root.attr()?;
        Ok(Self {
            caps: fs.caps(),
            fs,
            root,
            inodes: Inodes::new(&attr, config.is_uncounted()),
            handles: Handles::new(config),
            spares: Spares::new(Spares::share(config)),
            walkers: Walkers::new(),
            moves: Moves::default(),
            buffers: Buffers::default(),
            belief: Belief::new(config),
            serving: Serving::new(config),
            listeners: Listeners::new(config),
            outbox: Arc::new(Outbox::new(config.notices_max, config.notifiers_max)),
            own_xattrs: config.own_xattrs.clone(),
            settle_max: config.deadline / 2,
            privileged: rustix::process::geteuid().is_root(),
        })
    }

    pub(crate) fn caps(&self) -> Caps {
        self.caps
    }

    pub(crate) fn inodes(&self) -> &Inodes {
        &self.inodes
    }

    pub(crate) fn handles(&self) -> &Handles {
        &self.handles
    }

    pub(crate) fn spares(&self) -> &Spares {
        &self.spares
    }

    pub(crate) fn belief(&self) -> &Belief {
        &self.belief
    }

    pub(crate) fn serving(&self) -> &Serving {
        &self.serving
    }

    pub(crate) fn listeners(&self) -> &Listeners {
        &self.listeners
    }

    pub(crate) fn outbox(&self) -> &Arc<Outbox> {
        &self.outbox
    }

    /// The moment at which a request came.
    pub(crate) fn now(&self) -> Stamp {
        self.belief.epochs().now()
    }

    pub(crate) fn stat_fs(&self) -> Result<FsStat> {
        self.fs.stat_fs()
    }

    /// The kernel gives back references.
    pub(crate) fn forget(&self, node: NodeId, references: u64) -> Closed {
        match self.inodes.forget(node, references) {
            // A look-up may have come in between, with a handle of its own.
            true => self.handles.remove(node, || self.inodes.contains(node)),
            false => Closed::default(),
        }
    }
}
