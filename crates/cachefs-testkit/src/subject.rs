use std::any::Any;
use std::fmt;
use std::sync::Arc;

use cachefs_vfs::Vfs;

use crate::fault::FaultFs;

/// A fresh filesystem to test.
pub struct Subject {
    /// The filesystem.
    pub fs: Arc<dyn Vfs>,
    /// Beneath it (or the same), to inject errors.
    pub faults: Option<Arc<FaultFs>>,
    /// Makes it forget something it caches; the number says what, in whatever way it likes.
    pub evict: Option<Box<dyn Fn(u64)>>,
    /// The same tree as somebody else has it, to make changes behind its back.
    pub outside: Option<Arc<dyn Vfs>>,
    /// Waits until it must know what was done outside. Not needed where that is so when the verb returns.
    pub told: Option<Box<dyn Fn()>>,
    /// What must live as long: a temporary directory.
    pub keep: Option<Box<dyn Any>>,
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subject").field("fs", &self.fs).field("faults", &self.faults).finish_non_exhaustive()
    }
}

impl Subject {
    /// Just a filesystem.
    #[must_use]
    pub fn new(fs: Arc<dyn Vfs>) -> Self {
        Self { fs, faults: None, evict: None, outside: None, told: None, keep: None }
    }

    /// Keeps `what` for as long as the filesystem.
    #[must_use]
    pub fn keeping(self, what: impl Any) -> Self {
        Self { keep: Some(Box::new(what)), ..self }
    }
}

impl<T: Vfs + 'static> From<T> for Subject {
    fn from(fs: T) -> Self {
        Self::new(Arc::new(fs))
    }
}
