use hashbrown::HashTable;

const NONE: u32 = u32::MAX;

/// A map that knows the order in which its entries were used. One table of slots with their links in it and one of
/// slot numbers: no allocation per entry, 16 to 24 bytes of overhead beside the hash. The caller hashes, so that one
/// hash serves shard and table, and compares, so that a key can be looked up without being built.
///
/// Where many are looked up, moving each of them to the front is most of the work. A map made for that
/// ([`Self::lax`]) leaves entries where they are that came to the front lately.
#[derive(Debug)]
pub(crate) struct LruMap<K, V> {
    table: HashTable<u32>,
    slots: Vec<Slot<K, V>>,
    free: Vec<u32>,
    newest: u32,
    oldest: u32,
    /// How often an entry came to the front, the first time included.
    moves: u32,
    /// An entry is not moved again before so many others were.
    slack: u32,
}

#[derive(Debug)]
struct Slot<K, V> {
    hash: u64,
    newer: u32,
    older: u32,
    /// [`LruMap::moves`] when it came to the front.
    moved: u32,
    /// `None` while the slot is free.
    entry: Option<(K, V)>,
}

impl<K, V> Default for LruMap<K, V> {
    fn default() -> Self {
        Self::with_slack(0)
    }
}

impl<K, V> LruMap<K, V> {
    /// For a table that holds up to `entries_max`: those of its newer half are in the order of their use more or less.
    pub(crate) fn lax(entries_max: usize) -> Self {
        Self::with_slack(u32::try_from(entries_max / 2).unwrap_or(NONE / 2))
    }

    fn with_slack(slack: u32) -> Self {
        let (table, slots, free) = (HashTable::new(), Vec::new(), Vec::new());
        Self { table, slots, free, newest: NONE, oldest: NONE, moves: 0, slack }
    }

    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }

    /// Finds an entry and makes it the most recently used one, or, in a lax map, one of them.
    #[inline]
    pub(crate) fn get(&mut self, hash: u64, is_key: impl Fn(&K) -> bool) -> Option<&mut V> {
        let slot = self.find(hash, is_key)?;
        let moved = self.slots[slot as usize].moved;
        if self.newest != slot && self.moves.wrapping_sub(moved) >= self.slack {
            self.unlink(slot);
            self.link_newest(slot);
        }
        self.slots[slot as usize].entry.as_mut().map(|(_, value)| value)
    }

    /// Finds an entry and leaves it where it is in the order.
    pub(crate) fn peek(&self, hash: u64, is_key: impl Fn(&K) -> bool) -> Option<&V> {
        let slot = self.find(hash, is_key)?;
        self.slots[slot as usize].entry.as_ref().map(|(_, value)| value)
    }

    /// Finds all entries of one hash whose keys may be it, and leaves them where they are in the order.
    pub(crate) fn matching(&self, hash: u64, is_key: impl Fn(&K) -> bool) -> impl Iterator<Item = &V> {
        let entries = self.table.iter_hash(hash).filter_map(move |slot| {
            let slot = &self.slots[*slot as usize];
            slot.entry.as_ref().filter(|_| slot.hash == hash)
        });
        entries.filter(move |(key, _)| is_key(key)).map(|(_, value)| value)
    }

    /// Adds an entry, whose key must not be there yet, as the most recently used one.
    pub(crate) fn insert(&mut self, hash: u64, key: K, value: V) {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot { hash: 0, newer: NONE, older: NONE, moved: 0, entry: None });
            u32::try_from(self.slots.len() - 1).unwrap_or(NONE)
        });
        assert!(slot != NONE, "a map has fewer than 2^32 entries");
        self.slots[slot as usize] =
            Slot { hash, newer: NONE, older: NONE, moved: 0, entry: Some((key, value)) };
        self.link_newest(slot);
        let slots = &self.slots;
        self.table.insert_unique(hash, slot, |&other| slots[other as usize].hash);
    }

    /// Takes an entry out.
    pub(crate) fn remove(&mut self, hash: u64, is_key: impl Fn(&K) -> bool) -> Option<(K, V)> {
        let slot = self.find(hash, is_key)?;
        self.take(slot)
    }

    /// Takes out the least recently used entry that `may_go`, looking at no more than `tries`. Those that may not
    /// become the most recently used ones: they will not be looked at again soon.
    pub(crate) fn evict(&mut self, tries: usize, may_go: impl Fn(&K, &V) -> bool) -> Option<(K, V)> {
        for _ in 0..tries.min(self.len()) {
            let slot = self.oldest;
            match &self.slots.get(slot as usize)?.entry {
                Some((key, value)) if may_go(key, value) => return self.take(slot),
                _ => {
                    self.unlink(slot);
                    self.link_newest(slot);
                }
            }
        }
        None
    }

    /// Takes out, of the `tries` least recently used entries, the one that `loath` gives the lowest number, the oldest
    /// of several. If all of them give none, they become the most recently used ones.
    pub(crate) fn evict_best<R: Ord>(
        &mut self,
        tries: usize,
        loath: impl Fn(&K, &V) -> Option<R>,
    ) -> Option<(K, V)> {
        let (mut slot, mut best) = (self.oldest, None);
        for _ in 0..tries.min(self.len()) {
            let Some(Slot { newer, entry: Some((key, value)), .. }) = self.slots.get(slot as usize) else {
                break;
            };
            if let Some(rank) = loath(key, value)
                && best.as_ref().is_none_or(|(lowest, _)| rank < *lowest)
            {
                best = Some((rank, slot));
            }
            slot = *newer;
        }
        match best {
            Some((_, slot)) => self.take(slot),
            None => self.evict(tries, |_, _| false),
        }
    }

    /// Takes out all that may go.
    pub(crate) fn extract(&mut self, may_go: impl Fn(&K, &V) -> bool) -> Vec<(K, V)> {
        let slots = (0..self.slots.len()).filter_map(|slot| u32::try_from(slot).ok());
        let going: Vec<u32> = slots
            .filter(|&slot| {
                self.slots[slot as usize].entry.as_ref().is_some_and(|(key, value)| may_go(key, value))
            })
            .collect();
        let taken = going.into_iter().filter_map(|slot| self.take(slot)).collect();
        if self.table.is_empty() {
            *self = Self::with_slack(self.slack);
        }
        taken
    }

    /// Shows all entries, in no order.
    pub(crate) fn each(&self, mut show: impl FnMut(&K, &V)) {
        self.slots.iter().filter_map(|slot| slot.entry.as_ref()).for_each(|(key, value)| show(key, value));
    }

    fn find(&self, hash: u64, is_key: impl Fn(&K) -> bool) -> Option<u32> {
        let same = |slot: &u32| {
            let slot = &self.slots[*slot as usize];
            slot.hash == hash && slot.entry.as_ref().is_some_and(|(key, _)| is_key(key))
        };
        self.table.find(hash, same).copied()
    }

    fn take(&mut self, slot: u32) -> Option<(K, V)> {
        self.unlink(slot);
        let hash = self.slots[slot as usize].hash;
        if let Ok(entry) = self.table.find_entry(hash, |&other| other == slot) {
            entry.remove();
        }
        self.free.push(slot);
        self.slots[slot as usize].entry.take()
    }

    fn unlink(&mut self, slot: u32) {
        let (newer, older) = (self.slots[slot as usize].newer, self.slots[slot as usize].older);
        match newer {
            NONE => self.newest = older,
            newer => self.slots[newer as usize].older = older,
        }
        match older {
            NONE => self.oldest = newer,
            older => self.slots[older as usize].newer = newer,
        }
    }

    fn link_newest(&mut self, slot: u32) {
        let before = self.newest;
        self.moves = self.moves.wrapping_add(1);
        let place = &mut self.slots[slot as usize];
        (place.newer, place.older, place.moved) = (NONE, before, self.moves);
        match before {
            NONE => self.oldest = slot,
            before => self.slots[before as usize].newer = slot,
        }
        self.newest = slot;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A hash that collides on purpose.
    fn hash(key: u32) -> u64 {
        u64::from(key % 3)
    }

    #[test]
    fn the_one_least_wanted_of_the_oldest_goes_first() {
        let mut map = LruMap::default();
        (0..6).for_each(|key| map.insert(hash(key), key, key));
        let loath = |key: &u32, _: &u32| (*key != 0).then_some(*key % 3);
        assert_eq!(map.evict_best(3, loath), Some((1, 1)), "3 is not looked at, 0 must stay");
        assert_eq!(map.evict_best(9, loath), Some((3, 3)));
        assert_eq!(map.evict_best(1, loath), None, "and is out of the way then");
        assert_eq!(map.evict_best(1, loath), Some((2, 2)));
        assert_eq!(map.len(), 3);
    }

    #[test]
    fn the_least_recently_used_goes_first() {
        let mut map = LruMap::default();
        (0..4).for_each(|key| map.insert(hash(key), key, key * 10));
        assert_eq!(map.get(hash(0), |&key| key == 0), Some(&mut 0));
        assert_eq!(map.peek(hash(1), |&key| key == 1), Some(&10));
        assert_eq!(map.evict(8, |_, _| true), Some((1, 10)), "a peek is no use");
        assert_eq!(map.evict(8, |&key, _| key != 2), Some((3, 30)));
        assert_eq!(map.evict(8, |_, _| true), Some((0, 0)), "who was spared goes later");
        assert_eq!(map.len(), 1);
    }

    #[test]
    fn in_a_lax_map_what_came_to_the_front_lately_stays_where_it_is() {
        let mut map = LruMap::lax(8);
        (0..8).for_each(|key| map.insert(hash(key), key, key));
        for key in [7, 6, 5, 4] {
            assert!(map.get(hash(key), |&k| k == key).is_some());
        }
        assert_eq!((map.moves, map.newest), (8, 7), "of the newer half, none was moved");
        assert!(map.get(hash(0), |&k| k == 0).is_some());
        assert_eq!((map.moves, map.newest), (9, 0));
        let gone: Vec<_> = (0..8).filter_map(|_| map.evict(1, |_, _| true)).map(|(key, _)| key).collect();
        assert_eq!(gone, [1, 2, 3, 4, 5, 6, 7, 0]);
    }

    #[test]
    fn agrees_with_a_plain_list() {
        let (mut map, mut model) = (LruMap::default(), Vec::<u32>::new());
        let mut dice = 0x2545_F491_4F6C_DD1D_u64;
        for _ in 0..20_000 {
            dice ^= dice << 13;
            dice ^= dice >> 7;
            dice ^= dice << 17;
            let key = u32::try_from(dice % 40).expect("small");
            let known = model.contains(&key);
            match dice >> 60 {
                0..=5 if !known => {
                    map.insert(hash(key), key, key);
                    model.push(key);
                }
                6..=9 => {
                    assert_eq!(map.get(hash(key), |&k| k == key).is_some(), known);
                    if known {
                        model.retain(|&k| k != key);
                        model.push(key);
                    }
                }
                10..=12 => {
                    assert_eq!(map.remove(hash(key), |&k| k == key).is_some(), known);
                    model.retain(|&k| k != key);
                }
                13 => {
                    let expected = (!model.is_empty()).then(|| model.remove(0));
                    assert_eq!(map.evict(1, |_, _| true).map(|(k, _)| k), expected);
                }
                _ => {}
            }
            assert_eq!(map.len(), model.len());
        }
    }

    #[test]
    fn extract_takes_what_may_go_and_no_more() {
        let mut map = LruMap::default();
        (0..10).for_each(|key| map.insert(hash(key), key, ()));
        assert_eq!(map.extract(|&key, ()| key % 2 == 0).len(), 5);
        assert_eq!(map.len(), 5);
        assert!(map.peek(hash(3), |&key| key == 3).is_some() && map.peek(hash(4), |&key| key == 4).is_none());
    }
}
