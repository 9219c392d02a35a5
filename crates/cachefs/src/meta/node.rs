use std::sync::OnceLock;

use cachefs_vfs::FileId;

use super::{Stamp, StampCell, State, StateLock, Watched, WatchedMark};
use crate::block::Generation;
use crate::handle::Io;
use crate::sync::{AtomicU32, Ordering};

/// An inode of the backing that something is known of. Small, for there are many: 520 bytes with its place in the
/// table; what only opened ones need is aside.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) id: FileId,
    pub(crate) state: StateLock,
    /// Our last change of a name in this directory: names and listings asked for before it are not cached.
    pub(crate) names_changed: StampCell,
    /// Names of this directory that were asked for before are void.
    pub(crate) names_since: StampCell,
    watched: Watched,
    /// Changes of ours of names in this directory that are under way.
    names_busy: AtomicU32,
    io: OnceLock<Box<Io>>,
}

impl Node {
    pub(super) fn new(id: FileId, born: Stamp, changed: Stamp) -> Self {
        Self {
            id,
            state: StateLock::new(State::new(Generation(born.number()), changed)),
            names_changed: StampCell::default(),
            names_since: StampCell::new(born),
            watched: Watched::default(),
            names_busy: AtomicU32::new(0),
            io: OnceLock::new(),
        }
    }

    /// A change of ours of a name begins (true) or is over.
    pub(crate) fn mark_names_busy(&self, busy: bool) {
        if busy {
            self.names_busy.fetch_add(1, Ordering::SeqCst);
        } else {
            self.names_busy.fetch_sub(1, Ordering::SeqCst);
        }
    }

    /// Whether a change of ours of a name is under way.
    pub(crate) fn is_names_busy(&self) -> bool {
        self.names_busy.load(Ordering::SeqCst) > 0
    }

    /// Whether a watch covered it when the stamp was taken, and all was told since `proven`.
    pub(crate) fn is_covered_at(&self, stamp: Stamp, proven: Stamp) -> bool {
        self.watched.is_covered_at(stamp, proven)
    }

    /// Whether nobody tried to put it under watch yet, or not since `proven`.
    pub(crate) fn is_cover_unknown(&self, proven: Stamp) -> bool {
        self.watched.is_unknown(proven)
    }

    /// To be taken before it is put under watch.
    pub(crate) fn cover_mark(&self) -> WatchedMark {
        self.watched.mark()
    }

    /// A watch covers it for all that is asked from `stamp` on, unless that ended since the mark.
    pub(crate) fn set_covered(&self, mark: WatchedMark, stamp: Stamp) {
        self.watched.cover(mark, stamp);
    }

    /// No watch will cover it.
    pub(crate) fn refuse_cover(&self) {
        self.watched.refuse();
    }

    /// What a watch covered is gone; another one may come that has its identity.
    pub(crate) fn end_cover(&self, stamp: Stamp) {
        self.watched.end(stamp);
    }

    /// What handles of it need; made at the first time.
    pub(crate) fn io(&self) -> &Io {
        self.io.get_or_init(Box::default)
    }

    /// The same, if there ever was a handle.
    pub(crate) fn io_if_any(&self) -> Option<&Io> {
        self.io.get().map(|io| &**io)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_small() {
        assert!(size_of::<Node>() <= 432, "{}", size_of::<Node>());
    }
}
