use std::thread::{self, JoinHandle};

use super::{Cancel, Warm, WarmProgress, WarmReport};
use crate::fs::CacheFs;

/// A warming under way in the background. Dropping it cancels it and waits for nothing.
#[derive(Debug)]
pub struct WarmHandle {
    cancel: Cancel,
    thread: Option<JoinHandle<WarmReport>>,
}

impl CacheFs {
    /// As [`Self::warm`], by a thread of its own.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use cachefs::{CacheFs, Warm};
    /// # use cachefs_vfs::{MemFs, VfsExt};
    /// # let source = Arc::new(MemFs::new());
    /// # source.write("a", &[7; 100])?;
    /// let cache = CacheFs::builder(source).build().unwrap();
    /// let warming = cache.warm_async(Warm::new(["**"]), |now| assert!(now.errors == 0)).unwrap();
    /// assert_eq!(warming.wait().total.files, 1);
    /// # Ok::<(), cachefs_vfs::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the system refuses a thread.
    pub fn warm_async(
        &self,
        request: Warm,
        progress: impl Fn(&WarmProgress) + Send + Sync + 'static,
    ) -> std::io::Result<WarmHandle> {
        let (cache, cancel) = (self.clone(), request.cancel.clone());
        let thread = thread::Builder::new().name("cachefs-warm".to_owned());
        let thread = thread.spawn(move || cache.warm(&request, &progress))?;
        Ok(WarmHandle { cancel, thread: Some(thread) })
    }
}

impl WarmHandle {
    /// Stops it as soon as the calls under way are back.
    pub fn cancel(&self) {
        self.cancel.cancel();
    }

    /// Whether it is over.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// If the callback for progress did.
    #[must_use]
    pub fn wait(mut self) -> WarmReport {
        let report = self.thread.take().map(JoinHandle::join);
        match report {
            Some(Ok(report)) => report,
            Some(Err(panic)) => std::panic::resume_unwind(panic),
            None => WarmReport::default(),
        }
    }
}

impl Drop for WarmHandle {
    fn drop(&mut self) {
        if self.thread.is_some() {
            self.cancel.cancel();
        }
    }
}
