use std::ffi::OsString;

use cachefs_vfs::{FileId, Name, Notice, Subject, Touch, Watcher};
use parking_lot::ReentrantMutex;

use crate::sync::{Arc, AtomicBool, Mutex, Ordering, Weak};

/// Who is told of what readers could not know of, at most.
const EARS_MAX: usize = 64;
/// Conflicts that are not told of yet, at most; beyond it, that some were is told.
const CONFLICTS_MAX: usize = 256;

/// A watcher that the backing tells of others' changes, and we of conflicts: one after the other.
#[derive(Debug)]
pub(crate) struct Ear {
    watcher: Arc<dyn Watcher>,
    /// Held while it is told; it may end its watch meanwhile.
    turn: ReentrantMutex<()>,
    closed: AtomicBool,
}

impl Ear {
    pub(crate) fn new(watcher: Arc<dyn Watcher>) -> Arc<Self> {
        Arc::new(Self { watcher, turn: ReentrantMutex::new(()), closed: AtomicBool::new(false) })
    }

    /// Nothing is told any more. Waits for a notice under way.
    pub(crate) fn close(&self) {
        let _turn = self.turn.lock();
        self.closed.store(true, Ordering::Release);
    }
}

impl Watcher for Ear {
    fn notice(&self, notice: &Notice<'_>) {
        let _turn = self.turn.lock();
        if !self.closed.load(Ordering::Acquire) {
            self.watcher.notice(notice);
        }
    }
}

/// A file that is not what its readers saw, because others changed it, too.
#[derive(Debug)]
pub(crate) struct Conflicted {
    pub(crate) id: FileId,
    /// A directory, and the name of the file in it, where that is known.
    pub(crate) at: Option<(FileId, OsString)>,
    /// Where what was written to it is now: a directory, and a new name in it.
    pub(crate) made: Option<(FileId, OsString)>,
}

/// Tells of conflicts, which the backing's watch takes for changes of our own. A leaf; told without it.
#[derive(Debug, Default)]
pub(crate) struct News {
    ears: Mutex<Vec<Weak<dyn Watcher>>>,
    waiting: Mutex<Vec<Conflicted>>,
    any: AtomicBool,
}

impl News {
    /// Has `ear` told, for as long as somebody else has it.
    pub(crate) fn listen(&self, ear: Weak<dyn Watcher>) {
        let mut ears = self.ears.lock();
        ears.retain(|ear| ear.strong_count() > 0);
        if ears.len() < EARS_MAX {
            ears.push(ear);
        } else {
            tracing::warn!("too many watch: one will not be told of conflicts");
        }
    }

    /// Takes note, to be told when the caller has no lock any more.
    pub(crate) fn put(&self, news: Conflicted) {
        let mut waiting = self.waiting.lock();
        if waiting.len() <= CONFLICTS_MAX {
            waiting.push(news);
        }
        self.any.store(true, Ordering::Release);
    }

    /// Tells what waits. To be called without a lock or a turn.
    pub(crate) fn tell(&self) {
        if !self.any.load(Ordering::Acquire) {
            return;
        }
        let waiting = {
            let mut waiting = self.waiting.lock();
            self.any.store(false, Ordering::Release);
            std::mem::take(&mut *waiting)
        };
        let ears: Vec<_> = self.ears.lock().iter().filter_map(Weak::upgrade).collect();
        for ear in ears {
            if waiting.len() > CONFLICTS_MAX {
                ear.notice(&Notice::Overflow);
            } else {
                waiting.iter().for_each(|news| news.tell(&*ear));
            }
        }
    }
}

impl Conflicted {
    fn tell(&self, ear: &dyn Watcher) {
        let at = self.at.as_ref().and_then(|(dir, name)| Some((*dir, Name::new(name).ok()?)));
        ear.notice(&Notice::Inode { whose: Subject { id: Some(self.id), at }, touch: Touch::Data });
        let made = self.made.as_ref().and_then(|(dir, name)| Some((*dir, Name::new(name).ok()?)));
        if let Some((dir, name)) = made {
            ear.notice(&Notice::Made { dir, name, child: None });
        }
    }
}
