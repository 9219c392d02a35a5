//! How long the kernel may believe what it is answered.

mod epochs;
mod flux;
pub(crate) mod hash;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use cachefs_vfs::{Attr, FileId, Watch};

pub(crate) use epochs::{Epochs, Stamp};
use flux::Flux;

use crate::{MountConfig, Profile, Trust};

/// Longer than any mount lives.
const EVER: Duration = Duration::from_secs(10 * 365 * 24 * 3600);
/// For negative answers that no notice can take back.
const UNTOLD_NEGATIVE: Duration = Duration::from_secs(1);
/// A file with more names than this has some that the mount forgot, through which an answer may be on its way.
const LINKS_TOLD_MAX: u32 = 64;

/// Decides it.
#[derive(Debug)]
pub(crate) struct Belief {
    trust: Trust,
    /// [`Belief::is_nothing`].
    nothing: bool,
    /// [`Belief::is_unasked`].
    unasked: bool,
    attr: Duration,
    entry: Duration,
    negative: Duration,
    epochs: Epochs,
    flux: Flux,
    /// Owned by the mount, which ends it.
    watch: OnceLock<Weak<dyn Watch>>,
    lost: AtomicBool,
    /// The kernel can be made to ask again for names that do not exist.
    recalls_negative: AtomicBool,
}

impl Belief {
    pub(crate) fn new(config: &MountConfig) -> Self {
        Self {
            trust: config.trust,
            nothing: config.profile == Profile::Direct,
            unasked: config.assumes_no_growth(),
            attr: config.attr_ttl,
            entry: config.entry_ttl,
            negative: config.negative_ttl,
            epochs: Epochs::new(config.trust == Trust::Watch),
            flux: Flux::new(config.trust == Trust::Watch),
            watch: OnceLock::new(),
            lost: AtomicBool::new(false),
            recalls_negative: AtomicBool::new(false),
        }
    }

    pub(crate) fn epochs(&self) -> &Epochs {
        &self.epochs
    }

    /// Files that others are changing.
    pub(crate) fn flux(&self) -> &Flux {
        &self.flux
    }

    /// The kernel is to believe nothing, whoever tells of changes.
    pub(crate) fn is_nothing(&self) -> bool {
        self.nothing
    }

    /// Changes by others are told of, or were.
    pub(crate) fn is_told(&self) -> bool {
        self.trust == Trust::Watch
    }

    /// The kernel opens files without asking, although others change them: no opening can mend what it knows.
    pub(crate) fn is_unasked(&self) -> bool {
        self.unasked
    }

    /// The kernel is to keep listings from one opening of a directory to the next.
    pub(crate) fn keeps_listings(&self) -> bool {
        !self.nothing && matches!(self.trust, Trust::Watch | Trust::Always)
    }

    pub(crate) fn begin_watch(&self, watch: &Arc<dyn Watch>) {
        // The mount sets it once, before the first request.
        let _first = self.watch.set(Arc::downgrade(watch));
    }

    pub(crate) fn watch(&self) -> Option<Arc<dyn Watch>> {
        self.watch.get().and_then(Weak::upgrade)
    }

    /// Nobody tells of changes any more.
    pub(crate) fn lose_watch(&self) {
        self.lost.store(true, Ordering::SeqCst);
    }

    pub(crate) fn is_lost(&self) -> bool {
        self.lost.load(Ordering::SeqCst)
    }

    /// The kernel can be made to ask again for every name, also for those that do not exist.
    pub(crate) fn recalls_negative(&self) {
        self.recalls_negative.store(true, Ordering::Relaxed);
    }

    /// Whether what is known of this file holds until it is told to have changed.
    pub(crate) fn holds(&self, id: FileId) -> bool {
        match self.trust {
            Trust::Ttl | Trust::Never => false,
            Trust::Always => true,
            Trust::Watch => !self.is_lost() && self.watch().is_some_and(|watch| watch.covers(id)),
        }
    }

    /// Whether what is known of the names in a directory holds until it is told to have changed.
    pub(crate) fn holds_names(&self, dir: FileId) -> bool {
        match self.trust {
            Trust::Ttl | Trust::Never => false,
            Trust::Always => true,
            Trust::Watch => !self.is_lost() && self.watch().is_some_and(|watch| watch.covers_names(dir)),
        }
    }

    /// How long attributes are believed. A write may strip set-id bits here, which the kernel does not know of.
    pub(crate) fn attr(&self, attr: &Attr) -> Duration {
        if attr.kind.is_regular() && attr.mode.bits() & 0o6000 != 0 {
            return Duration::ZERO;
        }
        let told = attr.kind.is_dir() || attr.links <= LINKS_TOLD_MAX || !self.is_told();
        self.time(|| told && self.holds(attr.id), self.attr)
    }

    /// How long those are that a change through the mount left. The kernel takes them over although a notice may have
    /// come meanwhile.
    pub(crate) fn attr_changed(&self, attr: &Attr) -> Duration {
        if self.is_told() { Duration::ZERO } else { self.attr(attr) }
    }

    /// Whether the kernel asks for each name in each walk, also for one that it walked by just now.
    pub(crate) fn asks_in_each_walk(&self) -> bool {
        match self.trust {
            _ if self.nothing => true,
            Trust::Never => true,
            Trust::Ttl => self.entry.is_zero(),
            Trust::Watch | Trust::Always => false,
        }
    }

    /// How long names in a directory are believed to stand for what they stood for.
    pub(crate) fn entry(&self, dir: Option<FileId>) -> Duration {
        self.time(|| dir.is_some_and(|dir| self.holds_names(dir)), self.entry)
    }

    /// How long they are believed not to exist.
    pub(crate) fn negative(&self, dir: Option<FileId>) -> Duration {
        let time = self.time(|| dir.is_some_and(|dir| self.holds_names(dir)), self.negative);
        match self.is_told() && !self.recalls_negative.load(Ordering::Relaxed) {
            true => time.min(UNTOLD_NEGATIVE),
            false => time,
        }
    }

    fn time(&self, holds: impl FnOnce() -> bool, otherwise: Duration) -> Duration {
        match self.trust {
            _ if self.nothing => Duration::ZERO,
            Trust::Ttl => otherwise,
            Trust::Never => Duration::ZERO,
            Trust::Always => EVER,
            Trust::Watch if self.is_lost() => Duration::ZERO,
            Trust::Watch if holds() => EVER,
            Trust::Watch => otherwise,
        }
    }
}
