use std::marker::PhantomData;

use rustix::io::{Errno, Result};

use super::fsetid;

/// While it lives, this thread's permission checks and new files are those of another user and group. Switching
/// from root to anybody else also puts the capabilities away that override permissions.
#[derive(Debug)]
pub struct FsIds {
    uid: u32,
    gid: u32,
    _of_this_thread: PhantomData<*const ()>,
}

impl FsIds {
    /// Becomes `uid` and `gid`; `None` leaves one as it is.
    ///
    /// # Errors
    /// `EPERM` if the process may not, `EINVAL` for the id -1. Nothing is changed then.
    pub fn switch(uid: Option<u32>, gid: Option<u32>) -> Result<Self> {
        if uid == Some(u32::MAX) || gid == Some(u32::MAX) {
            return Err(Errno::INVAL);
        }
        let guard = Self { uid: fs_uid(), gid: fs_gid(), _of_this_thread: PhantomData };
        // The group first: it needs a capability that a change of user does not take, but a user namespace might.
        if let Some(gid) = gid.filter(|&gid| gid != guard.gid) {
            set_fs_gid(gid);
            if fs_gid() != gid {
                return Err(Errno::PERM);
            }
        }
        if let Some(uid) = uid.filter(|&uid| uid != guard.uid) {
            set_fs_uid(uid);
            fsetid::forget();
            if fs_uid() != uid {
                return Err(Errno::PERM);
            }
        }
        Ok(guard)
    }
}

impl Drop for FsIds {
    fn drop(&mut self) {
        if set_fs_uid(self.uid) != self.uid {
            fsetid::forget();
        }
        set_fs_gid(self.gid);
    }
}

/// The id that stands for none: asking for it changes nothing, and the call still answers the present one.
const NOBODY: u32 = u32::MAX;

fn fs_uid() -> u32 {
    set_fs_uid(NOBODY)
}

fn fs_gid() -> u32 {
    set_fs_gid(NOBODY)
}

/// Answers the id before.
fn set_fs_uid(uid: u32) -> u32 {
    // SAFETY: takes an integer, touches this thread's credentials only.
    id(unsafe { libc::syscall(libc::SYS_setfsuid, uid) })
}

/// Answers the id before.
fn set_fs_gid(gid: u32) -> u32 {
    // SAFETY: as above.
    id(unsafe { libc::syscall(libc::SYS_setfsgid, gid) })
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the kernel answers a 32-bit id")]
fn id(answer: libc::c_long) -> u32 {
    answer as u32
}

#[cfg(test)]
mod tests {
    use rustix::thread::{CapabilitySet, capabilities, set_capabilities};

    use super::*;

    #[test]
    fn ids_come_back_and_stay_within_the_thread() {
        let before = (fs_uid(), fs_gid());
        if before.0 != 0 {
            return println!("skipped: not root");
        }
        let guard = FsIds::switch(Some(1234), Some(2345)).unwrap();
        assert_eq!((fs_uid(), fs_gid()), (1234, 2345));
        let process = std::fs::read_to_string("/proc/self/status").unwrap();
        assert!(process.contains("Uid:\t0\t0\t0\t0"), "the main thread must stay what it is: {process}");
        drop(guard);
        assert_eq!((fs_uid(), fs_gid()), before);
    }

    #[test]
    fn who_may_not_is_told_so_and_stays_who_he_is() {
        std::thread::spawn(|| {
            let mut sets = capabilities(None).unwrap();
            sets.effective -= CapabilitySet::SETUID;
            set_capabilities(None, sets).unwrap();
            let before = (fs_uid(), fs_gid());
            assert_eq!(FsIds::switch(Some(1234), Some(before.1)).map(drop), Err(Errno::PERM));
            assert_eq!((fs_uid(), fs_gid()), before);
        })
        .join()
        .unwrap();
    }

    #[test]
    fn nobody_cannot_be_impersonated() {
        assert_eq!(FsIds::switch(Some(u32::MAX), None).map(drop), Err(Errno::INVAL));
        assert_eq!(FsIds::switch(None, Some(u32::MAX)).map(drop), Err(Errno::INVAL));
    }
}
