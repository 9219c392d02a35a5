use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::plot::Plot;

/// What writers and readers share.
#[derive(Debug)]
pub(crate) struct Scene {
    /// The directory beneath.
    pub(crate) source: PathBuf,
    /// Where it is mounted.
    pub(crate) mount: PathBuf,
    /// All there is to look at.
    pub(crate) plots: Vec<Plot>,
    /// When the load began.
    pub(crate) start: Instant,
    /// How long the load lasts.
    pub(crate) length: Duration,
    /// How long a writer looks for its own change before it gives up.
    pub(crate) patience: Duration,
    /// Set when a thread has panicked.
    pub(crate) stop: AtomicBool,
}

impl Scene {
    /// Whether the load goes on.
    pub(crate) fn goes_on(&self) -> bool {
        !self.stop.load(Ordering::Relaxed) && self.start.elapsed() < self.length
    }

    /// Ends all threads if this one panics.
    pub(crate) fn stop_on_panic(&self) -> impl Drop + '_ {
        struct Guard<'a>(&'a AtomicBool);
        impl Drop for Guard<'_> {
            fn drop(&mut self) {
                self.0.fetch_or(std::thread::panicking(), Ordering::Relaxed);
            }
        }
        Guard(&self.stop)
    }
}
