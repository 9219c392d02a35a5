//! Handles of the filesystem that are open, by node. Never one per inode: there is a limit, and those used longest
//! ago are closed first. Only what could not be opened again is kept beyond it.

mod slot;

use std::num::NonZeroUsize;
use std::sync::Arc;

use cachefs_vfs::VDir;
use hashbrown::HashMap;
use lru::LruCache;
use parking_lot::Mutex;

use crate::inodes::NodeId;
pub(crate) use slot::{Slot, Use};

/// The open handles. What is taken out is returned, so that it is closed without a lock held.
#[derive(Debug)]
pub(crate) struct Handles {
    dirs: Mutex<LruCache<NodeId, Arc<dyn VDir>>>,
    files: Mutex<LruCache<NodeId, Slot>>,
    pins: Mutex<HashMap<NodeId, Pin>>,
}

/// A handle that must stay open until the kernel forgets the node.
#[derive(Clone, Debug)]
pub(crate) enum Pin {
    Dir(Arc<dyn VDir>),
    File(Slot),
}

impl Handles {
    /// At most `most` handles that are not pinned, half of them of directories.
    pub(crate) fn new(most: usize) -> Self {
        let half = NonZeroUsize::new((most / 2).max(1)).unwrap_or(NonZeroUsize::MIN);
        Self {
            dirs: Mutex::new(LruCache::new(half)),
            files: Mutex::new(LruCache::new(half)),
            pins: Mutex::default(),
        }
    }

    pub(crate) fn dir(&self, node: NodeId) -> Option<Arc<dyn VDir>> {
        if let Some(dir) = self.dirs.lock().get(&node) {
            return Some(Arc::clone(dir));
        }
        match self.pins.lock().get(&node) {
            Some(Pin::Dir(dir)) => Some(Arc::clone(dir)),
            _ => None,
        }
    }

    pub(crate) fn put_dir(&self, node: NodeId, dir: Arc<dyn VDir>) {
        let closed = self.dirs.lock().push(node, dir);
        drop(closed);
    }

    /// The open handles of a file.
    pub(crate) fn file(&self, node: NodeId) -> Option<Slot> {
        if let Some(slot) = self.files.lock().get(&node) {
            return Some(slot.clone());
        }
        match self.pins.lock().get(&node) {
            Some(Pin::File(slot)) => Some(slot.clone()),
            _ => None,
        }
    }

    /// Adds handles to those of a file; handles it already has stay.
    pub(crate) fn put_file(&self, node: NodeId, slot: Slot) {
        let mut pins = self.pins.lock();
        if let Some(Pin::File(pinned)) = pins.get_mut(&node) {
            let before = pinned.clone();
            pinned.merge(slot);
            drop(pins);
            drop(before);
            return;
        }
        drop(pins);
        let mut files = self.files.lock();
        let before = files.get(&node).cloned();
        let mut merged = before.clone().unwrap_or_default();
        merged.merge(slot);
        let closed = files.push(node, merged);
        drop(files);
        drop((before, closed));
    }

    /// Keeps the handles of a file, these and those it has, until [`Handles::remove`].
    pub(crate) fn pin_file(&self, node: NodeId, mut slot: Slot) {
        if let Some(known) = self.files.lock().pop(&node) {
            slot.merge(known);
        }
        let mut pins = self.pins.lock();
        let before = pins.insert(node, Pin::File(slot.clone()));
        if let Some(Pin::File(before)) = &before {
            slot.merge(before.clone());
            pins.insert(node, Pin::File(slot));
        }
        drop(pins);
        drop(before);
    }

    /// Keeps the handle of a directory until [`Handles::remove`].
    pub(crate) fn pin_dir(&self, node: NodeId, dir: Arc<dyn VDir>) {
        let before = self.pins.lock().insert(node, Pin::Dir(dir));
        drop(before);
    }

    /// Whether handles of the node are kept.
    pub(crate) fn is_pinned(&self, node: NodeId) -> bool {
        self.pins.lock().contains_key(&node)
    }

    /// Closes the handles of a file that can be opened again.
    pub(crate) fn close_file(&self, node: NodeId) {
        let closed = self.files.lock().pop(&node);
        drop(closed);
    }

    /// Turns what is pinned back into handles that may be closed.
    pub(crate) fn unpin(&self, node: NodeId) {
        let pin = self.pins.lock().remove(&node);
        match pin {
            Some(Pin::Dir(dir)) => self.put_dir(node, dir),
            Some(Pin::File(slot)) => self.put_file(node, slot),
            None => {}
        }
    }

    /// Closes everything of a node.
    pub(crate) fn remove(&self, node: NodeId) {
        let pin = self.pins.lock().remove(&node);
        let file = self.files.lock().pop(&node);
        let dir = self.dirs.lock().pop(&node);
        drop((pin, file, dir));
    }

    /// How many nodes have handles that may be closed, and how many have pinned ones.
    pub(crate) fn len(&self) -> (usize, usize) {
        let (dirs, files) = (self.dirs.lock().len(), self.files.lock().len());
        (dirs + files, self.pins.lock().len())
    }
}
