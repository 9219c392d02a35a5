//! Asking a cache for what it has, and only that.
//!
//! Inside [`scope`], a caching filesystem answers what would need its backing with [`Error::would_block`] instead of
//! asking, and without having changed anything, as `RWF_NOWAIT` does for reads of a file. A server thread that must
//! stay free for hits tries so first and hands the rest to a thread that may wait.

use std::cell::Cell;

use crate::{Error, Result};

thread_local! {
    static NOWAIT: Cell<bool> = const { Cell::new(false) };
}

/// Runs `verbs`; on this thread, until it returns, caches answer [`Error::would_block`] rather than ask their
/// backing or wait for another thread that does.
pub fn scope<T>(verbs: impl FnOnce() -> T) -> T {
    struct Restore(bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            NOWAIT.set(self.0);
        }
    }
    let _restore = Restore(NOWAIT.replace(true));
    verbs()
}

/// To be called by a cache before it asks its backing or waits for somebody who does.
///
/// # Errors
/// [`Error::would_block`] inside a [`scope`].
pub fn check() -> Result<()> {
    if NOWAIT.get() { Err(Error::would_block()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_ends_also_when_it_panics() {
        assert!(check().is_ok());
        scope(|| {
            assert!(check().is_err());
            scope(|| assert!(check().is_err()));
            assert!(check().is_err(), "the inner scope must not end the outer one");
        });
        let _ = std::panic::catch_unwind(|| scope(|| panic!("inside")));
        assert!(check().is_ok());
    }
}
