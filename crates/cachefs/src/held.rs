use std::path::Path;

use cachefs_vfs::{Attr, Result};

use crate::fs::CacheFs;
use crate::stats::MissReason;

/// What a cache has of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// What the file is.
    pub attr: Attr,
    /// Blocks of its contents in memory.
    pub blocks: u64,
    /// Bytes of its contents in them; at most its length, but for a file that is being changed.
    pub bytes: u64,
}

impl CacheFs {
    /// What is held of the file at `path` (from the root; symlinks are not followed). Costs a look at each of its
    /// blocks that may be here, at most at each block there is. Asks the backing for attributes that are not known.
    ///
    /// # Errors
    /// Those of [`CacheFs::stat`].
    pub fn held(&self, path: impl AsRef<Path>) -> Result<Held> {
        let attr = self.stat(path)?;
        let engine = self.engine();
        let Some(node) = engine.nodes.peek(attr.id) else { return Ok(Held { attr, blocks: 0, bytes: 0 }) };
        let (generation, end) = {
            let state = node.state.lock();
            (state.generation(), state.blocks_end())
        };
        let present = engine.store.present(&[(attr.id, generation, end)]);
        let (blocks, bytes) = present.first().map_or((0, 0), |present| (present.blocks, present.bytes));
        Ok(Held { attr, blocks, bytes })
    }

    /// Drops what is held of the contents of the file at `path`, for its memory; what is dirty is not here and stays
    /// what it is. Its attributes are asked for again. Answers what was held.
    ///
    /// # Errors
    /// Those of [`CacheFs::stat`].
    pub fn evict(&self, path: impl AsRef<Path>) -> Result<Held> {
        let held = self.held(path)?;
        if let Some(node) = self.engine().nodes.peek(held.attr.id) {
            self.engine().reset(&node, MissReason::Evicted);
        }
        Ok(held)
    }

    /// Sets the limit of the memory for file contents, in bytes, from now on. What is above it is evicted before this
    /// returns, but for what readers and loads still use, which goes as they let go of it. Readahead stays what it was.
    pub fn set_memory(&self, bytes: usize) {
        self.engine().store.resize(bytes);
    }
}
