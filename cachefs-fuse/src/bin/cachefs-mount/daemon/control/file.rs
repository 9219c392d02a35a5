use std::path::Path;
use std::time::Duration;

use cachefs::CacheFs;
use cachefs_fuse::control::{Entry, FileStatus, Listed, PathArguments, Refusal, Request, Talk, Version};
use cachefs_vfs::{Attr, FileKind, Time, VfsExt};
use cachefs_writeback::Pending;
use serde_json::{Value, json};

use super::asking::{Far, Patience, ask};
use super::{ASKING_MAX, Mounted, inside, shown, told};

/// So long a source may say nothing.
const SILENCE_MAX: Duration = Duration::from_secs(10);
/// Names that are looked at between two words to the client.
const PART: u64 = 256;
/// Names beneath a directory that are looked at: each may be asked of the source.
const NAMES_MAX: u64 = 1 << 20;
/// Files that wait to be written of which is asked whether they are meant.
const PENDING_MAX: usize = 1 << 16;

/// How much of a file, or of all files in a directory, is here.
pub(super) fn run(mounted: &Mounted, request: &Request, talk: &mut Talk<'_>) -> Result<Value, Refusal> {
    let PathArguments { path } = request.arguments()?;
    let inside = inside(&path)?.to_owned();
    let (cache, policy) = (mounted.cache.clone(), mounted.policy);
    let pending = mounted.back.as_ref().map(|back| back.pending(PENDING_MAX)).unwrap_or_default();
    let look = move |far: &Far| {
        let mut status = look(&cache, &inside, far)?;
        policy.clone_into(&mut status.policy);
        status.dirty_bytes = dirty(&pending, &inside);
        told(&status)
    };
    ask((asking(mounted)?, &path), PATIENCE, talk, look)
}

/// What is in a directory, with how much of each is here.
pub(super) fn list(mounted: &Mounted, request: &Request, talk: &mut Talk<'_>) -> Result<Value, Refusal> {
    let PathArguments { path } = request.arguments()?;
    let inside = inside(&path)?.to_owned();
    let cache = mounted.cache.clone();
    let list = move |far: &Far| {
        let names = cache.list(&inside).map_err(|error| refusal(&error))?;
        let mut listed = Listed::default();
        for part in names.chunks(64) {
            let held: Vec<Option<Entry>> =
                part.iter().map(|(name, _)| entry(&cache, &inside.join(name), name)).collect();
            listed.errors += held.iter().filter(|entry| entry.is_none()).count() as u64;
            let entries: Vec<Entry> = held.into_iter().flatten().collect();
            listed.names += entries.len() as u64;
            if !far.tell(json!({ "entries": entries })) {
                break;
            }
        }
        told(&listed)
    };
    ask((asking(mounted)?, &path), PATIENCE, talk, list)
}

pub(super) const PATIENCE: Patience = Patience { silence: SILENCE_MAX, until: None };

pub(super) fn asking(mounted: &Mounted) -> Result<super::slots::Slot, Refusal> {
    let busy = || Refusal::temporary("too many others are waiting for the source of this mount: try again");
    mounted.asking.enter(ASKING_MAX).ok_or_else(busy)
}

fn entry(cache: &CacheFs, path: &Path, name: &std::ffi::OsStr) -> Option<Entry> {
    let held = cache.held(path).ok()?;
    let regular = held.attr.kind.is_regular();
    Some(Entry {
        name: name.to_string_lossy().into_owned(),
        kind: kind(held.attr.kind).to_owned(),
        size_bytes: held.attr.size,
        cached_bytes: held.bytes,
        cached_percent: regular.then(|| percent(held.bytes, held.attr.size)),
        pinned: cache.pinned_bytes(held.attr.id).is_some(),
    })
}

fn look(cache: &CacheFs, path: &Path, far: &Far) -> Result<FileStatus, Refusal> {
    let held = cache.held(path).map_err(|error| refusal(&error))?;
    let mut status = FileStatus {
        path: shown(path),
        kind: kind(held.attr.kind).to_owned(),
        version: held.attr.kind.is_regular().then(|| version(&held.attr)),
        ..FileStatus::default()
    };
    if held.attr.kind.is_dir() {
        beneath(cache, path, &mut status, far)?;
    } else {
        add(cache, &mut status, &held);
    }
    status.cached_percent = percent(status.cached_bytes, status.size_bytes);
    Ok(status)
}

fn beneath(cache: &CacheFs, path: &Path, status: &mut FileStatus, far: &Far) -> Result<(), Refusal> {
    let walk = cache.walk(path).map_err(|error| refusal(&error))?;
    for (number, found) in (1..).zip(walk) {
        if number > NAMES_MAX || far.is_over() {
            status.cut = true;
            break;
        }
        if number % PART == 0 {
            far.hint(json!({ "names": number }));
        }
        match found.and_then(|entry| entry.kind.is_regular().then(|| cache.held(&entry.path)).transpose()) {
            Ok(held) => held.iter().for_each(|held| add(cache, status, held)),
            Err(_) => status.errors += 1,
        }
    }
    Ok(())
}

fn add(cache: &CacheFs, status: &mut FileStatus, held: &cachefs::Held) {
    if held.attr.kind.is_regular() {
        status.files += 1;
        status.files_cached += u64::from(held.bytes > 0);
        status.size_bytes += held.attr.size;
        status.cached_bytes += held.bytes;
        if let Some(bytes) = cache.pinned_bytes(held.attr.id) {
            status.pinned_files += 1;
            status.pinned_bytes += bytes;
        }
    }
}

fn dirty(pending: &[Pending], path: &Path) -> u64 {
    pending.iter().filter(|file| file.path.starts_with(path)).map(|file| file.bytes).sum()
}

fn version(attr: &Attr) -> Version {
    let version = attr.version();
    Version {
        size: version.size,
        mtime_seconds: seconds(version.mtime),
        ctime_seconds: seconds(version.ctime),
        tag: version.tag,
    }
}

#[expect(clippy::cast_precision_loss, reason = "told to people and programs, compared by nobody")]
fn seconds(time: Time) -> f64 {
    time.seconds as f64 + f64::from(time.nanos) / 1e9
}

/// Of nothing, all is here.
#[expect(clippy::cast_precision_loss, reason = "a share needs no more than 53 bits")]
fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 { 100.0 } else { (part.min(whole) as f64) * 100.0 / whole as f64 }
}

fn kind(kind: FileKind) -> &'static str {
    match kind {
        FileKind::Regular => "file",
        FileKind::Directory => "dir",
        FileKind::Symlink => "symlink",
        _ => "other",
    }
}

/// As a client is told.
pub(super) fn refusal(error: &cachefs_vfs::Error) -> Refusal {
    if error.is_not_found() {
        Refusal::not_found(error.to_string())
    } else {
        Refusal::failed(error.to_string())
    }
}
