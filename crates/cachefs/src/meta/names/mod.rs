mod all;
mod target;

use std::ffi::OsStr;
use std::hash::BuildHasher;
use std::os::unix::ffi::OsStrExt;

use cachefs_vfs::{FileId, Name};
use hashbrown::DefaultHashBuilder;

use super::{Asked, LruMap, Node, Seen, Stamp};
use crate::coherence::{Changed, Fact, Freshness};
use crate::sync::{Arc, AtomicU64, Mutex, Ordering};
use crate::time::When;

pub(crate) use target::{Placed, Target};

/// Names, those that do not exist included, by directory and name. Bounded: the least recently used one goes first.
#[derive(Debug)]
pub(crate) struct Names {
    shards: Box<[Mutex<LruMap<Key, Entry>>]>,
    shard_max: usize,
    hasher: DefaultHashBuilder,
    freshness: Arc<Freshness>,
    /// How often names were forgotten, whoever had them forgotten.
    forgets: AtomicU64,
}

#[derive(Debug)]
struct Key {
    dir: FileId,
    name: Box<OsStr>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    target: Target,
    seen: Seen,
}

impl Names {
    pub(crate) fn new(names_max: usize, freshness: Arc<Freshness>) -> Self {
        let shards = super::shards_for(names_max);
        Self {
            shards: (0..shards).map(|_| Mutex::new(LruMap::lax(names_max / shards))).collect(),
            shard_max: names_max / shards,
            hasher: DefaultHashBuilder::default(),
            freshness,
            forgets: AtomicU64::new(0),
        }
    }

    /// Grows with every name that is forgotten or doubted: after that, and before whoever did it goes on.
    pub(crate) fn forgets(&self) -> u64 {
        self.forgets.load(Ordering::SeqCst)
    }

    fn count_forget(&self) {
        self.forgets.fetch_add(1, Ordering::SeqCst);
    }

    /// What the name stands for, if that was asked for lately enough; a use of it.
    pub(crate) fn get(&self, dir: &Node, name: Name<'_>, now: impl When) -> Option<Target> {
        self.fact(dir, name, now).map(|(target, _)| target)
    }

    /// The same, with when it was asked for.
    pub(crate) fn fact(&self, dir: &Node, name: Name<'_>, now: impl When) -> Option<(Target, Seen)> {
        self.fact_in(dir.id, name, || dir.names_since.get(), now)
    }

    /// As [`Self::get`], in the directory of this identity, where what was asked for before `since` is void.
    pub(crate) fn get_in(&self, dir: FileId, name: Name<'_>, since: Stamp, now: impl When) -> Option<Target> {
        self.fact_in(dir, name, || since, now).map(|(target, _)| target)
    }

    #[inline]
    fn fact_in(
        &self,
        dir: FileId,
        name: Name<'_>,
        since: impl FnOnce() -> Stamp,
        now: impl When,
    ) -> Option<(Target, Seen)> {
        let hash = self.hash(dir, name);
        let mut shard = self.shard(hash).lock();
        let entry = shard.get(hash, |key| key.is(dir, name))?;
        let fact = if entry.target == Target::Nothing { Fact::Nothing } else { Fact::Name };
        let good = entry.seen.stamp() >= since() && self.freshness.holds(fact, entry.seen, now);
        good.then_some((entry.target, entry.seen))
    }

    /// What the name stood for when it was last asked for, however long ago: a hint.
    pub(crate) fn hint(&self, dir: &Node, name: Name<'_>) -> Option<Target> {
        let hash = self.hash(dir.id, name);
        self.shard(hash).lock().peek(hash, |key| key.is(dir.id, name)).map(|entry| entry.target)
    }

    /// Whether the name stands for this inode, and whatever others do to the name was told of since it was asked for.
    pub(crate) fn leads_to(&self, dir: &Node, name: Name<'_>, id: FileId) -> bool {
        let hash = self.hash(dir.id, name);
        let shard = self.shard(hash).lock();
        shard
            .peek(hash, |key| key.is(dir.id, name))
            .is_some_and(|entry| entry.target == Target::File(id) && self.freshness.is_proven(entry.seen))
    }

    /// Keeps an answer of the backing, unless a name of the directory was changed by us since it was asked for, or this
    /// one by others.
    pub(crate) fn learn(&self, dir: &Node, name: Name<'_>, target: Target, asked: Asked) -> Placed {
        let hash = self.hash(dir.id, name);
        let mut shard = self.shard(hash).lock();
        let overtaken = self.told(dir, name) > asked.stamp;
        if overtaken || dir.names_changed.get() > asked.stamp {
            return Placed { overtaken, ..Placed::default() };
        }
        let seen = self.freshness.seen(asked, target.is_covered(asked));
        self.put(&mut shard, hash, dir, name, Entry { target, seen })
    }

    /// When others changed it.
    fn told(&self, dir: &Node, name: Name<'_>) -> Stamp {
        self.freshness.told(Changed::Name(dir.id, name))
    }

    /// Our change of the name is over; `target` is what it stands for now and since when that is known, `None` if it
    /// is not. What was asked for before `over` is not kept any more. Two changes in one directory at once leave
    /// nothing: nobody can tell which came last. True if this one was alone. Nor does one that others followed.
    pub(crate) fn settle(
        &self,
        dir: &Node,
        name: Name<'_>,
        target: Option<(Target, Seen)>,
        begun: Stamp,
        over: Stamp,
    ) -> (bool, Placed) {
        let hash = self.hash(dir.id, name);
        let mut shard = self.shard(hash).lock();
        // Under the lock, or an answer from before could still come between.
        let alone = dir.names_changed.advance(begun, over);
        let before = shard.remove(hash, |key| key.is(dir.id, name));
        let overtaken = self.told(dir, name) > begun;
        let mut placed = match target.filter(|_| alone && !overtaken) {
            Some((target, seen)) => self.put(&mut shard, hash, dir, name, Entry { target, seen }),
            None => Placed { overtaken, ..Placed::default() },
        };
        // What is known to have lost this name has others, or none. Of the rest nobody knows.
        let is_known = |old: &Entry| {
            placed.is_here && target.is_some_and(|(now, _)| now == Target::Nothing || now == old.target)
        };
        if let Some((_, old)) = before.filter(|(_, old)| !is_known(old)) {
            self.displace(old, &mut placed);
        }
        (alone, placed)
    }

    /// The name stands for this, by what others say, and must be asked for before that is believed: a hint.
    pub(crate) fn note(&self, dir: &Node, name: Name<'_>, id: FileId) -> Placed {
        let hash = self.hash(dir.id, name);
        let mut shard = self.shard(hash).lock();
        drop(shard.remove(hash, |key| key.is(dir.id, name)));
        self.count_forget();
        self.put(&mut shard, hash, dir, name, Entry { target: Target::File(id), seen: Seen::default() })
    }

    /// Forgets the name.
    pub(crate) fn forget(&self, dir: &Node, name: Name<'_>) {
        let hash = self.hash(dir.id, name);
        self.shard(hash).lock().remove(hash, |key| key.is(dir.id, name));
        self.count_forget();
    }

    pub(crate) fn clear(&self) {
        for shard in &self.shards {
            *shard.lock() = LruMap::lax(self.shard_max);
        }
        self.count_forget();
    }

    pub(crate) fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().len()).sum()
    }

    fn put(
        &self,
        shard: &mut LruMap<Key, Entry>,
        hash: u64,
        dir: &Node,
        name: Name<'_>,
        entry: Entry,
    ) -> Placed {
        let mut placed = Placed { is_here: self.shard_max > 0, ..Placed::default() };
        if let Some(old) = shard.get(hash, |key| key.is(dir.id, name)) {
            if entry.seen.at() >= old.seen.at() || old.seen.stamp() < dir.names_since.get() {
                let before = std::mem::replace(old, entry);
                if before.target != entry.target {
                    self.displace(before, &mut placed);
                }
            } else {
                placed.is_here = old.target == entry.target;
            }
            return placed;
        }
        if self.shard_max == 0 {
            return placed;
        }
        while shard.len() >= self.shard_max {
            if let Some((_, gone)) = shard.evict(1, |_, _| true) {
                self.displace(gone, &mut placed);
            }
        }
        shard.insert(hash, Key { dir: dir.id, name: name.as_os_str().into() }, entry);
        placed
    }

    fn displace(&self, gone: Entry, placed: &mut Placed) {
        if let Target::File(id) = gone.target
            && self.freshness.is_watched()
        {
            placed.displaced.push(id);
        }
    }

    fn hash(&self, dir: FileId, name: Name<'_>) -> u64 {
        self.hasher.hash_one((dir, name.as_bytes()))
    }

    fn shard(&self, hash: u64) -> &Mutex<LruMap<Key, Entry>> {
        &self.shards[super::shard_of(hash, self.shards.len())]
    }
}

impl Key {
    fn is(&self, dir: FileId, name: Name<'_>) -> bool {
        self.dir == dir && self.name.as_bytes() == name.as_bytes()
    }
}

#[cfg(test)]
mod tests;
