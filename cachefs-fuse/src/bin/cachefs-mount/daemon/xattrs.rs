use std::sync::Arc;

use cachefs::{CacheFs, Held};
use cachefs_fuse::OwnXattrs;
use cachefs_vfs::{Attr, FileId};

use super::back::Back;

/// What `user.cachefs.*` says of a file.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) cache: CacheFs,
    pub(super) back: Option<Arc<Back>>,
}

impl OwnXattrs for Told {
    fn value(&self, file: FileId, name: &str) -> Option<Vec<u8>> {
        let waiting = || self.back.as_ref().and_then(|back| back.waiting_of(file));
        let held = || self.cache.held_in_memory(file);
        let text = match name {
            "status" => status(waiting().is_some(), held().as_ref()).to_owned(),
            "cached_percent" => percent(&held()?)?.to_string(),
            "dirty_bytes" => {
                held().filter(|held| held.attr.kind.is_regular())?;
                waiting().unwrap_or(0).to_string()
            }
            "version" => version(&held()?.attr),
            _ => return None,
        };
        Some(text.into_bytes())
    }
}

/// In a word.
fn status(is_dirty: bool, held: Option<&Held>) -> &'static str {
    match held {
        _ if is_dirty => "dirty",
        None => "unknown",
        Some(held) if held.attr.kind.is_dir() => "directory",
        Some(held) => match percent(held) {
            Some(0) | None => "uncached",
            Some(100) => "cached",
            Some(_) => "partial",
        },
    }
}

/// How much of a file's contents is in memory; of nothing, all is.
fn percent(held: &Held) -> Option<u64> {
    let (bytes, size) = (held.bytes.min(held.attr.size), held.attr.size);
    held.attr
        .kind
        .is_regular()
        .then(|| u128::from(bytes) * 100 / u128::from(size.max(1)))
        .map(|percent| if size == 0 { 100 } else { u64::try_from(percent).unwrap_or(100) })
}

/// What tells its contents from others: length, times of change in nanoseconds, tag.
fn version(attr: &Attr) -> String {
    let version = attr.version();
    let nanos = |time: cachefs_vfs::Time| i128::from(time.seconds) * 1_000_000_000 + i128::from(time.nanos);
    let (mtime, ctime) = (nanos(version.mtime), nanos(version.ctime));
    format!("size={} mtime={mtime} ctime={ctime} tag={}", version.size, version.tag)
}
