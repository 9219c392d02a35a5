use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::MemFs;
use super::content::PAGE;
use super::shared::{Clock, Shared};
use crate::Time;

/// The largest file unless told otherwise, in bytes: that of ext4.
const FILE_SIZE_MAX: u64 = 1 << 44;

/// Limits and clock of a [`MemFs`].
///
/// ```
/// use cachefs_vfs::{Errno, MemFs, VfsExt};
///
/// let fs = MemFs::builder().capacity_bytes(1 << 20).capacity_inodes(2).build();
/// fs.write("a", b"fits")?;
/// fs.write("b", b"fits")?;
/// assert_eq!(fs.write("c", b"").unwrap_err().errno(), Errno::NOSPC);
/// # Ok::<(), cachefs_vfs::Error>(())
/// ```
#[must_use]
pub struct MemFsBuilder {
    clock: Clock,
    granularity: Duration,
    pages: u64,
    inodes: u64,
    file_size_max: u64,
}

impl MemFsBuilder {
    /// Takes the time of day from here instead of the system. Called with an inode locked, so it must not use the
    /// filesystem.
    pub fn clock(mut self, clock: impl Fn() -> Time + Send + Sync + 'static) -> Self {
        self.clock = Box::new(clock);
        self
    }

    /// Cuts times to multiples of this, as disks do: two changes may then leave the same time. At zero, the default,
    /// each change has a time of its own.
    pub fn granularity(mut self, granularity: Duration) -> Self {
        self.granularity = granularity;
        self
    }

    /// Room for the contents of files, in bytes rounded down to pages of 4 KiB. Beyond it writes answer `ENOSPC`.
    pub fn capacity_bytes(mut self, bytes: u64) -> Self {
        self.pages = bytes / PAGE;
        self
    }

    /// How many files, directories and so on there may be beside the root. Beyond it creating answers `ENOSPC`.
    pub fn capacity_inodes(mut self, inodes: u64) -> Self {
        self.inodes = inodes.saturating_add(1);
        self
    }

    /// How long one file may be, in bytes; at most 2^62. Beyond it writes answer `EFBIG`.
    pub fn file_size_max(mut self, bytes: u64) -> Self {
        self.file_size_max = bytes.min(1 << 62);
        self
    }

    /// Makes the filesystem, empty.
    #[must_use]
    pub fn build(self) -> MemFs {
        let shared = Shared::new(self.clock, self.granularity, self.pages, self.inodes, self.file_size_max);
        MemFs::with_shared(shared)
    }
}

impl Default for MemFsBuilder {
    fn default() -> Self {
        Self {
            clock: Box::new(system_time),
            granularity: Duration::ZERO,
            pages: u64::MAX,
            inodes: u64::MAX,
            file_size_max: FILE_SIZE_MAX,
        }
    }
}

impl std::fmt::Debug for MemFsBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemFsBuilder")
            .field("granularity", &self.granularity)
            .field("pages", &self.pages)
            .field("inodes", &self.inodes)
            .field("file_size_max", &self.file_size_max)
            .finish_non_exhaustive()
    }
}

fn system_time() -> Time {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time { seconds: i64::try_from(now.as_secs()).unwrap_or(i64::MAX), nanos: now.subsec_nanos() }
}
