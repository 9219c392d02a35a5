use std::cell::Cell;
use std::marker::PhantomData;

use rustix::io::Result;
use rustix::process::Gid;
use rustix::thread::set_thread_groups;

thread_local! {
    static FORGOTTEN: Cell<bool> = const { Cell::new(false) };
}

/// Takes this thread's supplementary groups away, for good. Only the first call of a thread costs a system call.
///
/// # Errors
/// `EPERM` without `CAP_SETGID`.
pub fn forget_groups() -> Result<()> {
    if !FORGOTTEN.get() {
        set_thread_groups(&[])?;
        FORGOTTEN.set(true);
    }
    Ok(())
}

/// While it lives, this thread has these supplementary groups; after it, none.
#[derive(Debug)]
pub struct ThreadGroups {
    _of_this_thread: PhantomData<*const ()>,
}

impl ThreadGroups {
    /// Takes `groups` on.
    ///
    /// # Errors
    /// `EPERM` without `CAP_SETGID`, `EINVAL` for more groups than Linux allows (65,536).
    pub fn set(groups: &[u32]) -> Result<Self> {
        let groups: Vec<Gid> =
            groups.iter().copied().filter(|&gid| gid != u32::MAX).map(Gid::from_raw).collect();
        set_thread_groups(&groups)?;
        FORGOTTEN.set(false);
        Ok(Self { _of_this_thread: PhantomData })
    }
}

impl Drop for ThreadGroups {
    fn drop(&mut self) {
        // A thread that may set groups may also empty them. Should it fail all the same, the next creation on this
        // thread tries again and reports it, because they are not marked as forgotten.
        if set_thread_groups(&[]).is_ok() {
            FORGOTTEN.set(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use rustix::process::{getgroups, getuid};

    use super::*;

    #[test]
    fn groups_are_the_threads_own_and_go_with_the_guard() {
        if !getuid().is_root() {
            return println!("skipped: not root");
        }
        let outside = getgroups().unwrap();
        std::thread::spawn(|| {
            let guard = ThreadGroups::set(&[42, u32::MAX, 43]).unwrap();
            assert_eq!(getgroups().unwrap(), [Gid::from_raw(42), Gid::from_raw(43)]);
            drop(guard);
            assert_eq!(getgroups().unwrap(), []);
            forget_groups().unwrap();
        })
        .join()
        .unwrap();
        assert_eq!(getgroups().unwrap(), outside);
    }
}
