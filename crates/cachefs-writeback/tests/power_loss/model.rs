//! What a program was told, and what it may find after a crash.

use std::collections::{BTreeMap, BTreeSet};

use cachefs_vfs::{FileId, SyncHow};

use crate::file::File;
use crate::op::{Op, Place, bytes};

/// What is to be durable when a verb has returned.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Promise {
    /// The sync of a directory does to all files beneath it what their own would.
    pub(crate) barrier: bool,
    /// The sync of a file makes its names durable, as the backing does.
    pub(crate) sync_names: bool,
}

/// Files by identity, and what their names stand for.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) files: BTreeMap<FileId, File>,
    pub(crate) names: BTreeMap<Place, FileId>,
    /// Files that a program has open, named or not.
    pub(crate) open: BTreeSet<FileId>,
    pub(crate) promise: Promise,
    /// The verb in which everything stopped, and all as it was before.
    pub(crate) stopped_in: Option<(Op, Box<Model>)>,
}

impl Model {
    pub(crate) fn new(promise: Promise) -> Self {
        let (files, names, open) = Default::default();
        Self { files, names, open, promise, stopped_in: None }
    }

    /// Files that a program can get at.
    pub(crate) fn reachable(&self) -> impl Iterator<Item = FileId> {
        let named: BTreeSet<_> = self.names.values().copied().collect();
        named.union(&self.open).copied().collect::<Vec<_>>().into_iter()
    }

    pub(crate) fn place_of(&self, file: FileId) -> Option<Place> {
        self.names.iter().find(|(_, id)| **id == file).map(|(place, _)| *place)
    }

    pub(crate) fn file(&mut self, id: FileId) -> &mut File {
        self.files.get_mut(&id).unwrap_or_else(|| panic!("no file {id:?}"))
    }

    /// A verb returned; of a creation, what it made.
    pub(crate) fn done(&mut self, op: Op, made: Option<FileId>) {
        match op {
            Op::Create { at } => {
                let id = made.unwrap_or_else(|| panic!("nothing was made"));
                self.files.insert(id, File::new(at));
                self.names.insert(at, id);
                self.open.insert(id);
            }
            Op::Write { file, offset, length, fill, .. } => {
                self.file(file).write(offset, &bytes(fill, length));
            }
            Op::SetLen { file, length } => self.file(file).set_len(length),
            Op::OpenCut { at } => self.file_at(at).set_len(0),
            Op::Chmod { file, mode } => self.file(file).modes.push(mode),
            Op::Rename { from, to } => self.rename(from, to),
            Op::Exchange { from, to } => self.exchange(from, to),
            Op::Link { from, to } => {
                let id = self.names[&from];
                self.names.insert(to, id);
                self.file(id).ever.insert(to);
                self.file(id).flushed();
            }
            Op::Unlink { at } => self.unlink(at),
            Op::Close { file } => {
                self.open.remove(&file);
            }
            Op::Sync { file, how } => self.sync(file, how),
            Op::SyncDir { dir } => self.sync_dir(dir),
            Op::FlushAll => self.files.values_mut().for_each(File::flushed),
            Op::FlushFailing { .. } => self.files.values_mut().for_each(File::flushed_in_part),
            Op::FlushPath { at } => self.file_at(at).flushed(),
            Op::Read { .. } | Op::Wait { .. } | Op::SetTime { .. } => {}
        }
    }

    /// Everything stopped in a verb: it may have taken place, wholly or in part.
    pub(crate) fn stopped(&mut self, op: Op) {
        self.stopped_in = Some((op, Box::new(self.clone())));
        match op {
            Op::Write { file, .. } | Op::SetLen { file, .. } | Op::Chmod { file, .. } => {
                self.file(file).doubtful = true;
                self.done(op, None);
            }
            Op::OpenCut { at } => {
                self.file_at(at).doubtful = true;
                self.done(op, None);
            }
            Op::Rename { .. } | Op::Exchange { .. } | Op::Link { .. } | Op::Unlink { .. } => {
                self.done(op, None)
            }
            _ => {}
        }
        // By a flush that the verb needed, or one after the replay.
        self.files.values_mut().for_each(File::flushed_in_part);
    }

    fn file_at(&mut self, at: Place) -> &mut File {
        let id = self.names[&at];
        self.file(id)
    }

    fn rename(&mut self, from: Place, to: Place) {
        let (id, target) = (self.names[&from], self.names.get(&to).copied());
        if target == Some(id) {
            return;
        }
        if target.is_some() {
            self.unlink(to);
            self.file(id).flushed();
        }
        self.names.remove(&from);
        self.names.insert(to, id);
        self.file(id).renamed(from, to);
    }

    fn exchange(&mut self, from: Place, to: Place) {
        let (one, other) = (self.names[&from], self.names[&to]);
        if one != other {
            self.names.insert(to, one);
            self.names.insert(from, other);
            self.file(one).renamed(from, to);
            self.file(other).renamed(to, from);
            [one, other].into_iter().for_each(|id| self.file(id).flushed());
        }
    }

    fn unlink(&mut self, at: Place) {
        if let Some(id) = self.names.remove(&at) {
            self.file(id).unlinked(at);
        }
    }

    fn sync(&mut self, id: FileId, how: SyncHow) {
        let names: Vec<_> = self.names_of(id);
        let sync_names = self.promise.sync_names;
        let file = self.file(id);
        file.sync(how);
        if sync_names {
            names.into_iter().for_each(|place| file.name_synced(place));
        }
    }

    fn sync_dir(&mut self, dir: &str) {
        let all: Vec<_> = self.names.iter().map(|(place, id)| (*place, *id)).collect();
        for (place, id) in all {
            if place.dir == dir {
                self.file(id).name_synced(place);
            }
            if place.is_below(dir) && self.promise.barrier {
                self.file(id).dir_synced();
            }
        }
    }

    fn names_of(&self, id: FileId) -> Vec<Place> {
        self.names.iter().filter(|(_, other)| **other == id).map(|(place, _)| *place).collect()
    }
}
