use std::path::PathBuf;

use cachefs_vfs::FileId;
use cachefs_vfs::clock::Moment;

use super::State;
use super::turn::TurnLock;
use crate::sync::{Arc, AtomicBool, AtomicU64, Mutex, MutexGuard, Ordering};

/// A file that is dirty, was so lately, or whose turn somebody has.
#[derive(Debug)]
pub(crate) struct DirtyFile {
    id: FileId,
    turn: TurnLock,
    /// A flusher has it.
    claimed: AtomicBool,
    /// When its flush under way made progress last; 0 if there is none.
    moved: AtomicU64,
    state: Mutex<State>,
}

impl DirtyFile {
    pub(crate) fn new(id: FileId) -> Self {
        let (turn, claimed, moved) = Default::default();
        Self { id, turn, claimed, moved, state: Mutex::default() }
    }

    /// Which file of the backing it is.
    pub(crate) fn id(&self) -> FileId {
        self.id
    }

    /// Whether it has bytes that the backing lacks, or may have.
    pub(crate) fn is_dirty(&self) -> bool {
        self.state().is_dirty()
    }

    /// Short: never over I/O but an append to the journal.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    /// Where it is, as far as that is known: for the journal and for messages.
    pub(crate) fn path(&self) -> PathBuf {
        let (place, hint) = {
            let state = self.state();
            (state.place.clone(), state.hint.clone())
        };
        place.and_then(|place| place.path()).unwrap_or(hint)
    }

    /// As [`Self::path`], or what stands for one in a message.
    pub(crate) fn told(&self) -> PathBuf {
        let path = self.path();
        if path.as_os_str().is_empty() { format!("(inode {})", self.id.inode).into() } else { path }
    }

    pub(crate) fn take_turn(&self) {
        self.turn.acquire();
    }

    /// Waits for it until `leaves` says not to. Whether the caller has it.
    pub(crate) fn take_turn_unless(&self, leaves: &dyn Fn() -> bool) -> bool {
        self.turn.acquire_unless(leaves)
    }

    /// Whether nobody had it.
    pub(crate) fn try_turn(&self) -> bool {
        self.turn.try_acquire()
    }

    pub(crate) fn end_turn(&self) {
        self.turn.release();
    }

    /// Whether it is being flushed by a flusher.
    pub(crate) fn is_claimed(&self) -> bool {
        self.claimed.load(Ordering::Relaxed)
    }

    /// When its flush under way, by whomever, made progress last.
    pub(crate) fn moved(&self) -> Option<Moment> {
        Some(self.moved.load(Ordering::Relaxed)).filter(|&moved| moved > 0).map(Moment)
    }

    /// Its flush makes progress.
    pub(crate) fn moves(&self, now: Moment) {
        self.moved.store(now.0.max(1), Ordering::Relaxed);
    }

    /// No flush is under way.
    pub(crate) fn rests(&self) {
        self.moved.store(0, Ordering::Relaxed);
    }

    /// Marks it as being flushed, so that no two flushers wait for the same turn; `None` if it is.
    pub(crate) fn claim(self: &Arc<Self>) -> Option<Claim> {
        let free = !self.claimed.swap(true, Ordering::Acquire);
        free.then(|| Claim(Arc::clone(self)))
    }
}

/// See [`DirtyFile::claim`].
#[derive(Debug)]
pub(crate) struct Claim(Arc<DirtyFile>);

impl Claim {
    pub(crate) fn file(&self) -> &Arc<DirtyFile> {
        &self.0
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.0.claimed.store(false, Ordering::Release);
    }
}
