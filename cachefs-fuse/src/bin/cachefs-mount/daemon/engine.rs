use std::path::Path;
use std::sync::Arc;

use cachefs::{CacheFs, WriteMode};
use cachefs_vfs::LocalFs;

use crate::exporter::Holdings;
use crate::failure::Failure;
use crate::flags::{Config, Mode};
use crate::rights;

/// The cache over the source, as configured.
///
/// # Errors
/// When the source cannot be opened or the configuration cannot be had.
pub(super) fn build(config: &Config, source: &Path) -> Result<CacheFs, Failure> {
    let cannot = |error: cachefs_vfs::Error| Failure::mount(format!("the source cannot be used: {error}"));
    // Only root can act for others, and only with allow_other are there any.
    let impersonate = config.kernel.allow_other && rights::is_administrator();
    let local = LocalFs::open(source).map_err(cannot)?.impersonate(impersonate);
    let cache = &config.cache;
    let mode = match cache.mode {
        Mode::Through => WriteMode::Through,
        Mode::Around => WriteMode::Around,
    };
    CacheFs::builder(Arc::new(local))
        .memory(usize::try_from(cache.memory_bytes).unwrap_or(usize::MAX))
        .metadata_entries(cache.metadata_entries)
        .write_mode(mode)
        .ttl(cache.ttl)
        .readahead(cache.readahead_bytes)
        .handles_max(cache.handles_max.get())
        .build()
        .map_err(|error| Failure::system(format!("the cache cannot be set up: {error}")))
}

/// What the cache holds at this moment.
pub(super) fn holdings(cache: &CacheFs) -> Holdings {
    let usage = cache.usage();
    Holdings {
        bytes: usage.bytes as u64,
        capacity_bytes: usage.bytes_max as u64,
        blocks: usage.blocks as u64,
        attributes: usage.attributes as u64,
        names: usage.names as u64,
        listing_entries: usage.listing_entries as u64,
        handles: usage.backing_handles as u64,
        backing_inflight: usage.backing_in_flight as u64,
    }
}
