use std::hash::BuildHasher;
use std::sync::Weak;

use cachefs_vfs::FileId;
use hashbrown::DefaultHashBuilder;

use super::Io;
use crate::meta::{LruMap, Node};
use crate::sync::{Arc, AtomicU32, AtomicUsize, Mutex, Ordering};

/// Which inodes have handles of the backing open, in the order of use. Bounded, together with the [`super::Own`] ones:
/// the least recently used one that is not pinned closes its handles, of those seen first a directory or one that no
/// handle of ours stands for: who has a file open may find nothing when others replace it.
#[derive(Debug)]
pub(crate) struct Handles {
    open: Mutex<LruMap<FileId, Weak<Node>>>,
    /// Handles that are for one handle of ours each.
    own: AtomicUsize,
    max: usize,
    hasher: DefaultHashBuilder,
    /// Whether the backing opens a file once more by a handle of it: 0 as long as nobody knows.
    reopens: AtomicU32,
}

const YES: u32 = 1;
const NO: u32 = 2;

/// How many pinned inodes are passed over at most before the limit gives way.
const TRIES: usize = 32;

impl Handles {
    pub(crate) fn new(max: usize) -> Self {
        Self {
            open: Mutex::default(),
            own: AtomicUsize::new(0),
            max: max.max(1),
            hasher: DefaultHashBuilder::default(),
            reopens: AtomicU32::new(0),
        }
    }

    /// Whether the backing is known to find files by name or identity only.
    pub(super) fn opens_by_name_only(&self) -> bool {
        self.reopens.load(Ordering::Relaxed) == NO
    }

    pub(super) fn set_by_name_only(&self) {
        self.reopens.store(NO, Ordering::Relaxed);
    }

    pub(super) fn is_known_to_reopen(&self) -> bool {
        self.reopens.load(Ordering::Relaxed) == YES
    }

    pub(super) fn set_reopens(&self) {
        self.reopens.store(YES, Ordering::Relaxed);
    }

    /// Notes a use of the inode's handles. Closes others where it is one more. Not to be called with a lock held.
    pub(crate) fn touch(&self, node: &Arc<Node>) {
        let hash = self.hasher.hash_one(node.id);
        let closing = {
            let mut open = self.open.lock();
            if let Some(known) = open.get(hash, |id| *id == node.id) {
                if !std::ptr::eq(known.as_ptr(), Arc::as_ptr(node)) {
                    *known = Arc::downgrade(node);
                }
                return;
            }
            let closing = self.make_room(&mut open, 1);
            open.insert(hash, node.id, Arc::downgrade(node));
            closing
        };
        close(&closing);
    }

    /// There is one more that is for one handle of ours alone. Closes others for it. Not to be called with a lock held.
    pub(super) fn add_own(&self) {
        self.own.fetch_add(1, Ordering::SeqCst);
        self.trim();
    }

    /// Closes what is too much, now that some may go. Not to be called with a lock held.
    pub(super) fn trim(&self) {
        let closing = self.make_room(&mut self.open.lock(), 0);
        close(&closing);
    }

    pub(super) fn remove_own(&self) {
        self.own.fetch_sub(1, Ordering::SeqCst);
    }

    /// Notes that the inode has no handles any more.
    pub(crate) fn forget(&self, id: FileId) {
        self.open.lock().remove(self.hasher.hash_one(id), |key| *key == id);
    }

    /// Notes that the inode's handles were closed, unless others have opened some meanwhile.
    pub(super) fn forget_closed(&self, node: &Node) {
        let mut open = self.open.lock();
        if node.io_if_any().is_none_or(Io::is_closed) {
            open.remove(self.hasher.hash_one(node.id), |id| *id == node.id);
        }
    }

    /// Inodes with handles open, and handles that are for one handle of ours each.
    pub(crate) fn len(&self) -> usize {
        self.open.lock().len() + self.own.load(Ordering::SeqCst)
    }

    /// Takes out as many as must go for `more` to come; to be closed without the lock.
    fn make_room(&self, open: &mut LruMap<FileId, Weak<Node>>, more: usize) -> Vec<Arc<Node>> {
        let mut closing = Vec::new();
        while open.len() + self.own.load(Ordering::SeqCst) + more > self.max {
            let Some((_, node)) = open.evict_best(TRIES, |_, node| reluctance(node)) else { break };
            closing.extend(node.upgrade());
        }
        closing
    }
}

/// How loath we are to close the inode's handles; `None` if they must stay.
fn reluctance(node: &Weak<Node>) -> Option<u8> {
    let Some(node) = node.upgrade() else { return Some(0) };
    let Some(io) = node.io_if_any() else { return Some(0) };
    (!io.is_pinned()).then(|| if io.is_held() && !io.is_dir() { 1 } else { 0 })
}

fn close(nodes: &[Arc<Node>]) {
    for node in nodes {
        drop(node.io_if_any().and_then(|io| io.close()));
    }
}
