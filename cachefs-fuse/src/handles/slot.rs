use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cachefs_vfs::{Access, Errno, Error, OpenHow, Result, VFile};

/// What a handle of a file is needed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// Attributes, xattrs and links.
    Path,
    /// Reading.
    Read,
    /// Writing.
    Write,
    /// Reading past every cache.
    Direct,
}

impl Use {
    /// Opens in the best way that the file's permissions allow.
    pub(crate) fn open<T>(self, open: impl Fn(OpenHow) -> Result<T>) -> Result<(T, OpenHow)> {
        let mut refused = Error::new(Errno::ACCESS);
        for &how in self.ways() {
            match open(how) {
                Ok(opened) => return Ok((opened, how)),
                Err(error) if matches!(error.errno(), Errno::ACCESS | Errno::PERM) => refused = error,
                Err(error) => return Err(error),
            }
        }
        Err(refused)
    }

    /// How to open for this, the best way first.
    fn ways(self) -> &'static [OpenHow] {
        const fn way(access: Access, direct: bool) -> OpenHow {
            OpenHow { access, truncate: false, direct }
        }
        match self {
            Self::Path => &const { [way(Access::Path, false)] },
            Self::Read => &const { [way(Access::Read, false)] },
            Self::Write => &const { [way(Access::ReadWrite, false), way(Access::Write, false)] },
            Self::Direct => &const { [way(Access::Read, true)] },
        }
    }
}

/// The open handles of one file, by what they can.
#[derive(Clone, Debug, Default)]
pub(crate) struct Slot {
    path: Option<Arc<dyn VFile>>,
    read: Option<Arc<dyn VFile>>,
    write: Option<Arc<dyn VFile>>,
    /// The one for writing was used since somebody looked.
    written: Arc<AtomicBool>,
    direct: Option<Arc<dyn VFile>>,
}

impl Slot {
    /// The slot of a file opened in this way.
    pub(crate) fn new(handle: Arc<dyn VFile>, how: OpenHow) -> Self {
        let mut slot = Self::default();
        if how.direct {
            slot.direct = Some(handle);
            return slot;
        }
        if how.access.reads() {
            slot.read = Some(Arc::clone(&handle));
        }
        if how.access.writes() {
            slot.write = Some(handle);
        } else if how.access == Access::Path {
            slot.path = Some(handle);
        }
        slot
    }

    pub(crate) fn get(&self, purpose: Use) -> Option<Arc<dyn VFile>> {
        match purpose {
            Use::Path => self.any(),
            Use::Read => self.read.clone(),
            Use::Write => {
                self.written.store(true, Ordering::Relaxed);
                self.write.clone()
            }
            Use::Direct => self.direct.clone(),
        }
    }

    /// The handle for writing, if it was not used since this was asked last.
    pub(crate) fn idle_writer(&self) -> Option<&Arc<dyn VFile>> {
        self.write.as_ref().filter(|_| !self.written.swap(false, Ordering::Relaxed))
    }

    pub(crate) fn has_writer(&self) -> bool {
        self.write.is_some()
    }

    /// Gives back the handle for writing, unless it is another one or was used meanwhile: `instead` has the file stay
    /// reachable.
    pub(super) fn retire(
        &mut self,
        writer: &Arc<dyn VFile>,
        instead: Arc<dyn VFile>,
    ) -> Option<Arc<dyn VFile>> {
        let is_it =
            |held: &Option<Arc<dyn VFile>>| held.as_ref().is_some_and(|held| Arc::ptr_eq(held, writer));
        if !is_it(&self.write) || self.written.load(Ordering::Relaxed) {
            return None;
        }
        if is_it(&self.read) {
            self.read = None;
        }
        if self.read.is_none() {
            self.path = Some(instead);
        }
        self.write.take()
    }

    /// Any handle of the file.
    pub(crate) fn any(&self) -> Option<Arc<dyn VFile>> {
        self.read.as_ref().or(self.write.as_ref()).or(self.path.as_ref()).or(self.direct.as_ref()).cloned()
    }

    /// Takes over what `other` has and this lacks. A handle that also writes replaces one that only reads, so that
    /// one descriptor does.
    pub(super) fn merge(&mut self, other: Self) {
        if self.write.is_none() && other.write.is_some() {
            self.write = other.write;
            self.written = other.written;
            self.read = other.read.or(self.read.take());
        } else {
            self.read = self.read.take().or(other.read);
        }
        self.direct = self.direct.take().or(other.direct);
        self.path = match self.read.is_some() || self.write.is_some() {
            true => None,
            false => self.path.take().or(other.path),
        };
    }
}
