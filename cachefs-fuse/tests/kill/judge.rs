//! Whether what is there is what was acknowledged, and nothing else.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::cell::{describe, fill};
use super::hands::first_difference;
use super::shelf::{Moment, Shelf};
use super::step::Step;

/// A file as it is seen.
#[derive(Debug)]
struct Look {
    inode: u64,
    links: u64,
    mode: u32,
    mtime: Moment,
    bytes: Vec<u8>,
}

/// What is seen of one worker's files.
#[derive(Debug, Default)]
struct Seen {
    files: BTreeMap<String, Look>,
    dirs: Vec<String>,
}

impl Seen {
    fn of(home: &Path) -> Self {
        let mut seen = Self::default();
        for dir in sorted(home) {
            for name in sorted(&home.join(&dir)) {
                let path = home.join(&dir).join(&name);
                let meta = fs::symlink_metadata(&path).unwrap();
                let bytes = fs::read(&path).unwrap();
                assert_eq!(bytes.len() as u64, meta.len(), "size of {} and what can be read", path.display());
                let mtime = (meta.mtime(), u64::try_from(meta.mtime_nsec()).unwrap());
                let look =
                    Look { inode: meta.ino(), links: meta.nlink(), mode: meta.mode() & 0o7777, mtime, bytes };
                seen.files.insert(format!("{dir}/{name}"), look);
            }
            seen.dirs.push(dir);
        }
        seen
    }

    fn by_no<'a>(&'a self, shelf: &Shelf, no: u32) -> Option<&'a Look> {
        self.files.get(shelf.path_of(no)?)
    }
}

fn sorted(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap_or_else(|error| panic!("listing {}: {error}", dir.display()));
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Compares what is in `home` with the log. A step in flight may have been done or not, a write in part; answers the
/// log as it is true now.
///
/// # Errors
/// What is lost, or there without having been written.
pub(crate) fn judge(home: &Path, shelf: &Shelf, in_flight: Option<&Step>) -> Result<Shelf, String> {
    let seen = Seen::of(home);
    let before = match difference(&seen, shelf) {
        None => return Ok(shelf.clone()),
        Some(before) => before,
    };
    let Some(step) = in_flight else { return Err(before) };
    let mut done = shelf.clone();
    done.note(step, written(&seen, shelf, step));
    match difference(&seen, &done) {
        None => Ok(done),
        Some(after) => Err(format!("had {step:?} not been done: {before}\n  had it been: {after}")),
    }
}

/// How much of a write is there: of what is written in order, a first part.
fn written(seen: &Seen, shelf: &Shelf, step: &Step) -> usize {
    let Some((no, look)) = step.writes_to().and_then(|no| Some((no, seen.by_no(shelf, no)?))) else {
        return step.len();
    };
    let (at, seq) = match step {
        Step::Write { at, seq, .. } => (*at, *seq),
        Step::Append { seq, .. } => (shelf.len_of(no), *seq),
        _ => return 0,
    };
    let there = look.bytes.get(usize::try_from(at).unwrap()..).unwrap_or_default();
    let wanted = fill(no, at, seq, step.len());
    first_difference(&there[..there.len().min(wanted.len())], &wanted).unwrap_or(wanted.len())
}

/// The first thing that is not as it should be.
fn difference(seen: &Seen, shelf: &Shelf) -> Option<String> {
    let (there, wanted): (Vec<_>, Vec<_>) = (seen.files.keys().collect(), shelf.names.keys().collect());
    if there != wanted || seen.dirs.iter().ne(&shelf.dirs) {
        let missing: Vec<_> = wanted.iter().filter(|name| !there.contains(name)).collect();
        let strange: Vec<_> = there.iter().filter(|name| !wanted.contains(name)).collect();
        return Some(format!("missing {missing:?}, not expected {strange:?}; directories {:?}", seen.dirs));
    }
    let mut numbers: BTreeMap<u64, u32> = BTreeMap::new();
    for (path, no) in &shelf.names {
        let look = &seen.files[path];
        if *numbers.entry(look.inode).or_insert(*no) != *no {
            return Some(format!("{path} is no file of its own"));
        }
        let names = shelf.names.values().filter(|other| *other == no).count() as u64;
        if look.links != names {
            return Some(format!("{path} has {} names instead of {names}", look.links));
        }
        if let Some(what) = file_difference(look, shelf, *no) {
            return Some(format!("{path} (file {no:#x}): {what}"));
        }
    }
    None
}

fn file_difference(look: &Look, shelf: &Shelf, no: u32) -> Option<String> {
    let inode = &shelf.inodes[&no];
    if let Some(at) = first_difference(&look.bytes, &inode.bytes) {
        let (there, wanted) = (describe(&look.bytes, at), describe(&inode.bytes, at));
        let (len, len_wanted) = (look.bytes.len(), inode.bytes.len());
        return Some(format!(
            "at {at:#x}: {there}; acknowledged: {wanted}; length {len:#x} of {len_wanted:#x}"
        ));
    }
    if inode.mode.is_some_and(|mode| mode != look.mode) {
        return Some(format!("mode {:o} instead of {:?}", look.mode, inode.mode));
    }
    if inode.mtime.is_some_and(|mtime| mtime != look.mtime) {
        return Some(format!("changed at {:?} instead of {:?}", look.mtime, inode.mtime));
    }
    None
}
