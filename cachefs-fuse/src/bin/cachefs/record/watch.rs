use std::ffi::CString;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use cachefs_sys::fanotify::{Mask, Seen, Sight};
use rustix::fs::{AtFlags, FileType, StatxFlags, statx};
use rustix::io::Errno;

use super::sheet::Uses;
use crate::trouble::Trouble;

/// Reads from the kernel in a row: more than its queue holds.
const READS_MAX: usize = 1024;
/// What the kernel says of a file that is gone.
const DELETED: &[u8] = b" (deleted)";

/// Sees what is used on a mount, also what the kernel answers by itself.
#[derive(Debug)]
pub(super) struct Watch {
    sight: Sight,
    mountpoint: PathBuf,
    own: i32,
    /// Times that the kernel had more to tell than it keeps.
    pub(super) overflows: u64,
    /// Files that could not be opened to learn their names.
    pub(super) unnamed: u64,
}

impl Watch {
    /// From now on.
    ///
    /// # Errors
    /// Without the right to it.
    pub(super) fn of(mountpoint: &Path) -> Result<Self, Trouble> {
        let shown = mountpoint.display();
        let cannot = |error: Errno| match error {
            Errno::PERM => {
                Trouble::failed(format!("what is used on {shown} can only be seen by root: use sudo"))
            }
            error => Trouble::failed(format!("what is used on {shown} cannot be seen (fanotify: {error})")),
        };
        let path = CString::new(mountpoint.as_os_str().as_bytes()).map_err(|_| cannot(Errno::INVAL))?;
        let mask = Mask::OPEN | Mask::ACCESS | Mask::MODIFY | Mask::ON_DIR;
        let sight = Sight::of_mount(&path, mask).map_err(cannot)?;
        let own = i32::try_from(std::process::id()).unwrap_or_default();
        Ok(Self { sight, mountpoint: mountpoint.to_owned(), own, overflows: 0, unnamed: 0 })
    }

    /// Hands out what was used up to now.
    ///
    /// # Errors
    /// If the kernel says what nobody understands; those of `each`.
    pub(super) fn drain(
        &mut self,
        mut each: impl FnMut(&Path, Uses) -> Result<(), Trouble>,
    ) -> Result<(), Trouble> {
        let Self { sight, mountpoint, own, overflows, unnamed } = self;
        let mut done = Ok(());
        for _ in 0..READS_MAX {
            let read = sight.read(|seen| {
                *overflows += u64::from(seen.mask.intersects(Mask::OVERFLOW));
                let Seen { mask, pid, file: Some(file) } = seen else { return };
                if pid == *own || done.is_err() {
                    return;
                }
                if let Some(path) = path_of(&file)
                    && let Ok(inside) = path.strip_prefix(&*mountpoint)
                    && let Some(uses) = uses(mask, is_dir(&file))
                {
                    done = each(inside, uses);
                }
            });
            match read {
                Ok(()) | Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => break,
                Err(error @ (Errno::PROTO | Errno::INVAL | Errno::BADF)) => {
                    return Err(Trouble::failed(format!("fanotify cannot be read: {error}")));
                }
                Err(_) => *unnamed += 1,
            }
            if done.is_err() {
                break;
            }
        }
        done
    }
}

impl AsFd for Watch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.sight.as_fd()
    }
}

/// Directories are told of only where they were listed.
fn uses(mask: Mask, is_dir: bool) -> Option<Uses> {
    if is_dir {
        return mask.intersects(Mask::ACCESS).then_some(Uses::LISTED);
    }
    let known = [(Mask::OPEN, Uses::OPENED), (Mask::ACCESS, Uses::READ), (Mask::MODIFY, Uses::WRITTEN)];
    let uses = known.into_iter().filter(|(one, _)| mask.intersects(*one)).map(|(_, uses)| uses);
    uses.reduce(Uses::and)
}

/// The kernel knows, and asks nobody for it.
fn is_dir(file: &OwnedFd) -> bool {
    let flags = AtFlags::EMPTY_PATH | AtFlags::STATX_DONT_SYNC;
    let kind = statx(file, c"", flags, StatxFlags::TYPE);
    kind.is_ok_and(|stat| FileType::from_raw_mode(stat.stx_mode.into()).is_dir())
}

/// Where it is; none if it is gone.
fn path_of(file: &OwnedFd) -> Option<PathBuf> {
    let path = std::fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd())).ok()?;
    let may_be_gone = path.as_os_str().as_bytes().ends_with(DELETED);
    let is_gone = may_be_gone && rustix::fs::fstat(file).is_ok_and(|stat| stat.st_nlink == 0);
    (!is_gone).then_some(path)
}
