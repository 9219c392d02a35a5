use std::path::Path;

use super::{PathError, PathStats};
use crate::block::BlockIndex;
use crate::fs::CacheFs;

impl CacheFs {
    /// How much of these files is in memory. Attributes that are not known are asked for; no bytes are, and no block
    /// counts as used. The second part tells of the paths that nothing can be told of.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use cachefs::CacheFs;
    /// # use cachefs_vfs::{MemFs, VfsExt};
    /// let source = Arc::new(MemFs::new());
    /// source.write("a", &[7; 100])?;
    /// source.write("b", &[7; 100])?;
    /// let cache = CacheFs::builder(source).build().unwrap();
    /// cache.read("a")?;
    /// let (stats, errors) = cache.batch_stats(["a", "b", "missing"]);
    /// let percents: Vec<f64> = stats.iter().map(|of| of.cached_percent()).collect();
    /// assert_eq!(percents, [100.0, 0.0]);
    /// assert_eq!(errors[0].path.to_str(), Some("missing"));
    /// # Ok::<(), cachefs_vfs::Error>(())
    /// ```
    pub fn batch_stats<P: AsRef<Path>>(
        &self,
        paths: impl IntoIterator<Item = P>,
    ) -> (Vec<PathStats>, Vec<PathError>) {
        let engine = self.engine();
        let (mut stats, mut blocks, mut errors) = (Vec::new(), Vec::new(), Vec::new());
        for path in paths {
            let path = path.as_ref();
            let attr = match self.stat(path) {
                Ok(attr) => attr,
                Err(error) => {
                    errors.push(PathError { path: path.to_path_buf(), error });
                    continue;
                }
            };
            let known = engine.nodes.peek(attr.id).map(|node| {
                let state = node.state.lock();
                (state.generation(), state.blocks_end())
            });
            let (generation, end) = known.unwrap_or((Default::default(), BlockIndex(0)));
            blocks.push((attr.id, generation, end));
            stats.push(PathStats {
                path: path.to_path_buf(),
                size: attr.size,
                cached_bytes: 0,
                cached_blocks: 0,
                dirty_bytes: self.write_back().map(|write_back| write_back.dirty_bytes(attr.id)),
                version: attr.version(),
                generation: generation.0,
            });
        }
        for (of, present) in stats.iter_mut().zip(engine.store.present(&blocks)) {
            (of.cached_bytes, of.cached_blocks) = (present.bytes, present.blocks);
        }
        (stats, errors)
    }
}
