/// What a cache holds at one moment, and how much it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Memory for file contents, in bytes: blocks, what readers still use, and what is idle for the next block.
    pub bytes: usize,
    /// The part of it that is idle.
    pub bytes_idle: usize,
    /// Its limit.
    pub bytes_max: usize,
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
