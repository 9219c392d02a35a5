use cachefs_vfs::{Access, Result, VDir, VFile, nowait};

use super::place::{Left, Place};
use crate::sync::{Arc, AtomicBool, AtomicU32, Condvar, Mutex, MutexGuard, Ordering};

/// What an inode needs once there are handles of it.
#[derive(Debug, Default)]
pub(crate) struct Io {
    /// Serialises our changes of the inode. The only lock that is held while the backing works.
    pub(crate) writer: Mutex<()>,
    slots: Mutex<Slots>,
    /// An opening that others wait for is over.
    opened: Condvar,
    /// Handles of ours, by what they may do; one for both counts twice.
    paths: AtomicU32,
    readers: AtomicU32,
    writers: AtomicU32,
    /// There may be files among the slots. Set and cleared under their lock, looked at without.
    filled: AtomicBool,
    /// Its handles must not be closed for others' sake while there is a [`super::Pin`] of it.
    pins: AtomicU32,
    /// Nor while there are handles of ours: they could not be had again.
    kept: AtomicBool,
    /// Handles of ours stand for it as a directory.
    dir: AtomicBool,
    /// It has no name any more and ends with its last handle.
    nameless: AtomicBool,
}

/// A handle of the backing, and what it is good for.
type OpenFile = (Access, Arc<dyn VFile>);

/// The handles of the backing, and where to get new ones.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    files: Vec<OpenFile>,
    dir: Option<Arc<dyn VDir>>,
    pub(super) place: Option<Place>,
    pub(super) left: Option<Left>,
    /// Somebody is opening one.
    opening: bool,
}

impl Slots {
    /// A handle that is good for `need`.
    pub(crate) fn file(&self, need: Access) -> Option<Arc<dyn VFile>> {
        let found = self.files.iter().find(|(access, _)| serves(*access, need));
        found.map(|(_, file)| Arc::clone(file))
    }

    /// A handle, whatever it is good for.
    pub(crate) fn any_file(&self) -> Option<Arc<dyn VFile>> {
        self.files.first().map(|(_, file)| Arc::clone(file))
    }

    /// A handle that the file is open for writing by.
    pub(super) fn writer(&self) -> Option<Arc<dyn VFile>> {
        self.files.iter().find(|(access, _)| access.writes()).map(|(_, file)| Arc::clone(file))
    }

    /// Whether there is a handle that is good for `need`, and not for writing.
    pub(super) fn has_reader(&self, need: Access) -> bool {
        self.files.iter().any(|(access, _)| !access.writes() && serves(*access, need))
    }

    /// Takes out what the file is open for writing by, with `instead` in its place; to be dropped without the lock.
    pub(super) fn swap_writers(&mut self, access: Access, instead: Option<Arc<dyn VFile>>) -> Vec<OpenFile> {
        let (writers, kept) = self.files.drain(..).partition(|(access, _)| access.writes());
        self.files = kept;
        self.files.extend(instead.map(|file| (access, file)));
        writers
    }

    pub(crate) fn dir(&self) -> Option<Arc<dyn VDir>> {
        self.dir.clone()
    }

    pub(crate) fn put_dir(&mut self, dir: Arc<dyn VDir>) {
        self.dir = Some(dir);
    }

    /// Puts a handle in; answers those it makes superfluous, to be dropped without the lock.
    fn put_file(&mut self, access: Access, file: Arc<dyn VFile>) -> Vec<OpenFile> {
        if access == Access::Path && !self.files.is_empty() {
            // Whatever is there is as good.
            return vec![(access, file)];
        }
        let (superfluous, kept) = self.files.drain(..).partition(|(other, _)| serves(access, *other));
        self.files = kept;
        self.files.push((access, file));
        superfluous
    }

    pub(super) fn is_empty(&self) -> bool {
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

    /// As [`Slots::put_file`].
    pub(super) fn put_file(&self, access: Access, file: Arc<dyn VFile>) -> Vec<OpenFile> {
        let mut slots = self.slots.lock();
        self.filled.store(true, Ordering::SeqCst);
        slots.put_file(access, file)
    }

    /// As [`Self::close`], for files only: a directory is walked through again and again without being held.
    pub(super) fn close_files(&self) -> Vec<OpenFile> {
        if !self.filled.load(Ordering::SeqCst) {
            return Vec::new();
        }
        let mut slots = self.slots.lock();
        let closing = if self.is_pinned() { Vec::new() } else { std::mem::take(&mut slots.files) };
        self.filled.store(!slots.files.is_empty(), Ordering::SeqCst);
        closing
    }

    pub(super) fn is_closed(&self) -> bool {
        self.slots.lock().is_empty()
    }

    pub(crate) fn place(&self) -> Option<Place> {
        self.slots.lock().place.clone()
    }

    /// Has its handles stay open until the last handle of ours goes; there must be one, or nothing happens.
    pub(crate) fn keep(&self) {
        let _slots = self.slots.lock();
        // In this order: who lets the last one go meanwhile either sees the mark or is seen by us.
        self.kept.store(true, Ordering::SeqCst);
        if !self.is_held() {
            self.kept.store(false, Ordering::SeqCst);
        }
    }

    pub(super) fn pins(&self) -> &AtomicU32 {
        &self.pins
    }

    pub(crate) fn is_pinned(&self) -> bool {
        self.pins.load(Ordering::SeqCst) > 0 || self.kept.load(Ordering::SeqCst)
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

    /// One handle of ours more.
    pub(super) fn hold(&self, access: Access) {
        for count in self.counts(access) {
            count.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// One less. True if it was the last one and the inode has no name any more.
    pub(super) fn let_go(&self, access: Access) -> bool {
        for count in self.counts(access) {
            count.fetch_sub(1, Ordering::SeqCst);
        }
        let is_marked = || self.kept.load(Ordering::SeqCst) || self.is_nameless();
        if self.is_held() || !is_marked() {
            return false;
        }
        // Another one may come and be kept before the mark is gone: under the lock it is not that one's mark.
        let _slots = self.slots.lock();
        if self.is_held() {
            return false;
        }
        self.kept.store(false, Ordering::SeqCst);
        self.is_nameless()
    }

    fn counts(&self, access: Access) -> impl Iterator<Item = &AtomicU32> {
        let path = (access == Access::Path).then_some(&self.paths);
        let reader = access.reads().then_some(&self.readers);
        let writer = access.writes().then_some(&self.writers);
        [path, reader, writer].into_iter().flatten()
    }

    /// Whether there are handles of ours.
    pub(crate) fn is_held(&self) -> bool {
        self.is_open() || self.paths.load(Ordering::SeqCst) > 0
    }

    /// Whether handles of ours read or write it.
    pub(super) fn is_open(&self) -> bool {
        self.is_wanted(Access::Read) || self.is_wanted(Access::Write)
    }

    /// Whether handles of ours are there for this.
    pub(crate) fn is_wanted(&self, access: Access) -> bool {
        self.counts(access).any(|count| count.load(Ordering::SeqCst) > 0)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_stays_until_the_last_handle_goes() {
        let io = Io::default();
        io.keep();
        assert!(!io.is_pinned(), "for nobody");
        io.hold(Access::ReadWrite);
        io.hold(Access::Path);
        io.keep();
        assert!(!io.let_go(Access::ReadWrite));
        assert!(io.is_pinned() && io.is_held() && !io.is_open());
        io.set_nameless();
        assert!(io.let_go(Access::Path), "the last one");
        assert!(!io.is_pinned());
    }

    #[test]
    fn who_comes_while_the_last_one_goes_keeps_what_he_keeps() {
        let io = Io::default();
        for _ in 0..2000 {
            io.hold(Access::Read);
            io.keep();
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    io.hold(Access::Write);
                    io.keep();
                });
                io.let_go(Access::Read);
            });
            assert!(io.is_pinned());
            io.let_go(Access::Write);
            assert!(!io.is_pinned());
        }
    }
}
