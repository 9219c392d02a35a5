use crate::fs::CacheFs;
use crate::sync::Ordering;

/// What a cache holds at one moment, and how much it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Memory for file contents, in bytes: blocks, what readers still use, and what is idle for the next block.
    pub bytes: usize,
    /// The part of it that is idle.
    pub bytes_idle: usize,
    /// Its limit.
    pub bytes_max: usize,
    /// Files that are pinned.
    pub pinned_files: usize,
    /// Memory that their blocks take, in bytes; a part of [`Self::bytes`].
    pub pinned_bytes: usize,
    /// Its limit.
    pub pinned_bytes_max: usize,
    /// Blocks.
    pub blocks: usize,
    /// Their limit.
    pub blocks_max: usize,
    /// Inodes whose attributes are known, those that handles stand for included.
    pub attributes: usize,
    /// Names known, those that do not exist included.
    pub names: usize,
    /// The limit of attributes and names together.
    pub metadata_max: usize,
    /// Directory entries in listings, and one more for each listing.
    pub listing_entries: usize,
    /// Their limit.
    pub listing_entries_max: usize,
    /// Handles given out and not dropped yet, and files that are being read ahead.
    pub handles: usize,
    /// Files and directories of the backing that are open.
    pub backing_handles: usize,
    /// Their limit.
    pub backing_handles_max: usize,
    /// Blocks being loaded.
    pub loads_in_flight: usize,
    /// Calls to the backing under way.
    pub backing_in_flight: usize,
}

impl CacheFs {
    /// What is held now.
    #[must_use]
    pub fn usage(&self) -> Usage {
        let engine = self.engine();
        let (pinned_files, pinned, pinned_max) = engine.store.kept();
        Usage {
            bytes: engine.store.bytes(),
            bytes_idle: engine.store.bytes_idle(),
            bytes_max: engine.store.capacity(),
            pinned_files,
            pinned_bytes: pinned.bytes,
            pinned_bytes_max: pinned_max.bytes,
            blocks: engine.store.entries(),
            blocks_max: engine.store.entries_max(),
            attributes: engine.nodes.len(),
            names: engine.names.len(),
            metadata_max: engine.config.metadata_entries,
            listing_entries: engine.listings.cost(),
            listing_entries_max: engine.config.listing_entries,
            handles: engine.held.load(Ordering::Relaxed),
            backing_handles: engine.handles.len(),
            backing_handles_max: engine.config.handles_max,
            loads_in_flight: engine.fills.in_flight(),
            backing_in_flight: engine.backing.in_flight(),
        }
    }
}
