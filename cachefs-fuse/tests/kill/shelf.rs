use std::collections::{BTreeMap, BTreeSet};

use super::cell::fill;
use super::step::Step;

/// A moment: seconds and nanoseconds.
pub(crate) type Moment = (i64, u64);

/// What a file must be.
#[derive(Clone, Debug, Default)]
pub(crate) struct Inode {
    pub(crate) bytes: Vec<u8>,
    /// `None` where it was not set since the file was made.
    pub(crate) mode: Option<u32>,
    /// As somebody set or saw it, until the next write.
    pub(crate) mtime: Option<Moment>,
}

/// The files of one worker, by what was acknowledged: the log that outlives the daemon.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shelf {
    /// Paths beneath the worker's directory, and whose they are.
    pub(crate) names: BTreeMap<String, u32>,
    pub(crate) dirs: BTreeSet<String>,
    /// Those without a name are open still.
    pub(crate) inodes: BTreeMap<u32, Inode>,
}

impl Shelf {
    /// A path of a file; `None` once it has none.
    pub(crate) fn path_of(&self, no: u32) -> Option<&str> {
        self.names.iter().find(|(_, of)| **of == no).map(|(path, _)| path.as_str())
    }

    pub(crate) fn len_of(&self, no: u32) -> u64 {
        self.inodes.get(&no).map_or(0, |inode| inode.bytes.len() as u64)
    }

    /// Forgets files without a name.
    pub(crate) fn forget_nameless(&mut self) {
        let named: BTreeSet<u32> = self.names.values().copied().collect();
        self.inodes.retain(|no, _| named.contains(no));
    }

    /// Notes that a step was done; of a write, `written` bytes of it.
    pub(crate) fn note(&mut self, step: &Step, written: usize) {
        match step {
            Step::Create { path, no } => {
                self.names.insert(path.clone(), *no);
                self.inodes.insert(*no, Inode::default());
            }
            Step::Write { no, at, seq, .. } => self.put(*no, *at, *seq, written),
            Step::Append { no, seq, .. } => self.put(*no, self.len_of(*no), *seq, written),
            Step::Cut { no, len } => {
                let inode = self.inodes.entry(*no).or_default();
                inode.bytes.resize(usize::try_from(*len).unwrap(), 0);
                inode.mtime = None;
            }
            Step::Rename { from, to } => {
                let no = self.names.remove(from).unwrap();
                self.names.insert(to.clone(), no);
            }
            Step::Exchange { one, other } => {
                let (a, b) = (self.names[one], self.names[other]);
                self.names.extend([(one.clone(), b), (other.clone(), a)]);
            }
            Step::Link { from, to } => {
                let no = self.names[from];
                self.names.insert(to.clone(), no);
            }
            Step::Unlink { path } => {
                self.names.remove(path);
            }
            Step::RenameDir { from, to } => self.move_dir(from, to),
            Step::Mode { no, mode } => self.inodes.entry(*no).or_default().mode = Some(*mode),
            Step::Times { no, mtime } => self.inodes.entry(*no).or_default().mtime = Some(*mtime),
            Step::Sync { .. } | Step::SyncDir { .. } | Step::Look { .. } => {}
        }
    }

    fn put(&mut self, no: u32, at: u64, seq: u64, written: usize) {
        let start = usize::try_from(at).unwrap();
        let inode = self.inodes.entry(no).or_default();
        inode.mtime = None;
        if written == 0 {
            return;
        }
        if inode.bytes.len() < start + written {
            inode.bytes.resize(start + written, 0);
        }
        inode.bytes[start..start + written].copy_from_slice(&fill(no, at, seq, written));
    }

    fn move_dir(&mut self, from: &str, to: &str) {
        self.dirs.remove(from);
        self.dirs.insert(to.to_owned());
        let moved = |path: &str| match path.split_once('/') {
            Some((dir, name)) if dir == from => format!("{to}/{name}"),
            _ => path.to_owned(),
        };
        self.names = self.names.iter().map(|(path, no)| (moved(path), *no)).collect();
    }
}
