//! Whether the mount shows the source as it is, once nobody changes it any more.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::{lgetxattr, llistxattr};

/// How it ended.
#[derive(Debug)]
pub(crate) struct Settled {
    /// Time until everything was equal.
    pub(crate) took: Duration,
    /// Looks at the whole tree.
    pub(crate) rounds: u32,
    /// What was different in the first round.
    pub(crate) first: Vec<String>,
    /// What is still different.
    pub(crate) last: Vec<String>,
}

/// Compares two trees until they are equal or the time is over.
pub(crate) fn settle(source: &Path, mount: &Path, patience: Duration) -> Settled {
    let start = Instant::now();
    let mut first = None;
    for rounds in 1.. {
        let differences = differences(source, mount);
        let took = start.elapsed();
        let first = first.get_or_insert_with(|| differences.clone());
        if differences.is_empty() || took > patience {
            return Settled { took, rounds, first: std::mem::take(first), last: differences };
        }
        std::thread::sleep(Duration::from_millis(2)); // sleep: the interval of a poll with a deadline
    }
    unreachable!("the rounds have no end of their own")
}

/// What is different between two trees that nobody changes.
pub(crate) fn differences(source: &Path, mount: &Path) -> Vec<String> {
    let mut found = Vec::new();
    compare(source, mount, Path::new(""), &mut found);
    found
}

fn compare(source: &Path, mount: &Path, below: &Path, found: &mut Vec<String>) {
    let (here, there) = (source.join(below), mount.join(below));
    let mut note = |what: &str, one: String, other: String| {
        if one != other {
            found.push(format!("{}: {what} is {one}, the mount says {other}", below.display()));
        }
    };
    let meta = here.symlink_metadata();
    note("stat", text(&meta.as_ref().map(stat)), text(&there.symlink_metadata().as_ref().map(stat)));
    note("xattrs", text(&xattrs(&here)), text(&xattrs(&there)));
    let Ok(meta) = meta else { return };
    if meta.is_symlink() {
        note("target", text(&fs::read_link(&here)), text(&fs::read_link(&there)));
    } else if meta.is_file() {
        let (one, other) = (fs::read(&here), fs::read(&there));
        note("content", text(&one.as_ref().map(|b| sum(b))), text(&other.as_ref().map(|b| sum(b))));
    } else {
        let (one, other) = (list(&here), list(&there));
        note("listing", text(&one), text(&other));
        for name in one.unwrap_or_default() {
            compare(source, mount, &below.join(name), found);
        }
    }
}

fn text<T: std::fmt::Debug, E: std::fmt::Debug>(result: &Result<T, E>) -> String {
    format!("{result:?}")
}

/// What a stat must say alike; sizes of directories are the filesystem's own affair, but no less.
fn stat(meta: &Metadata) -> String {
    let mtime = (meta.mtime(), meta.mtime_nsec());
    let (mode, links, owner) = (meta.mode(), meta.nlink(), (meta.uid(), meta.gid()));
    format!("{:o} links {links} owner {owner:?} size {} mtime {mtime:?}", mode, meta.len())
}

fn sum(bytes: &[u8]) -> (usize, u64) {
    let sum = bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    (bytes.len(), sum)
}

fn list(path: &Path) -> io::Result<BTreeSet<OsString>> {
    fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.file_name())).collect()
}

/// Names and values of the user's attributes.
fn xattrs(path: &Path) -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut names = [0; 4096];
    let length = llistxattr(path, &mut names)?;
    let mut found = Vec::new();
    for name in names[..length].split(|byte| *byte == 0).filter(|name| name.starts_with(b"user.")) {
        let mut value = [0; 4096];
        let length = lgetxattr(path, name, &mut value)?;
        found.push((String::from_utf8_lossy(name).into_owned(), value[..length].to_vec()));
    }
    found.sort();
    Ok(found)
}
