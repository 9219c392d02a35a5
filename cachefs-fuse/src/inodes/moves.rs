use std::sync::atomic::{AtomicU64, Ordering};

/// Tells those who follow names whether a rename of ours may have been in their way.
///
/// A rename raises `begun` before the filesystem is asked and `ended` once the table has the new names. Who finds
/// another file than the table said looks whether both were equal all the time: if so, the table is wrong; if not,
/// it is worth another try.
#[derive(Debug, Default)]
pub(crate) struct Moves {
    begun: AtomicU64,
    ended: AtomicU64,
}

/// A moment in the history of renames.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    begun: u64,
    quiet: bool,
}

/// A rename that is under way until this is dropped.
#[derive(Debug)]
pub(crate) struct Moving<'a>(&'a Moves);

impl Moves {
    pub(crate) fn begin(&self) -> Moving<'_> {
        self.begun.fetch_add(1, Ordering::SeqCst);
        Moving(self)
    }

    pub(crate) fn now(&self) -> Moment {
        let ended = self.ended.load(Ordering::SeqCst);
        let begun = self.begun.load(Ordering::SeqCst);
        Moment { begun, quiet: begun == ended }
    }

    /// Whether no rename was under way at any time since.
    pub(crate) fn quiet_since(&self, moment: Moment) -> bool {
        moment.quiet && self.begun.load(Ordering::SeqCst) == moment.begun
    }
}

impl Drop for Moving<'_> {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_means_that_nothing_moved_meanwhile() {
        let moves = Moves::default();
        let before = moves.now();
        assert!(moves.quiet_since(before));
        let moving = moves.begin();
        assert!(!moves.quiet_since(before));
        let during = moves.now();
        drop(moving);
        assert!(!moves.quiet_since(during), "a rename was under way when it was taken");
        assert!(moves.quiet_since(moves.now()));
    }
}
