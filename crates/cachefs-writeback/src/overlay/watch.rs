use std::any::Any;

use cachefs_vfs::{FileId, Result, Watch, WatchHow, WatchMethod, WatchUsage, Watcher};

use super::shared::Shared;
use crate::core::Ear;
use crate::sync::{Arc, Weak};

/// The backing's watch. Its watcher is also told of what we do to files that others changed, too, of which the backing
/// says nothing: it is our own doing.
#[derive(Debug)]
pub(super) struct WriteWatch {
    inner: Arc<dyn Watch>,
    ear: Arc<Ear>,
}

impl Shared {
    /// Has the backing watched.
    ///
    /// # Errors
    /// The backing's.
    pub(super) fn watch(&self, how: WatchHow, watcher: Arc<dyn Watcher>) -> Result<Arc<dyn Watch>> {
        let ear = Ear::new(watcher);
        let inner = self.core.backing.watch(how, Arc::<Ear>::clone(&ear))?;
        let weak: Weak<dyn Watcher> = Arc::<Ear>::downgrade(&ear);
        self.core.news.listen(weak);
        Ok(Arc::new(WriteWatch { inner, ear }))
    }
}

impl Watch for WriteWatch {
    fn covers(&self, id: FileId) -> bool {
        self.inner.covers(id)
    }

    fn covers_names(&self, dir: FileId) -> bool {
        self.inner.covers_names(dir)
    }

    fn method(&self) -> WatchMethod {
        self.inner.method()
    }

    fn usage(&self) -> WatchUsage {
        self.inner.usage()
    }

    /// The backing's: it is handed through to the backing's files.
    fn as_any(&self) -> &dyn Any {
        self.inner.as_any()
    }
}

impl Drop for WriteWatch {
    fn drop(&mut self) {
        self.ear.close();
    }
}
