use std::sync::Arc;

use cachefs_vfs::{Access, OpenHow, VFile};

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
    /// How to open for this, the best way first.
    pub(crate) fn ways(self) -> &'static [OpenHow] {
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
            Use::Write => self.write.clone(),
            Use::Direct => self.direct.clone(),
        }
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
