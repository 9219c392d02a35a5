use std::ops::Deref;

use cachefs_policy::LATE_HITS_MAX;
use cachefs_sys::Pinned;

use crate::block::{BlockKey, Frame};
use crate::sync::{AtomicBool, AtomicU8, Ordering};

/// A block in the store.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) key: BlockKey,
    pub(super) frame: Frame,
    /// Loaded ahead, and not read yet.
    ahead: AtomicBool,
    /// Hits that the policy was not told of yet.
    hits: AtomicU8,
    /// Not to be evicted, and unknown to the policy. Changed under the lock of the shard.
    kept: AtomicBool,
}

impl Entry {
    pub(super) fn new(key: BlockKey, frame: Frame, ahead: bool) -> Self {
        let (ahead, kept) = (AtomicBool::new(ahead), AtomicBool::new(false));
        Self { key, frame, ahead, hits: AtomicU8::new(0), kept }
    }

    pub(super) fn is_kept(&self) -> bool {
        self.kept.load(Ordering::Relaxed)
    }

    pub(super) fn set_kept(&self, kept: bool) {
        self.kept.store(kept, Ordering::Relaxed);
    }

    pub(super) fn is_ahead(&self) -> bool {
        self.ahead.load(Ordering::Relaxed)
    }

    /// Whether this is the first use of what was loaded ahead. It is to one caller only.
    pub(super) fn use_ahead(&self) -> bool {
        self.is_ahead() && self.ahead.swap(false, Ordering::Relaxed)
    }

    /// Notes a hit, as long as more of them count. Two at once may be one.
    pub(super) fn note_hit(&self) {
        let hits = self.hits.load(Ordering::Relaxed);
        if hits < LATE_HITS_MAX {
            self.hits.store(hits + 1, Ordering::Relaxed);
        }
    }

    pub(super) fn take_hits(&self) -> u8 {
        match self.hits.load(Ordering::Relaxed) {
            0 => 0,
            _ => self.hits.swap(0, Ordering::Relaxed),
        }
    }
}

/// The bytes of a block that was found: they are there, and the same, until this is dropped.
#[derive(Debug)]
pub(crate) struct Hit<'a>(pub(super) Pinned<'a, Entry>);

impl Hit<'_> {
    /// The same, for longer.
    pub(crate) fn frame(&self) -> Frame {
        self.0.frame.clone()
    }
}

impl Deref for Hit<'_> {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        &self.0.frame
    }
}
