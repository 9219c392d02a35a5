use cachefs_vfs::Error;

use crate::sync::{AtomicU64, Ordering};

/// Which errors of its file a handle has told its user. One per handle.
#[derive(Debug, Default)]
pub(crate) struct ErrorsSeen(AtomicU64);

/// The failure of a file's flushes that its users are to be told, each handle once.
#[derive(Debug, Default)]
pub(super) struct Latch {
    /// How often one was put in.
    count: u64,
    error: Option<Error>,
}

impl Latch {
    /// Puts in `error`. Returns whether none, or another one, was in it.
    pub(super) fn put(&mut self, error: &Error) -> bool {
        let news = self.error.as_ref().map(Error::errno) != Some(error.errno());
        if news {
            self.count += 1;
            self.error = Some(error.clone());
        }
        news
    }

    /// The bytes are in the backing after all: there is nothing to tell.
    pub(super) fn clear(&mut self) {
        self.error = None;
    }

    pub(super) fn error(&self) -> Option<&Error> {
        self.error.as_ref()
    }

    /// What a handle has not told yet.
    pub(super) fn report(&self, seen: &ErrorsSeen) -> Option<Error> {
        let error = self.error.as_ref()?;
        (seen.0.swap(self.count, Ordering::Relaxed) < self.count).then(|| error.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cachefs_vfs::Errno;

    #[test]
    fn each_handle_tells_an_error_once() {
        let (mut latch, one, other) = (Latch::default(), ErrorsSeen::default(), ErrorsSeen::default());
        assert!(latch.report(&one).is_none());
        assert!(latch.put(&Error::new(Errno::ROFS)));
        assert!(!latch.put(&Error::new(Errno::ROFS)), "the same again is no news");
        assert_eq!(latch.report(&one).map(|error| error.errno()), Some(Errno::ROFS));
        assert!(latch.report(&one).is_none());
        assert!(latch.put(&Error::new(Errno::ACCESS)));
        assert_eq!(latch.report(&one).map(|error| error.errno()), Some(Errno::ACCESS));
        assert_eq!(latch.report(&other).map(|error| error.errno()), Some(Errno::ACCESS));
        latch.clear();
        assert!(latch.report(&ErrorsSeen::default()).is_none());
    }
}
