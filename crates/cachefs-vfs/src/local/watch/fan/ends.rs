//! The end of marks.

use std::os::fd::{AsFd, BorrowedFd};

use cachefs_sys::mounts;
use rustix::fs::{AtFlags, StatxFlags, statx};

use super::Fan;
use crate::local::watch::alive::alive;
use crate::{FileId, Result};

/// `STATX_MNT_ID_UNIQUE`, Linux 6.8.
const MOUNT: StatxFlags = StatxFlags::from_bits_retain(0x4000);

/// The number of the mount by which `file` was found; no later mount has it. `None` where the kernel has none such, and
/// if the file is still open though it was unmounted.
pub(super) fn mount_of(file: BorrowedFd<'_>) -> Result<Option<u64>> {
    let found = statx(file, c"", AtFlags::EMPTY_PATH | AtFlags::STATX_DONT_SYNC, MOUNT)?;
    let is_told = found.stx_mask & MOUNT.bits() != 0;
    Ok(Some(found.stx_mnt_id).filter(|mount| is_told && is_mounted(*mount)))
}

/// Whether a mount is there, as far as the kernel tells.
pub(super) fn is_mounted(mount: u64) -> bool {
    mounts::is_mounted(mount).unwrap_or(true)
}

impl Fan {
    /// Forgets an inode that is gone; answers whether it was marked by itself.
    pub(super) fn forget(&self, id: FileId) -> bool {
        let opens = self.opens.forget(id);
        self.watched.forget(id) || opens
    }

    /// See [`super::Source::recount`].
    pub(super) fn count_marks(&self) -> Result<()> {
        // Asked first: what is marked from here on is left.
        let marked = self.watched.all_covered();
        let alive = alive(self.group.as_fd(), "ino")?;
        let devices = self.devices.snapshot();
        // Others may have numbers for themselves that they tell nobody.
        let tells = |id: FileId| {
            let mut known = devices.iter().filter(|known| known.device == id.device);
            known.all(|known| known.scheme.tells_identity())
        };
        let is_gone = |id: FileId| tells(id) && !alive.contains(&id.inode);
        self.opens.retain(|id| !is_gone(id));
        for id in marked.into_iter().filter(|id| is_gone(*id)) {
            self.watched.forget(id);
        }
        Ok(())
    }
}
