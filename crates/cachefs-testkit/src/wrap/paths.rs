use std::collections::HashMap;
use std::path::PathBuf;

use cachefs_vfs::FileId;
use parking_lot::Mutex;

/// How many paths are remembered at most; beyond that the memory starts anew.
const PATHS_MAX: usize = 1 << 20;

/// By which path a file was last seen, so that a handle opened by identity has one, too.
#[derive(Debug, Default)]
pub(super) struct Paths(Mutex<HashMap<FileId, PathBuf>>);

impl Paths {
    pub(super) fn insert(&self, id: FileId, path: PathBuf) {
        let mut paths = self.0.lock();
        if paths.len() >= PATHS_MAX {
            paths.clear();
        }
        paths.insert(id, path);
    }

    /// The path, or an empty one.
    pub(super) fn get(&self, id: FileId) -> PathBuf {
        self.0.lock().get(&id).cloned().unwrap_or_default()
    }
}
