use std::sync::atomic::{AtomicU64, Ordering};

use cachefs_vfs::late::Listener;
use fuser::FileHandle;
use hashbrown::HashMap;
use parking_lot::Mutex;

use super::Handle;
use crate::MountConfig;

/// Below are the numbers of a [`Handle`].
const FIRST: u64 = 16;

/// The open files of programs, each to be told of what failed after the call that it belongs to: our own handles are
/// shared by all of them.
///
/// Where the kernel opens files without asking there is nothing to tell one from another by: then one of those that
/// have a file open is told.
#[derive(Debug)]
pub(crate) struct Listeners {
    wanted: bool,
    next: AtomicU64,
    open: Mutex<HashMap<u64, Listener>>,
}

impl Listeners {
    pub(crate) fn new(config: &MountConfig) -> Self {
        let wanted = config.fails_late && !config.opens_unasked();
        Self { wanted, next: AtomicU64::new(FIRST), open: Mutex::default() }
    }

    /// A program opens a file that we serve; what the kernel is to call it.
    pub(crate) fn opened(&self) -> FileHandle {
        if !self.wanted {
            return Handle::Ours.number();
        }
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        self.open.lock().insert(number, Listener::new());
        FileHandle(number)
    }

    /// It is closed.
    pub(crate) fn closed(&self, handle: FileHandle) {
        if self.wanted {
            self.open.lock().remove(&handle.0);
        }
    }

    /// Runs `verb`; what it is told, this open file is told.
    pub(crate) fn speaking_to<T>(&self, handle: FileHandle, verb: impl FnOnce() -> T) -> T {
        let listener = if self.wanted { self.open.lock().get(&handle.0).cloned() } else { None };
        match listener {
            Some(listener) => listener.scope(verb),
            None => verb(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_open_file_is_one_of_its_own_until_it_is_closed() {
        let listeners = Listeners::new(&MountConfig { fails_late: true, ..MountConfig::default() });
        let (one, two) = (listeners.opened(), listeners.opened());
        let mut failure = cachefs_vfs::late::Failure::new();
        let mut tells = |handle| listeners.speaking_to(handle, || failure.tell(&Listener::deaf()));
        assert!(tells(one) && tells(two) && !tells(one));
        assert!(Handle::from(one) == Handle::Ours && one != two);
        listeners.closed(one);
        listeners.closed(two);
        assert!(listeners.open.lock().is_empty());
        assert_eq!(Listeners::new(&MountConfig::default()).opened(), Handle::Ours.number());
    }
}
