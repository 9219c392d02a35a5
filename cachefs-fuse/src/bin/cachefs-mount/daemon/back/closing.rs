use std::sync::Arc;

use cachefs_fuse::OnClose;
use cachefs_vfs::{FileId, Result};
use cachefs_writeback::WriteBack;

/// Has close wait until the file is in the source.
#[derive(Debug)]
pub(super) struct FlushOnClose(pub(super) Arc<WriteBack>);

impl OnClose for FlushOnClose {
    fn closing(&self, file: FileId) -> Result<()> {
        self.0.flush_id(file)
    }
}
