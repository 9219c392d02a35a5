use cachefs_vfs::{Access, Name, Result, VDir, VFile, nowait};

use super::Place;
use crate::meta::Node;
use crate::sync::{Arc, AtomicBool, AtomicU32, Condvar, Mutex, MutexGuard, Ordering};

/// What an inode needs once there are handles of it.
#[derive(Debug, Default)]
pub(crate) struct Io {
    /// Serialises our changes of the inode. The only lock that is held while the backing works.
    pub(crate) writer: Mutex<()>,
    slots: Mutex<Slots>,
    /// An opening that others wait for is over.
    opened: Condvar,
    paths: AtomicU32,
    readers: AtomicU32,
    writers: AtomicU32,
    /// Its handles must not be closed for others' sake: they could not be had again.
    pinned: AtomicBool,
    /// Handles of ours stand for it as a directory.
    dir: AtomicBool,
    /// It has no name any more and ends with its last handle.
    nameless: AtomicBool,
}

/// The handles of the backing, and where to get new ones.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    files: Vec<(Access, Arc<dyn VFile>)>,
    dir: Option<Arc<dyn VDir>>,
    place: Option<Place>,
    /// Somebody is opening one.
    opening: bool,
}

impl Slots {
    /// A handle that is good for `need`.
    pub(crate) fn file(&self, need: Access) -> Option<Arc<dyn VFile>> {
        let found = self.files.iter().find(|(access, _)| serves(*access, need));
        found.map(|(_, file)| Arc::clone(file))
    }

    pub(crate) fn dir(&self) -> Option<Arc<dyn VDir>> {
        self.dir.clone()
    }

    pub(crate) fn put_dir(&mut self, dir: Arc<dyn VDir>) {
        self.dir = Some(dir);
    }

    /// Puts a handle in; answers those it makes superfluous, to be dropped without the lock.
    pub(crate) fn put_file(&mut self, access: Access, file: Arc<dyn VFile>) -> Vec<(Access, Arc<dyn VFile>)> {
        let (superfluous, kept) = self.files.drain(..).partition(|(other, _)| serves(access, *other));
        self.files = kept;
        self.files.push((access, file));
        superfluous
    }

    fn is_empty(&self) -> bool {
        self.files.is_empty() && self.dir.is_none()
    }
}

/// Whether a handle opened for `have` can do what `need` asks.
pub(crate) fn serves(have: Access, need: Access) -> bool {
    (have.reads() || !need.reads()) && (have.writes() || !need.writes())
}

impl Io {
    pub(crate) fn slots(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock()
    }

    /// The right to open a handle, which one caller at a time has: waits for others who are opening one.
    ///
    /// # Errors
    /// `EWOULDBLOCK` rather than wait, where the caller must not.
    pub(crate) fn claim(&self) -> Result<Claim<'_>> {
        let mut slots = self.slots.lock();
        while slots.opening {
            nowait::check()?;
            self.opened.wait(&mut slots);
        }
        slots.opening = true;
        Ok(Claim(self))
    }

    /// Takes all handles out, unless they are pinned; to be dropped without any lock.
    pub(crate) fn close(&self) -> Option<Slots> {
        let mut slots = self.slots.lock();
        if self.is_pinned() || slots.is_empty() {
            return None;
        }
        Some(Slots { files: std::mem::take(&mut slots.files), dir: slots.dir.take(), ..Slots::default() })
    }

    pub(crate) fn place(&self) -> Option<Place> {
        self.slots.lock().place.clone()
    }

    /// Notes where the inode is.
    pub(crate) fn set_place(&self, dir: &Arc<Node>, name: Name<'_>) {
        let mut slots = self.slots.lock();
        if !slots.place.as_ref().is_some_and(|place| place.is(dir, name)) {
            let before = slots.place.replace(Place::new(dir, name));
            drop(slots);
            drop(before);
        }
    }

    /// Notes that it is not there any more.
    pub(crate) fn leave_place(&self, dir: &Node, name: Name<'_>) {
        let mut slots = self.slots.lock();
        if slots.place.as_ref().is_some_and(|place| place.is(dir, name)) {
            let before = slots.place.take();
            drop(slots);
            drop(before);
        }
    }

    pub(crate) fn pin(&self) {
        self.pinned.store(true, Ordering::SeqCst);
    }

    pub(crate) fn unpin(&self) {
        self.pinned.store(false, Ordering::SeqCst);
    }

    pub(crate) fn is_pinned(&self) -> bool {
        self.pinned.load(Ordering::SeqCst)
    }

    pub(crate) fn set_dir(&self) {
        self.dir.store(true, Ordering::SeqCst);
    }

    pub(crate) fn is_dir(&self) -> bool {
        self.dir.load(Ordering::SeqCst)
    }

    pub(crate) fn set_nameless(&self) {
        self.nameless.store(true, Ordering::SeqCst);
    }

    pub(crate) fn is_nameless(&self) -> bool {
        self.nameless.load(Ordering::SeqCst)
    }

    /// Counts handles of ours.
    pub(super) fn count(&self, access: Access) -> &AtomicU32 {
        match access {
            Access::Path => &self.paths,
            Access::Read => &self.readers,
            Access::Write | Access::ReadWrite => &self.writers,
        }
    }

    /// What handles of ours want of the backing; `None` if there is none.
    pub(crate) fn wanted(&self) -> Option<Access> {
        let any = |access| self.count(access).load(Ordering::SeqCst) > 0;
        [Access::Write, Access::Read, Access::Path].into_iter().find(|&access| any(access))
    }
}

/// The right to open a handle; ends when dropped.
#[derive(Debug)]
pub(crate) struct Claim<'a>(&'a Io);

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.0.slots.lock().opening = false;
        self.0.opened.notify_all();
    }
}
