use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use cachefs_vfs::{FileId, Touch, WatchHow, WatchMethod, WatchUsage, Watcher};
use parking_lot::Mutex;

use super::change::{Change, Via};
use super::side::Side;

/// One who is told, and of what.
#[derive(Debug)]
pub(super) struct Registration {
    pub(super) watcher: Arc<dyn Watcher>,
    how: WatchHow,
    pub(super) method: WatchMethod,
    /// Of the root: all of it is covered by [`WatchMethod::Filesystem`].
    device: u64,
    covered: Mutex<HashSet<FileId>>,
    lost: AtomicBool,
    events: AtomicU64,
    own: AtomicU64,
    overflows: AtomicU64,
}

impl Registration {
    pub(super) fn new(watcher: Arc<dyn Watcher>, how: WatchHow, method: WatchMethod, device: u64) -> Self {
        Self {
            watcher,
            how,
            method,
            device,
            covered: Mutex::default(),
            lost: AtomicBool::new(false),
            events: AtomicU64::new(0),
            own: AtomicU64::new(0),
            overflows: AtomicU64::new(0),
        }
    }

    /// Whether it can be told of changes by this side at all.
    pub(super) fn hears(&self, side: Side) -> bool {
        side == Side::Outside || self.how.own || self.method == WatchMethod::Inotify
    }

    pub(super) fn cover(&self, id: FileId) {
        self.covered.lock().insert(id);
    }

    pub(super) fn covered(&self) -> Vec<FileId> {
        self.covered.lock().iter().copied().collect()
    }

    pub(super) fn covers(&self, id: FileId) -> bool {
        !self.is_lost() && self.sees(id)
    }

    pub(super) fn is_lost(&self) -> bool {
        self.lost.load(Ordering::SeqCst)
    }

    /// Whether it was not lost before.
    pub(super) fn lose(&self) -> bool {
        !self.lost.swap(true, Ordering::SeqCst)
    }

    pub(super) fn count_overflow(&self) {
        self.overflows.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn usage(&self) -> WatchUsage {
        WatchUsage {
            events: self.events.load(Ordering::Relaxed),
            own: self.own.load(Ordering::Relaxed),
            overflows: self.overflows.load(Ordering::Relaxed),
            marks: self.covered.lock().len() as u64,
        }
    }

    /// What it hears of a change by `side`.
    pub(super) fn hear(&self, side: Side, change: &Change) -> Option<Change> {
        if self.is_lost() {
            return None;
        }
        let heard = self.seen(change)?;
        self.events.fetch_add(1, Ordering::Relaxed);
        if !self.hears(side) {
            self.own.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        Some(if self.method == WatchMethod::Inotify { self.nameless(heard) } else { heard })
    }

    fn sees(&self, id: FileId) -> bool {
        let whole = self.method == WatchMethod::Filesystem && id.device == self.device;
        whole || self.covered.lock().contains(&id)
    }

    /// The part of the change that happened where it looks.
    fn seen(&self, change: &Change) -> Option<Change> {
        let seen = match change {
            Change::Inode { id, via, touch: Touch::Opened } => self.sees_open(*id, via),
            Change::Inode { id, via, .. } => {
                id.is_some_and(|id| self.sees(id)) || via.dir.is_some_and(|dir| self.sees(dir))
            }
            Change::Made { at, .. } | Change::Removed { at, .. } => self.sees(at.0),
            Change::Moved { from, to, child } => {
                return match (self.sees(from.0), self.sees(to.0)) {
                    (true, true) => Some(change.clone()),
                    (true, false) => Some(Change::Removed { at: from.clone(), child: *child }),
                    (false, true) => Some(Change::Made { at: to.clone(), child: *child }),
                    (false, false) => None,
                };
            }
            Change::Overflow | Change::Lost(_) => true,
        };
        seen.then(|| change.clone())
    }

    /// Opens are told of where somebody asked for it only: on a whole filesystem they are too many.
    fn sees_open(&self, id: Option<FileId>, via: &Via) -> bool {
        let covered = self.covered.lock();
        let asked = |id: Option<FileId>| id.is_some_and(|id| covered.contains(&id));
        self.method != WatchMethod::Inotify && (asked(id) || asked(via.dir))
    }

    /// As inotify has it: it knows what it was put on, and else only names.
    fn nameless(&self, change: Change) -> Change {
        match change {
            Change::Inode { id, via, touch } => {
                Change::Inode { id: id.filter(|id| self.covered.lock().contains(id)), via, touch }
            }
            Change::Made { at, .. } => Change::Made { at, child: None },
            Change::Removed { at, .. } => Change::Removed { at, child: None },
            Change::Moved { from, to, .. } => Change::Moved { from, to, child: None },
            other => other,
        }
    }
}
