use std::path::PathBuf;

use crate::sync::{Arc, AtomicBool, Ordering};

/// In which order things are warmed, and at what price.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum WarmPriority {
    /// Before all else.
    High,
    /// Next.
    #[default]
    Normal,
    /// Last, and only while there is memory that nothing else takes.
    Low,
}

/// What [`crate::CacheFs::warm`] is to do.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is given to a cache"]
pub struct Warm {
    pub(super) items: Vec<(WarmPriority, Item)>,
    pub(super) workers: usize,
    pub(super) bytes_max: Option<u64>,
    pub(super) errors_max: usize,
    pub(super) metadata_only: bool,
    pub(super) cancel: Cancel,
}

/// Something to warm.
#[derive(Clone, Debug)]
pub(super) enum Item {
    Glob(String),
    Path(PathBuf),
}

impl Warm {
    /// Files and directories that match one of these patterns (see [`cachefs_vfs::VfsExt::glob`]; a plain path is
    /// one), directories with everything beneath them.
    pub fn new<S: Into<String>>(globs: impl IntoIterator<Item = S>) -> Self {
        let empty = Self {
            items: Vec::new(),
            workers: 8,
            bytes_max: None,
            errors_max: 100,
            metadata_only: false,
            cancel: Cancel::default(),
        };
        empty.globs(WarmPriority::Normal, globs)
    }

    /// What matches these, too.
    pub fn globs<S: Into<String>>(
        mut self,
        priority: WarmPriority,
        globs: impl IntoIterator<Item = S>,
    ) -> Self {
        self.items.extend(globs.into_iter().map(|glob| (priority, Item::Glob(glob.into()))));
        self
    }

    /// These files, too, in this order, whatever is in their names. Those that do not exist are counted and passed
    /// over.
    pub fn paths<P: Into<PathBuf>>(
        mut self,
        priority: WarmPriority,
        paths: impl IntoIterator<Item = P>,
    ) -> Self {
        self.items.extend(paths.into_iter().map(|path| (priority, Item::Path(path.into()))));
        self
    }

    /// How many files are read at a time at most, at least one; 8 if not set. Where reading a file takes no waiting,
    /// there are no more of them than processors.
    pub fn workers(mut self, threads: usize) -> Self {
        self.workers = threads.max(1);
        self
    }

    /// Stops before more than this many bytes are read; the memory of the cache if not set.
    pub fn bytes_max(mut self, bytes: u64) -> Self {
        self.bytes_max = Some(bytes);
        self
    }

    /// How many errors are reported one by one; 100 if not set. All are counted.
    pub fn errors_max(mut self, errors: usize) -> Self {
        self.errors_max = errors;
        self
    }

    /// Warms names and attributes and reads no bytes.
    pub fn metadata_only(mut self, only: bool) -> Self {
        self.metadata_only = only;
        self
    }

    /// What stops it before its end.
    pub fn cancel(mut self, cancel: Cancel) -> Self {
        self.cancel = cancel;
        self
    }
}

/// Stops what it was given to. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Not cancelled.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Stops it as soon as the calls under way are back.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether it was cancelled.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}
