use cachefs_vfs::{Notice, Watcher};
use parking_lot::ReentrantMutexGuard;

use crate::sync::{Arc, AtomicU64, Mutex, Ordering, ReentrantMutex};

/// Who watches the cache: told of every notice when it is worked in, one after the other.
#[derive(Debug, Default)]
pub(super) struct Listeners {
    /// Held while a notice is worked in and handed on, also by those who hand on one of their own. Above all other
    /// locks; a listener may let go of its watch while it is told.
    turn: ReentrantMutex<()>,
    /// A leaf lock.
    list: Mutex<Vec<(ListenerId, Arc<dyn Watcher>)>>,
    next: AtomicU64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ListenerId(u64);

impl Listeners {
    /// The right to work in a notice and hand it on.
    pub(super) fn turn(&self) -> ReentrantMutexGuard<'_, ()> {
        self.turn.lock()
    }

    pub(super) fn tell(&self, notice: &Notice<'_>) {
        let _turn = self.turn();
        let list = self.list.lock().clone();
        list.iter().for_each(|(_, watcher)| watcher.notice(notice));
    }

    pub(super) fn add(&self, watcher: Arc<dyn Watcher>) -> ListenerId {
        let id = ListenerId(self.next.fetch_add(1, Ordering::Relaxed));
        self.list.lock().push((id, watcher));
        id
    }

    /// Waits for a notice under way.
    pub(super) fn remove(&self, id: ListenerId) {
        let _turn = self.turn();
        let mut list = self.list.lock();
        let gone = list.iter().position(|(other, _)| *other == id).map(|at| list.swap_remove(at));
        drop(list);
        drop(gone);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.lock().is_empty()
    }
}
