use cachefs_vfs::Error;
use cachefs_vfs::late::{Failure, Listener};

/// The failure of a file's flushes that its users are to be told, each of their open files once.
#[derive(Debug, Default)]
pub(super) struct Latch {
    held: Option<(Error, Failure)>,
    /// More was written since it was put in.
    more: bool,
}

impl Latch {
    /// Puts in `error`. Returns whether that is news: it is another one, or somebody was told and wrote more, of which
    /// nobody was told yet.
    pub(super) fn put(&mut self, error: &Error) -> bool {
        let known = self.held.as_ref().is_some_and(|(held, failure)| {
            held.errno() == error.errno() && !(self.more && failure.is_told())
        });
        if !known {
            self.held = Some((error.clone(), Failure::new()));
            self.more = false;
        }
        !known
    }

    /// Something was written.
    pub(super) fn wrote(&mut self) {
        self.more = true;
    }

    /// The bytes are in the backing after all: there is nothing to tell.
    pub(super) fn clear(&mut self) {
        self.held = None;
    }

    pub(super) fn error(&self) -> Option<&Error> {
        self.held.as_ref().map(|(error, _)| error)
    }

    /// What this one was not told yet, and should be.
    pub(super) fn report(&mut self, own: &Listener) -> Option<Error> {
        let (error, failure) = self.held.as_mut()?;
        failure.tell(own).then(|| error.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cachefs_vfs::Errno;

    fn errno(told: Option<Error>) -> Option<Errno> {
        told.map(|error| error.errno())
    }

    #[test]
    fn each_is_told_an_error_once() {
        let (mut latch, one, other) = (Latch::default(), Listener::new(), Listener::new());
        assert!(latch.report(&one).is_none());
        assert!(latch.put(&Error::new(Errno::ROFS)));
        assert!(!latch.put(&Error::new(Errno::ROFS)), "the same again is no news");
        assert_eq!(errno(latch.report(&one)), Some(Errno::ROFS));
        assert!(latch.report(&one).is_none());
        assert!(latch.report(&Listener::new()).is_none(), "opened when somebody knew");
        assert!(latch.put(&Error::new(Errno::ACCESS)));
        assert_eq!(errno(latch.report(&one)), Some(Errno::ACCESS));
        assert_eq!(errno(latch.report(&other)), Some(Errno::ACCESS));
        latch.clear();
        assert!(latch.report(&Listener::new()).is_none());
    }

    #[test]
    fn what_is_written_after_somebody_was_told_fails_anew() {
        let (mut latch, one) = (Latch::default(), Listener::new());
        latch.put(&Error::new(Errno::ROFS));
        latch.wrote();
        assert!(!latch.put(&Error::new(Errno::ROFS)), "nobody was told");
        assert_eq!(errno(latch.report(&one)), Some(Errno::ROFS));
        assert!(latch.put(&Error::new(Errno::ROFS)));
        assert_eq!(errno(latch.report(&one)), Some(Errno::ROFS));
        assert!(!latch.put(&Error::new(Errno::ROFS)) && latch.report(&one).is_none());
    }
}
