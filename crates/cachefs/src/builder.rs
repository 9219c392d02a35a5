use std::time::Duration;

use cachefs_policy::{EvictionPolicy, PolicyKind};
use cachefs_vfs::Vfs;
use cachefs_writeback::WriteBack;

use crate::coherence::Coherence;
use crate::config::{Config, WriteMode};
use crate::engine::Engine;
use crate::error::BuildError;
use crate::fs::CacheFs;
use crate::store::PolicyFactory;
use crate::sync::Arc;
use crate::time::{Clock, SystemClock};

/// Sets the limits and modes of a cache; see [`CacheFs::builder`]. Every limit holds at every moment.
#[must_use = "a builder does nothing until it builds"]
pub struct CacheBuilder {
    backing: Arc<dyn Vfs>,
    config: Config,
    clock: Arc<dyn Clock>,
    policy: Box<PolicyFactory>,
    write_back: Option<Arc<WriteBack>>,
}

impl CacheBuilder {
    /// Fewest metadata entries that a cache can work with.
    const METADATA_ENTRIES_MIN: usize = 16;

    pub(crate) fn new(backing: Arc<dyn Vfs>) -> Self {
        Self {
            backing,
            config: Config::default(),
            clock: Arc::new(SystemClock),
            policy: Box::new(|capacity| PolicyKind::default().build(capacity)),
            write_back: None,
        }
    }

    /// Memory for file contents, in bytes; 512 MiB if not set. With 0, bytes are never kept.
    pub fn memory(mut self, bytes: usize) -> Self {
        self.config.memory_bytes = bytes;
        self
    }

    /// Memory that files which are pinned ([`CacheFs::pin`]) may take of it, in bytes; a quarter of the memory if not
    /// set, and never more than three quarters, of the blocks neither.
    pub fn pin_max(mut self, bytes: usize) -> Self {
        self.config.pin_bytes_max = Some(bytes);
        self
    }

    /// Blocks held at most, whatever their size; 1,048,576 if not set.
    pub fn block_entries(mut self, entries: usize) -> Self {
        self.config.block_entries = entries;
        self
    }

    /// Attributes and names (those that do not exist included) held at most, half of it each; 131,072 if not set.
    /// An entry takes about 500 bytes for attributes, 130 and its length for a name. Attributes of files that handles
    /// stand for are kept beyond it.
    pub fn metadata_entries(mut self, entries: usize) -> Self {
        self.config.metadata_entries = entries;
        self
    }

    /// Directory entries held in listings at most, over all listings; 131,072 if not set. Each takes 32 bytes and its
    /// name. A directory with more entries is listed by the backing each time. A listing counts as one
    /// entry more than it has.
    pub fn listing_entries(mut self, entries: usize) -> Self {
        self.config.listing_entries = entries;
        self
    }

    /// What happens to bytes that are written; [`WriteMode::Through`] if not set.
    pub fn write_mode(mut self, mode: WriteMode) -> Self {
        self.config.write_mode = mode;
        self
    }

    /// How changes by others are met; [`Coherence::Ttl`] of one second if not set. [`Coherence::Ttl`] sets all four
    /// lifetimes.
    pub fn coherence(mut self, coherence: Coherence) -> Self {
        self.config.coherence = coherence;
        match coherence {
            Coherence::Ttl(ttl) => self.attr_ttl(ttl).name_ttl(ttl).negative_ttl(ttl).listing_ttl(ttl),
            Coherence::Watch(_) | Coherence::Open | Coherence::Single => self,
        }
    }

    /// How long everything known of the backing holds without asking again: how stale it may be when others change
    /// it. The same as [`Self::coherence`] with [`Coherence::Ttl`].
    pub fn ttl(self, ttl: Duration) -> Self {
        self.coherence(Coherence::Ttl(ttl))
    }

    /// How long attributes hold, and with them the bytes of a file. This and the other lifetimes are for
    /// [`Coherence::Ttl`], and for what the watch of [`Coherence::Watch`] does not cover; one second if not set.
    pub fn attr_ttl(mut self, ttl: Duration) -> Self {
        self.config.ttls.attr = ttl;
        self
    }

    /// How long names hold.
    pub fn name_ttl(mut self, ttl: Duration) -> Self {
        self.config.ttls.name = ttl;
        self
    }

    /// How long it holds that a name does not exist.
    pub fn negative_ttl(mut self, ttl: Duration) -> Self {
        self.config.ttls.negative = ttl;
        self
    }

    /// How long listings of directories hold.
    pub fn listing_ttl(mut self, ttl: Duration) -> Self {
        self.config.ttls.listing = ttl;
        self
    }

    /// How far ahead of a sequential reader the backing is read, in bytes, and never more than an eighth of the
    /// memory; 4 MiB if not set, 0 for not at all.
    pub fn readahead(mut self, bytes: u64) -> Self {
        self.config.readahead_bytes = bytes;
        self
    }

    /// Background threads, for reading ahead; 4 if not set. With 0, nothing is read ahead.
    pub fn workers(mut self, threads: usize) -> Self {
        self.config.workers = threads;
        self
    }

    /// Whether [`CacheFs::mrc`] can tell what more memory or another policy would bring; false if not set. A read of a
    /// block that is in the sample takes about 5 ns more then: with less than 4096 blocks in use these are all, with
    /// many it is a small share.
    pub fn curve(mut self, wanted: bool) -> Self {
        self.config.curve = wanted;
        self
    }

    /// Files and directories of the backing kept open at most; 1024 if not set. What could not be
    /// opened again stays open beyond it as long as a handle stands for it: files that were deleted, or that their
    /// permissions would keep us out of by now, and files opened to be read past the backing's own caches.
    pub fn handles_max(mut self, handles: usize) -> Self {
        self.config.handles_max = handles;
        self
    }

    /// How often files that others may have open for writing are re-checked under [`Coherence::Watch`]; one second if
    /// not set, zero for only at [`CacheFs::recheck`].
    pub fn recheck(mut self, period: Duration) -> Self {
        self.config.recheck = period;
        self
    }

    /// The clock that lifetimes are measured by; the system's if not set.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Which blocks go when memory is short; [`PolicyKind::S3Fifo`] if not set. What is read ahead of a
    /// sequential reader waits for its first use beside the policy, whichever it is.
    pub fn policy(self, kind: PolicyKind) -> Self {
        self.policy_by(move |capacity| kind.build(capacity))
    }

    /// The same by a policy of your own: makes one for a part of the block store, of so many bytes. There are several
    /// parts, each with a policy to itself.
    pub fn policy_by(
        mut self,
        make: impl Fn(u64) -> Box<dyn EvictionPolicy> + Send + Sync + 'static,
    ) -> Self {
        self.policy = Box::new(make);
        self
    }

    /// Tells the cache of the write-back that it lies over, for [`CacheFs::batch_flush`] and [`CacheFs::batch_stats`],
    /// and the write-back of the cache, as [`WriteBack::inform`] does.
    pub fn write_back(mut self, write_back: Arc<WriteBack>) -> Self {
        self.write_back = Some(write_back);
        self
    }

    /// Builds the cache. Asks the backing for its root.
    ///
    /// # Errors
    /// If the backing has no root to show or cannot be watched though it should, a thread cannot be started or a limit makes no sense.
    pub fn build(self) -> Result<CacheFs, BuildError> {
        let given = self.config.metadata_entries;
        let min = Self::METADATA_ENTRIES_MIN;
        if given < min {
            return Err(BuildError::Limit { what: "metadata entries", min, given });
        }
        let engine = Engine::new(self.backing, self.config, self.clock, &self.policy);
        CacheFs::new(engine, self.write_back)
    }
}

impl std::fmt::Debug for CacheBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CacheBuilder")
            .field("backing", &self.backing)
            .field("config", &self.config)
            .field("clock", &self.clock)
            .finish_non_exhaustive()
    }
}
