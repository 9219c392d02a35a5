use std::sync::Arc;

use cachefs_vfs::{MemFs, Result, Vfs};

use crate::{Cached, Contender, CorFs, CorFsFixed, Naive, Raw};

/// The contenders by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// [`Cached`].
    Cachefs,
    /// [`Cached`] that writes back.
    CachefsBack,
    /// [`CorFs`], its copies in memory.
    CorFs,
    /// [`CorFsFixed`], its copies in memory.
    CorFsFixed,
    /// [`Naive`].
    Naive,
    /// [`Raw`].
    Raw,
}

/// How much a cache may keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// Everything there is.
    Plenty,
    /// So many files of so many bytes.
    Files {
        /// Files.
        count: usize,
        /// Bytes of each.
        size: usize,
    },
}

impl Who {
    /// Those that all workloads have.
    pub const USUAL: [Self; 5] = [Self::Cachefs, Self::CorFs, Self::CorFsFixed, Self::Naive, Self::Raw];
    /// Those that have something to forget.
    pub const CACHING: [Self; 4] = [Self::Cachefs, Self::CorFs, Self::CorFsFixed, Self::Naive];
    /// With the one that writes back.
    pub const WRITING: [Self; 6] =
        [Self::Cachefs, Self::CachefsBack, Self::CorFs, Self::CorFsFixed, Self::Naive, Self::Raw];

    /// What the reports call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cachefs => "cachefs",
            Self::CachefsBack => "cachefs, back",
            Self::CorFs => "corfs",
            Self::CorFsFixed => "corfs-fixed",
            Self::Naive => "naive",
            Self::Raw => "raw",
        }
    }

    /// A new one, with nothing cached.
    ///
    /// # Errors
    /// If it can't be built, or the backing has no root to show.
    pub fn over(self, backing: Arc<dyn Vfs>, room: Room) -> Result<Box<dyn Contender>> {
        Ok(match self {
            Self::Cachefs => Box::new(Cached::new(backing, room)?),
            Self::CachefsBack => Box::new(Cached::writing_back(backing, room)?),
            Self::CorFs => Box::new(CorFs::new(&*backing, &MemFs::new())?),
            Self::CorFsFixed => Box::new(CorFsFixed::new(&*backing, &MemFs::new())?),
            Self::Naive => Box::new(Naive::new(&*backing, room)?),
            Self::Raw => Box::new(Raw::new(&*backing)?),
        })
    }
}
