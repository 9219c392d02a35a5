//! Many blocks at a time, those of many files with each shard locked once at most.

use std::ops::Range;

use cachefs_vfs::FileId;
use hashbrown::HashMap;

use super::Store;
use crate::block::{BlockIndex, BlockKey, Generation, indices};
use crate::sync::Ordering;

/// The blocks of a state of a file, up to this one.
pub(crate) type Blocks = (FileId, Generation, BlockIndex);

/// What is here of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Present {
    pub(crate) blocks: u64,
    pub(crate) bytes: u64,
}

impl Store {
    /// Takes these blocks of a file out. Costs the smaller of the range and the whole store.
    pub(crate) fn forget_blocks(&self, file: FileId, generation: Generation, range: Range<BlockIndex>) {
        let count = range.end.0.saturating_sub(range.start.0);
        if count <= self.entries() as u64 {
            for index in indices(range) {
                self.remove(&BlockKey { file, generation, index });
            }
        } else {
            self.remove_all(|key| {
                key.file == file && key.generation == generation && range.contains(&key.index)
            });
        }
    }

    /// Takes everything out and gives the memory back.
    pub(crate) fn clear(&self) {
        self.remove_all(|_| true);
        self.pool.trim();
    }

    /// Takes all blocks of these files out. Costs the smaller of their number and the whole store.
    pub(crate) fn forget_all(&self, doomed: &[Blocks]) {
        let Some(keys) = self.keys_of(doomed) else {
            let files = by_file(doomed);
            return self.remove_all(|key| files.contains_key(&(key.file, key.generation)));
        };
        for (shard, keys) in self.shards.iter().zip(keys).filter(|(_, keys)| !keys.is_empty()) {
            let removed = shard.remove_those(keys.iter().map(|(hash, key, _)| (*hash, key)));
            self.entries.fetch_sub(removed.len(), Ordering::Relaxed);
            removed.iter().for_each(|entry| self.count_waste(entry));
        }
    }

    /// How much of each of these files is here; not a use of it.
    pub(crate) fn present(&self, files: &[Blocks]) -> Vec<Present> {
        let mut present = vec![Present::default(); files.len()];
        let mut add = |at: usize, len: usize| {
            present[at].blocks += 1;
            present[at].bytes += len as u64;
        };
        let Some(keys) = self.keys_of(files) else {
            let files = by_file(files);
            for shard in &self.shards {
                shard.each(|entry| {
                    let at = files.get(&(entry.key.file, entry.key.generation));
                    at.iter().for_each(|at| add(**at, entry.frame.len()));
                });
            }
            return present;
        };
        for (shard, keys) in self.shards.iter().zip(keys).filter(|(_, keys)| !keys.is_empty()) {
            for (hash, key, at) in keys {
                shard.len_of(hash, &key).iter().for_each(|len| add(at, *len));
            }
        }
        present
    }

    fn remove_all(&self, doomed: impl Fn(&BlockKey) -> bool) {
        for shard in &self.shards {
            let removed = shard.remove_all(&doomed);
            self.entries.fetch_sub(removed.len(), Ordering::Relaxed);
            removed.iter().for_each(|gone| self.count_waste(gone));
        }
    }

    /// The keys of these blocks, by shard, with the place of their file; `None` if there are more of them than blocks
    /// here.
    fn keys_of(&self, files: &[Blocks]) -> Option<Vec<Vec<(u64, BlockKey, usize)>>> {
        let count = files.iter().fold(0_u64, |count, (_, _, end)| count.saturating_add(end.0));
        if count > self.entries() as u64 {
            return None;
        }
        let mut keys = vec![Vec::new(); self.shards.len()];
        for (at, &(file, generation, end)) in files.iter().enumerate() {
            for index in indices(BlockIndex(0)..end) {
                let key = BlockKey { file, generation, index };
                let hash = key.hash64();
                keys[self.shard_of(hash)].push((hash, key, at));
            }
        }
        Some(keys)
    }
}

fn by_file(files: &[Blocks]) -> HashMap<(FileId, Generation), usize> {
    files.iter().enumerate().map(|(at, &(file, generation, _))| ((file, generation), at)).collect()
}
