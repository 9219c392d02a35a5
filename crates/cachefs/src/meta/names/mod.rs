use std::ffi::OsStr;
use std::hash::BuildHasher;
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use cachefs_vfs::{FileId, Name};
use hashbrown::DefaultHashBuilder;

use super::{Asked, LruMap, Node, Stamp};
use crate::sync::Mutex;
use crate::time::Moment;

/// What a name is known to stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// This inode.
    File(FileId),
    /// Nothing.
    Nothing,
}

/// Names, those that do not exist included, by directory and name. Bounded: the least recently used one goes first.
#[derive(Debug)]
pub(crate) struct Names {
    shards: Box<[Mutex<LruMap<Key, Entry>>]>,
    shard_max: usize,
    hasher: DefaultHashBuilder,
    ttl: Duration,
    ttl_nothing: Duration,
}

#[derive(Debug)]
struct Key {
    dir: FileId,
    name: Box<OsStr>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    target: Target,
    asked: Asked,
}

impl Names {
    pub(crate) fn new(names_max: usize, ttl: Duration, ttl_nothing: Duration) -> Self {
        let shards = super::shards_for(names_max);
        Self {
            shards: (0..shards).map(|_| Mutex::default()).collect(),
            shard_max: names_max / shards,
            hasher: DefaultHashBuilder::default(),
            ttl,
            ttl_nothing,
        }
    }

    /// What the name stands for, if that was asked for lately enough; a use of it.
    pub(crate) fn get(&self, dir: &Node, name: Name<'_>, now: Moment) -> Option<Target> {
        self.fact(dir, name, now).map(|(target, _)| target)
    }

    /// The same, with the time when it was asked for.
    pub(crate) fn fact(&self, dir: &Node, name: Name<'_>, now: Moment) -> Option<(Target, Moment)> {
        let hash = self.hash(dir, name);
        let mut shard = self.shard(hash).lock();
        let entry = shard.get(hash, |key| key.is(dir, name))?;
        let ttl = if entry.target == Target::Nothing { self.ttl_nothing } else { self.ttl };
        let good = entry.asked.stamp >= dir.names_since.get() && now.since(entry.asked.at) < ttl;
        good.then_some((entry.target, entry.asked.at))
    }

    /// What the name stood for when it was last asked for, however long ago: a hint.
    pub(crate) fn hint(&self, dir: &Node, name: Name<'_>) -> Option<Target> {
        let hash = self.hash(dir, name);
        self.shard(hash).lock().peek(hash, |key| key.is(dir, name)).map(|entry| entry.target)
    }

    /// Keeps an answer of the backing, unless a name of the directory was changed by us since it was asked for.
    pub(crate) fn learn(&self, dir: &Node, name: Name<'_>, target: Target, asked: Asked) {
        let hash = self.hash(dir, name);
        let mut shard = self.shard(hash).lock();
        if dir.names_changed.get() > asked.stamp {
            return;
        }
        self.put(&mut shard, hash, dir, name, Entry { target, asked });
    }

    /// Our change of the name is over; `target` is what it stands for now and since when that is known, `None` if it
    /// is not. What was asked for before `over` is not kept any more. Two changes in one directory at once leave
    /// nothing: nobody can tell which came last. True if this one was alone.
    pub(crate) fn settle(
        &self,
        dir: &Node,
        name: Name<'_>,
        target: Option<(Target, Moment)>,
        begun: Stamp,
        over: Stamp,
    ) -> bool {
        let hash = self.hash(dir, name);
        let mut shard = self.shard(hash).lock();
        // Under the lock, or an answer from before could still come between.
        let alone = dir.names_changed.advance(begun, over);
        drop(shard.remove(hash, |key| key.is(dir, name)));
        if let Some((target, at)) = target.filter(|_| alone) {
            self.put(&mut shard, hash, dir, name, Entry { target, asked: Asked { stamp: begun, at } });
        }
        alone
    }

    /// Forgets the name.
    pub(crate) fn forget(&self, dir: &Node, name: Name<'_>) {
        let hash = self.hash(dir, name);
        self.shard(hash).lock().remove(hash, |key| key.is(dir, name));
    }

    pub(crate) fn clear(&self) {
        for shard in &self.shards {
            *shard.lock() = LruMap::default();
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().len()).sum()
    }

    fn put(&self, shard: &mut LruMap<Key, Entry>, hash: u64, dir: &Node, name: Name<'_>, entry: Entry) {
        if let Some(old) = shard.get(hash, |key| key.is(dir, name)) {
            if entry.asked.at >= old.asked.at || old.asked.stamp < dir.names_since.get() {
                *old = entry;
            }
            return;
        }
        if self.shard_max == 0 {
            return;
        }
        while shard.len() >= self.shard_max {
            shard.evict(1, |_, _| true);
        }
        shard.insert(hash, Key { dir: dir.id, name: name.as_os_str().into() }, entry);
    }

    fn hash(&self, dir: &Node, name: Name<'_>) -> u64 {
        self.hasher.hash_one((dir.id, name.as_bytes()))
    }

    fn shard(&self, hash: u64) -> &Mutex<LruMap<Key, Entry>> {
        &self.shards[super::shard_of(hash, self.shards.len())]
    }
}

impl Key {
    fn is(&self, dir: &Node, name: Name<'_>) -> bool {
        self.dir == dir.id && self.name.as_bytes() == name.as_bytes()
    }
}

#[cfg(test)]
mod tests;
