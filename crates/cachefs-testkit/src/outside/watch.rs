use std::any::Any;
use std::sync::Arc;

use cachefs_vfs::{Errno, Error, FileId, Result, Watch, WatchMethod, WatchUsage};

use super::registration::Registration;
use super::side::Shared;

/// A watch of an [`super::OutsideFs`].
#[derive(Debug)]
pub(super) struct OutsideWatch {
    shared: Arc<Shared>,
    registration: Arc<Registration>,
}

impl OutsideWatch {
    pub(super) fn new(shared: &Arc<Shared>, registration: Registration) -> Self {
        let registration = Arc::new(registration);
        shared.post.register(&registration);
        Self { shared: Arc::clone(shared), registration }
    }
}

/// Puts `id` under `watch`, if that is one of this filesystem.
pub(super) fn cover(shared: &Arc<Shared>, watch: &dyn Watch, id: FileId) -> Result<()> {
    let watch = watch.as_any().downcast_ref::<OutsideWatch>();
    let watch = watch.filter(|watch| Arc::ptr_eq(&watch.shared, shared)).ok_or_else(Error::unsupported)?;
    if watch.registration.is_lost() {
        return Err(Error::new(Errno::STALE));
    }
    if let Some(errno) = *shared.refusal.lock() {
        return Err(Error::new(errno));
    }
    watch.registration.cover(id);
    Ok(())
}

impl Watch for OutsideWatch {
    fn covers(&self, id: FileId) -> bool {
        self.registration.covers(id)
    }

    fn covers_names(&self, dir: FileId) -> bool {
        self.registration.covers(dir)
    }

    fn method(&self) -> WatchMethod {
        self.registration.method
    }

    fn usage(&self) -> WatchUsage {
        self.registration.usage()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Drop for OutsideWatch {
    fn drop(&mut self) {
        self.shared.post.unregister(&self.registration);
    }
}
