use cachefs_vfs::VFile;

use crate::engine::Engine;
use crate::sync::Arc;

/// A handle of the backing that is for one handle of ours alone. It counts among those that are open, and others are
/// closed for it.
#[derive(Debug)]
pub(crate) struct Own {
    engine: Arc<Engine>,
    file: Arc<dyn VFile>,
}

impl Own {
    /// Not to be called with a lock held.
    pub(crate) fn new(engine: &Arc<Engine>, file: Arc<dyn VFile>) -> Self {
        engine.handles.add_own();
        Self { engine: Arc::clone(engine), file }
    }

    pub(crate) fn file(&self) -> &Arc<dyn VFile> {
        &self.file
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        self.engine.handles.remove_own();
    }
}
