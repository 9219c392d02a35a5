//! Handles of the filesystem that are open, by node. Never one per inode: directories are closed when others are
//! needed, files when nobody has them open any more. A file that is open is closed only beyond a limit of its own,
//! which is wide: somebody else may have taken its name away, and it could not be opened again.

mod kept;
mod slot;
mod writers;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cachefs_vfs::{Access, OpenHow, VDir, VFile};
use parking_lot::Mutex;

use crate::MountConfig;
use crate::inodes::NodeId;
use crate::tree::Spares;
use kept::Kept;
pub(crate) use slot::{Slot, Use};
pub(crate) use writers::Writers;

/// The open handles. What is taken out is closed without a lock held.
#[derive(Debug)]
pub(crate) struct Handles {
    dirs: Mutex<Kept<Arc<dyn VDir>>>,
    files: Mutex<Kept<Slot>>,
    /// More files than these are remarkable.
    files_usual: usize,
    crowded: AtomicBool,
    /// Those to be given back once they are idle.
    writers: Option<Writers>,
}

/// Handles that nobody needs any more. They are closed when this is dropped, which may take as long as the filesystem
/// takes.
#[derive(Debug, Default)]
#[must_use = "dropping it may block"]
pub(crate) struct Closed {
    files: [Option<Slot>; 2],
    dirs: [Option<Arc<dyn VDir>>; 2],
}

impl Closed {
    /// Whether dropping it does nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.files.iter().all(Option::is_none) && self.dirs.iter().all(Option::is_none)
    }
}

impl Handles {
    /// Half of [`MountConfig::handles_max`] are for directories, and for files kept by their identity.
    pub(crate) fn new(config: &MountConfig) -> Self {
        let half = config.handles_max / 2;
        Self {
            dirs: Mutex::new(Kept::new(half.saturating_sub(Spares::share(config)))),
            files: Mutex::new(Kept::new(half.max(config.open_files_max))),
            files_usual: half.max(1),
            crowded: AtomicBool::new(false),
            writers: config.is_uncounted().then(Writers::default),
        }
    }

    pub(crate) fn dir(&self, node: NodeId) -> Option<Arc<dyn VDir>> {
        self.dirs.lock().get(node)
    }

    pub(crate) fn put_dir(&self, node: NodeId, dir: Arc<dyn VDir>) {
        let closed = self.dirs.lock().put(node, dir);
        drop(closed);
    }

    /// The open handles of a file.
    pub(crate) fn file(&self, node: NodeId) -> Option<Slot> {
        self.files.lock().get(node)
    }

    /// Adds handles to those of a file; handles it already has stay. A file that is neither pinned nor, as `open`
    /// tells, open gets none. Answers those of another file that had to go.
    #[must_use = "they may be all that leads to the file"]
    pub(crate) fn put_file(
        &self,
        node: NodeId,
        slot: Slot,
        open: impl FnOnce() -> bool,
    ) -> Option<(NodeId, Slot)> {
        let mut files = self.files.lock();
        let before = files.get(node);
        let mut merged = before.clone().unwrap_or_default();
        merged.merge(slot);
        let writes = merged.has_writer();
        let closed = match files.pins.get_mut(&node) {
            Some(pinned) => Some((node, std::mem::replace(pinned, merged))),
            None if open() => files.put(node, merged),
            None => Some((node, merged)),
        };
        let crowded = files.spare.len() > self.files_usual;
        drop(files);
        drop(before);
        if let Some(writers) = self.writers.as_ref().filter(|_| writes) {
            writers.add(node);
        }
        if crowded && !self.crowded.swap(true, Ordering::Relaxed) {
            tracing::info!(
                usual = self.files_usual,
                "more files are open at once than there should be handles"
            );
        }
        closed.filter(|(other, _)| *other != node)
    }

    /// Keeps handles that had to go after all, if the file is still open, until [`Handles::remove`].
    pub(crate) fn pin_back(&self, node: NodeId, slot: Slot, open: impl FnOnce() -> bool) {
        let mut files = self.files.lock();
        if !open() {
            drop(files);
            return drop(slot);
        }
        let superfluous = pin(&mut files, node, slot);
        drop(files);
        drop(superfluous);
    }

    /// Files whose handles for writing are to be given back once they are idle.
    pub(crate) fn writers(&self) -> Option<&Writers> {
        self.writers.as_ref()
    }

    /// The handle for writing of a file, if it was not used since this was asked last.
    pub(crate) fn idle_writer(&self, node: NodeId) -> Option<Arc<dyn VFile>> {
        self.files.lock().peek_mut(node)?.idle_writer().cloned()
    }

    /// Whether a file has a handle for writing.
    pub(crate) fn keeps_writer(&self, node: NodeId) -> bool {
        self.files.lock().peek_mut(node).is_some_and(|slot| slot.has_writer())
    }

    /// Gives back a handle for writing that is idle; `instead` has the file stay reachable.
    pub(crate) fn retire(&self, node: NodeId, writer: &Arc<dyn VFile>, instead: Arc<dyn VFile>) -> Closed {
        let mut files = self.files.lock();
        let retired = files.peek_mut(node).and_then(|slot| slot.retire(writer, instead));
        drop(files);
        let slot = retired.map(|handle| Slot::new(handle, OpenHow::new(Access::Write)));
        Closed { files: [slot, None], ..Closed::default() }
    }

    /// Keeps the handles of a file, these and those it has, until [`Handles::remove`].
    pub(crate) fn pin_file(&self, node: NodeId, slot: Slot) {
        let mut files = self.files.lock();
        let superfluous = pin(&mut files, node, slot);
        drop(files);
        drop(superfluous);
    }

    /// Keeps the handles a file has, if it has any.
    pub(crate) fn pin_open(&self, node: NodeId) {
        let mut files = self.files.lock();
        if let Some(slot) = files.spare.pop(&node) {
            files.pins.insert(node, slot);
        }
    }

    /// Keeps the handle of a directory until [`Handles::remove`].
    pub(crate) fn pin_dir(&self, node: NodeId, dir: Arc<dyn VDir>) {
        let before = self.dirs.lock().pins.insert(node, dir);
        drop(before);
    }

    /// Whether handles of the node are kept.
    pub(crate) fn is_pinned(&self, node: NodeId) -> bool {
        self.files.lock().pins.contains_key(&node) || self.dirs.lock().pins.contains_key(&node)
    }

    /// Takes the handles of a file that nobody has open, unless they must stay. Both are asked while no handle can be
    /// added.
    pub(crate) fn close_file(
        &self,
        node: NodeId,
        open: impl FnOnce() -> bool,
        has_name: impl FnOnce() -> bool,
    ) -> Closed {
        let mut files = self.files.lock();
        if open() {
            return Closed::default();
        }
        let pin = if has_name() { files.pins.remove(&node) } else { None };
        Closed { files: [pin, files.spare.pop(&node)], ..Closed::default() }
    }

    /// Turns what is pinned back into handles that may be closed.
    pub(crate) fn unpin(&self, node: NodeId, open: impl FnOnce() -> bool) {
        let dir = self.dirs.lock().pins.remove(&node);
        if let Some(dir) = dir {
            return self.put_dir(node, dir);
        }
        let mut files = self.files.lock();
        let closed = match files.pins.remove(&node) {
            Some(slot) if open() => files.put(node, slot).map(|(_, closed)| closed),
            other => other,
        };
        let writes = files.peek_mut(node).is_some_and(|slot| slot.has_writer());
        drop(files);
        drop(closed);
        if let Some(writers) = self.writers.as_ref().filter(|_| writes) {
            writers.add(node);
        }
    }

    /// Takes everything of a node, unless the kernel knows it again, as `known` tells.
    pub(crate) fn remove(&self, node: NodeId, known: impl Fn() -> bool) -> Closed {
        let files = {
            let mut files = self.files.lock();
            if known() { Default::default() } else { files.remove(node) }
        };
        let mut dirs = self.dirs.lock();
        let dirs = if known() { Default::default() } else { dirs.remove(node) };
        Closed { files, dirs }
    }

    /// How many nodes have handles that may be closed, and how many have pinned ones.
    pub(crate) fn len(&self) -> (usize, usize) {
        let (dirs, dir_pins) = self.dirs.lock().len();
        let (files, file_pins) = self.files.lock().len();
        (dirs + files, dir_pins + file_pins)
    }
}

/// Pins these handles and those the file has; what is to be dropped without the lock.
fn pin(files: &mut Kept<Slot>, node: NodeId, mut slot: Slot) -> [Option<Slot>; 2] {
    let known = files.remove(node);
    for known in known.iter().flatten() {
        slot.merge(known.clone());
    }
    files.pins.insert(node, slot);
    known
}
