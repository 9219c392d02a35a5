//! Many names at a time, each shard locked once.

use std::ffi::OsStr;

use cachefs_vfs::{FileId, Name};

use super::{Names, Target};

impl Names {
    /// Forgets these names of a directory. Answers what each of them stood for, as far as that was known.
    pub(crate) fn forget_all<'n>(
        &self,
        dir: FileId,
        names: impl ExactSizeIterator<Item = Name<'n>>,
    ) -> Vec<Option<FileId>> {
        let mut stood_for = vec![None; names.len()];
        let wanted = names.enumerate().map(|(at, name)| (self.hash(dir, name), (at, name)));
        let places = crate::meta::by_shard(wanted, self.shards.len());
        for (shard, names) in self.shards.iter().zip(places).filter(|(_, names)| !names.is_empty()) {
            let mut shard = shard.lock();
            for (hash, (at, name)) in names {
                let gone = shard.remove(hash, |key| key.is(dir, name));
                if let Some(Target::File(id)) = gone.map(|(_, entry)| entry.target) {
                    stood_for[at] = Some(id);
                }
            }
        }
        self.count_forget();
        stood_for
    }

    /// Shows all names, also those that have to be asked for again: the directory, the name, what it stood for.
    pub(crate) fn each(&self, mut show: impl FnMut(FileId, &OsStr, Target)) {
        for shard in &self.shards {
            shard.lock().each(|key, entry| show(key.dir, &key.name, entry.target));
        }
    }

    /// Forgets the names that are doomed.
    pub(crate) fn forget_where(&self, doomed: impl Fn(FileId, &OsStr) -> bool) {
        for shard in &self.shards {
            let gone = shard.lock().extract(|key, _| doomed(key.dir, &key.name));
            drop(gone);
        }
        self.count_forget();
    }
}
