use std::path::Path;

use cachefs_vfs::{Attr, FileId, Result};

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
        let (blocks, bytes) = self.contents(attr.id).map_or((0, 0), |(_, held)| held);
        Ok(Held { attr, blocks, bytes })
    }

    /// The same by identity, from memory alone: `None` where the attributes are not known. They may be out of date.
    #[must_use]
    pub fn held_in_memory(&self, file: FileId) -> Option<Held> {
        let (attr, (blocks, bytes)) = self.contents(file)?;
        Some(Held { attr: attr?, blocks, bytes })
    }

    /// What is known of a file, and the blocks and bytes of its contents.
    fn contents(&self, file: FileId) -> Option<(Option<Attr>, (u64, u64))> {
        let engine = self.engine();
        let node = engine.nodes.peek(file)?;
        let (attr, generation, end) = {
            let state = node.state.lock();
            (state.attr_known().copied(), state.generation(), state.blocks_end())
        };
        let present = engine.store.present(&[(file, generation, end)]);
        let held = present.first().map_or((0, 0), |present| (present.blocks, present.bytes));
        Some((attr, held))
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
