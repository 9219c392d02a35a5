//! What the kernel serves by itself: with [`Profile::Stream`] the bytes of files, straight from those beneath.
//!
//! Of one inode the kernel has either all open files pass through, by one and the same backing file, or none, as long as
//! any of them is open; whatever else it is answered it turns into `EIO`. It gives an open file up before it says so, so
//! that this table never believes that something is over which is not.

mod direct;
mod file;
mod handle;
mod listeners;
mod right;

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use cachefs_vfs::Errno;
use fuser::BackingId;
use hashbrown::HashMap;
use parking_lot::Mutex;

use crate::inodes::NodeId;
use crate::{MountConfig, Profile};
pub(crate) use direct::takes_direct;
use file::OpenFile;
pub(crate) use file::Way;
pub(crate) use handle::Handle;
pub(crate) use listeners::Listeners;

const SHARDS: usize = 64;

/// The open files of a mount. A shard is locked over a call to the kernel that hands it a descriptor, which does not
/// wait for anything.
#[derive(Debug)]
pub(crate) struct Serving {
    /// Files are to pass through.
    wanted: AtomicBool,
    shards: Box<[Mutex<HashMap<NodeId, OpenFile>>]>,
    /// Open files through which programs may write past us.
    writers: AtomicUsize,
    /// A refusal was logged.
    told: AtomicBool,
}

/// The profile under which a mount can be had: without the right to hand files to the kernel, the default one.
pub(crate) fn possible(config: MountConfig) -> MountConfig {
    match config.profile {
        Profile::Stream if !right::is_administrator() => {
            tracing::warn!(
                "the profile stream needs the right to administrate the system (CAP_SYS_ADMIN): files are served as by pages"
            );
            MountConfig { profile: Profile::Pages, ..config }
        }
        _ => config,
    }
}

impl Serving {
    pub(crate) fn new(config: &MountConfig) -> Self {
        Self {
            wanted: AtomicBool::new(config.profile == Profile::Stream),
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            writers: AtomicUsize::new(0),
            told: AtomicBool::new(false),
        }
    }

    /// Whether files are to pass through.
    pub(crate) fn passes(&self) -> bool {
        self.wanted.load(Ordering::Relaxed)
    }

    /// This kernel passes nothing through. To be called before the first file is opened.
    pub(crate) fn give_up(&self) {
        self.wanted.store(false, Ordering::Relaxed);
        tracing::warn!(
            "this kernel passes no files through, as the profile stream would have it: they are cached"
        );
    }

    /// The kernel is about to be answered that a file is open. `register` hands it the descriptor of the file beneath.
    pub(crate) fn opened(
        &self,
        node: NodeId,
        writes: bool,
        register: impl FnOnce() -> Option<BackingId>,
    ) -> Way {
        if !self.passes() {
            return Way::Ours;
        }
        let mut shard = self.shard(node).lock();
        let file = shard.entry(node).or_insert_with(|| OpenFile::new(register()));
        let way = file.opened(writes);
        if writes && matches!(way, Way::Through(_)) {
            self.writers.fetch_add(1, Ordering::SeqCst);
        }
        way
    }

    /// The kernel closed an open file.
    pub(crate) fn closed(&self, node: NodeId, handle: Handle) {
        if !self.passes() {
            return;
        }
        let mut shard = self.shard(node).lock();
        let over = shard.get_mut(&node).is_some_and(|file| file.closed(handle));
        let gone = if over { shard.remove(&node) } else { None };
        drop(shard);
        if handle == Handle::Writing {
            self.writers.fetch_sub(1, Ordering::SeqCst);
        }
        drop(gone);
    }

    /// Whether programs may be writing to a file past us at this moment.
    pub(crate) fn is_written(&self, node: NodeId) -> bool {
        self.has_writers() && self.shard(node).lock().get(&node).is_some_and(OpenFile::is_written)
    }

    /// Whether they may to any.
    pub(crate) fn has_writers(&self) -> bool {
        self.writers.load(Ordering::SeqCst) > 0
    }

    /// Hands a descriptor to the kernel by `call`; where it does not take it, the file is served by us.
    pub(crate) fn register(
        &self,
        descriptor: Option<OwnedFd>,
        call: impl FnOnce(OwnedFd) -> io::Result<BackingId>,
    ) -> Option<BackingId> {
        let refused: io::Error = match descriptor.map(call) {
            Some(Ok(id)) => return Some(id),
            Some(Err(error)) => error,
            None => Errno::OPNOTSUPP.into(),
        };
        match self.told.swap(true, Ordering::Relaxed) {
            false => tracing::warn!(error = %refused, "a file cannot pass through the kernel, and is cached"),
            true => tracing::debug!(error = %refused, "a file cannot pass through the kernel, and is cached"),
        }
        None
    }

    fn shard(&self, node: NodeId) -> &Mutex<HashMap<NodeId, OpenFile>> {
        &self.shards[usize::try_from(node.0 % SHARDS as u64).unwrap_or(0)]
    }
}

/// What a file passes through by.
pub(crate) type Passage = Arc<BackingId>;
