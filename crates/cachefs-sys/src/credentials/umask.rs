use std::cell::Cell;
use std::marker::PhantomData;

use rustix::fs::Mode;
use rustix::io::Result;
use rustix::process::umask;
use rustix::thread::UnshareFlags;

thread_local! {
    static OWN: Cell<bool> = const { Cell::new(false) };
}

/// While it lives, this thread, and no other, creates files under another umask.
#[derive(Debug)]
pub struct ThreadUmask {
    before: Mode,
    _of_this_thread: PhantomData<*const ()>,
}

impl ThreadUmask {
    /// Sets the nine permission bits of `mask`. The first time, the thread takes leave of the umask, working
    /// directory and root that it shared with the process: later changes of those no longer reach it.
    ///
    /// # Errors
    /// Those of `unshare`; a sandbox may refuse it.
    pub fn set(mask: u32) -> Result<Self> {
        if !OWN.get() {
            // SAFETY: without FILES, what is unshared holds no descriptors.
            unsafe { rustix::thread::unshare_unsafe(UnshareFlags::FS) }?;
            OWN.set(true);
        }
        let before = umask(Mode::from_raw_mode(mask & 0o777));
        Ok(Self { before, _of_this_thread: PhantomData })
    }
}

impl Drop for ThreadUmask {
    fn drop(&mut self) {
        umask(self.before);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn current() -> Mode {
        let now = umask(Mode::empty());
        umask(now);
        now
    }

    #[test]
    fn only_the_thread_itself_is_masked() {
        let (before, mask) = (current(), Mode::from_raw_mode(0o137));
        assert_ne!(before, mask);
        let ((masked, is_masked), (seen, go_on)) = (mpsc::channel(), mpsc::channel());
        let thread = std::thread::spawn(move || {
            let guard = ThreadUmask::set(0o137).unwrap();
            masked.send(current()).unwrap();
            go_on.recv().unwrap();
            drop(guard);
            current()
        });
        assert_eq!(is_masked.recv().unwrap(), mask);
        assert_eq!(current(), before);
        seen.send(()).unwrap();
        assert_eq!(thread.join().unwrap(), before);
    }
}
