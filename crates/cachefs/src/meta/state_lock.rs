use std::ops::{Deref, DerefMut};

use super::State;
use super::shown::{Changing, Glimpse, Shown, Sight};
use crate::sync::{Mutex, MutexGuard};

/// The state of an inode under its lock, and beside it what can be read without: what is known and fresh is answered
/// with no write to memory, so that threads that ask for the same inode do not slow each other down.
#[derive(Debug)]
pub(crate) struct StateLock {
    state: Mutex<State>,
    shown: Shown,
}

/// The right to the state. What is changed through it is hidden from those who have no lock from the first change on,
/// and shown to them when it is dropped; so they see what they would see if they had waited for it.
#[derive(Debug)]
pub(crate) struct StateGuard<'a> {
    state: MutexGuard<'a, State>,
    shown: &'a Shown,
    changes: bool,
}

impl StateLock {
    pub(super) fn new(state: State) -> Self {
        let shown = Shown::default();
        shown.begin();
        shown.end(&state);
        Self { state: Mutex::new(state), shown }
    }

    pub(crate) fn lock(&self) -> StateGuard<'_> {
        StateGuard { state: self.state.lock(), shown: &self.shown, changes: false }
    }

    /// The state as it was left last.
    ///
    /// # Errors
    /// If somebody is changing it: [`Self::glimpse_locked`] waits for him.
    #[inline(always)]
    pub(crate) fn glimpse(&self) -> Result<Glimpse, Changing> {
        self.shown.read()
    }

    /// What a reader sees of it. Waits only for who is changing it.
    #[inline(always)]
    pub(crate) fn sight(&self) -> Sight {
        self.shown.read_view().unwrap_or_else(|Changing| Sight::of(&self.glimpse_locked()))
    }

    /// The state as it is left by whoever is changing it.
    #[cold]
    pub(crate) fn glimpse_locked(&self) -> Glimpse {
        Glimpse::of(&self.lock())
    }
}

impl Deref for StateGuard<'_> {
    type Target = State;

    fn deref(&self) -> &State {
        &self.state
    }
}

impl DerefMut for StateGuard<'_> {
    fn deref_mut(&mut self) -> &mut State {
        if !self.changes {
            self.changes = true;
            self.shown.begin();
        }
        &mut self.state
    }
}

impl Drop for StateGuard<'_> {
    fn drop(&mut self) {
        if self.changes {
            self.shown.end(&self.state);
        }
    }
}

#[cfg(test)]
mod tests {
    use cachefs_vfs::{Attr, FileId, FileKind, Mode, Time};

    use super::*;
    use crate::block::Generation;
    use crate::meta::{Asked, Seen, Stamp};
    use crate::sync::{AtomicBool, Ordering};
    use crate::time::Moment;

    const ID: FileId = FileId { device: 1, inode: 2, generation: 3 };

    /// Each number in it tells the size.
    fn attr(size: u64) -> Attr {
        let small = u32::try_from(size % 1_000_000).expect("small");
        let time = |seconds: i64| Time { seconds: seconds - size.cast_signed(), nanos: small };
        Attr {
            id: ID,
            kind: if size.is_multiple_of(2) { FileKind::Regular } else { FileKind::Directory },
            mode: Mode::new(small & 0o7777),
            links: small,
            uid: small + 1,
            gid: small + 2,
            device: size + 3,
            size,
            blocks: size + 4,
            block_size: small + 5,
            atime: time(10),
            mtime: time(20),
            ctime: time(30),
            btime: size.is_multiple_of(3).then(|| time(40)),
            tag: size + 6,
        }
    }

    fn learn(state: &mut State, size: u64) {
        let seen = Seen::new(Asked { at: Moment(size), ..Asked::default() }, true);
        assert!(state.learn(&attr(size), seen, false, || Generation(size)).kept);
    }

    fn state() -> StateLock {
        StateLock::new(State::new(Generation(0), Stamp::default()))
    }

    fn glimpse(state: &StateLock) -> Glimpse {
        state.glimpse().expect("nobody changes it")
    }

    #[test]
    fn what_is_seen_without_the_lock_is_what_was_left_under_it() {
        let state = state();
        assert_eq!(glimpse(&state).seen(), None);
        let kinds = [
            FileKind::Symlink,
            FileKind::Fifo,
            FileKind::Socket,
            FileKind::CharDevice,
            FileKind::BlockDevice,
        ];
        for (size, kind) in (1..).zip(kinds.into_iter().chain([FileKind::Regular, FileKind::Directory])) {
            let attr = Attr { kind, size: u64::MAX - size, ..attr(size) };
            let seen = Seen::new(Asked { at: Moment(size), ..Asked::default() }, size % 2 == 0);
            state.lock().learn(&attr, seen, false, || Generation(size));
            let glimpse = glimpse(&state);
            assert_eq!((glimpse.attr(ID), glimpse.seen()), (attr, Some(seen)));
            let sight = state.sight();
            assert_eq!((sight.seen(), sight.view()), (Some(seen), state.lock().view_of(attr.size)));
            assert_eq!((sight.is_dir(), sight.is_readable()), (kind.is_dir(), false));
        }
        state.lock().set_readable(true);
        state.lock().expire();
        assert_eq!(glimpse(&state).seen(), None, "known, and not to be answered");
        assert_eq!((state.sight().seen(), state.sight().is_readable()), (None, true));
    }

    #[test]
    fn nobody_looks_past_the_lock_from_the_first_change_on() {
        let state = state();
        let mut guard = state.lock();
        assert!(guard.attr_known().is_none() && state.glimpse().is_ok(), "nothing is changed yet");
        learn(&mut guard, 7);
        assert!(state.glimpse().is_err());
        drop(guard);
        assert_eq!(glimpse(&state).attr(ID), attr(7));
    }

    #[test]
    fn all_of_a_glimpse_is_of_one_moment() {
        let (state, over) = (state(), AtomicBool::new(false));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                (1..20_000).for_each(|size| learn(&mut state.lock(), size));
                over.store(true, Ordering::SeqCst);
            });
            let mut last = 0;
            while !over.load(Ordering::SeqCst) {
                let glimpse = state.glimpse().unwrap_or_else(|Changing| state.glimpse_locked());
                let Some(seen) = glimpse.seen() else { continue };
                let size = seen.at().0;
                assert_eq!(glimpse.attr(ID), attr(size));
                assert!(state.sight().view().size >= size, "of one moment, and not of an earlier one");
                assert!(size >= last, "never back");
                last = size;
            }
        });
        assert_eq!(glimpse(&state).attr(ID), attr(19_999));
    }
}
