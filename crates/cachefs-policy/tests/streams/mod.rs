//! A cache of entries of weight 1 that readers of streams use by turns.

use std::collections::{HashMap, VecDeque};

use cachefs_policy::{Admission, Slot};

use crate::dice::Dice;

/// A policy, told of everything, and what was loaded ahead as such.
pub(crate) trait Seen {
    fn insert(&mut self, slot: Slot, entry: Admission, ahead: bool);
    fn hit(&mut self, slot: Slot);
    /// Names a victim and takes it out.
    fn evict(&mut self) -> Slot;
}

#[derive(Debug, Default)]
pub(crate) struct Told {
    /// Entries that were loaded ahead and left unread.
    pub(crate) wasted: u64,
    pub(crate) hot_hits: u64,
}

pub(crate) struct Streams {
    capacity: u32,
    window: u64,
    /// Of each stream: the next one that is read, and up to where all was loaded.
    places: Vec<(u64, u64)>,
    hot: u64,
    dice: Dice,
    slot_of: HashMap<u64, Slot>,
    /// By slot: the key, and whether it is unread.
    entries: Vec<(u64, bool)>,
    free: VecDeque<Slot>,
    told: Told,
}

impl Streams {
    pub(crate) fn new(capacity: u32, streams: usize, window: u64) -> Self {
        Self {
            capacity,
            window,
            places: vec![(0, 0); streams],
            hot: 0,
            dice: Dice::new(9),
            slot_of: HashMap::new(),
            entries: vec![(0, false); usize::try_from(capacity).unwrap()],
            free: (0..capacity).map(Slot).collect(),
            told: Told::default(),
        }
    }

    /// Beside each read of a stream, one of so many entries is used.
    pub(crate) fn with_hot(self, hot: u64) -> Self {
        Self { hot, ..self }
    }

    pub(crate) fn run(&mut self, seen: &mut (impl Seen + ?Sized), reads: usize) -> Told {
        for read in 0..reads {
            let stream = read % self.places.len();
            self.read(seen, stream);
            if self.hot > 0 {
                let key = (1 << 60) | self.dice.below(self.hot);
                let hit = self.access(seen, key);
                self.told.hot_hits += u64::from(hit);
            }
        }
        assert!(self.slot_of.len() <= usize::try_from(self.capacity).unwrap());
        std::mem::take(&mut self.told)
    }

    /// Reads one entry; when half of the window is left, the next one is loaded.
    fn read(&mut self, seen: &mut (impl Seen + ?Sized), stream: usize) {
        let (next, loaded) = self.places[stream];
        let base = u64::try_from(stream).unwrap() << 40;
        self.access(seen, base | next);
        let begin = loaded.max(next + 1);
        let mut end = loaded;
        if begin - (next + 1) <= self.window / 2 {
            end = begin + self.window;
            for key in begin..end {
                if !self.slot_of.contains_key(&(base | key)) {
                    self.put(seen, base | key, true);
                }
            }
        }
        self.places[stream] = (next + 1, end);
    }

    fn access(&mut self, seen: &mut (impl Seen + ?Sized), key: u64) -> bool {
        match self.slot_of.get(&key).copied() {
            Some(slot) => {
                seen.hit(slot);
                self.entries[slot.index()].1 = false;
                true
            }
            None => {
                self.put(seen, key, false);
                false
            }
        }
    }

    fn put(&mut self, seen: &mut (impl Seen + ?Sized), key: u64, ahead: bool) {
        if self.free.is_empty() {
            let victim = seen.evict();
            let (old, unread) = self.entries[victim.index()];
            self.told.wasted += u64::from(unread);
            self.slot_of.remove(&old);
            self.free.push_back(victim);
        }
        let slot = self.free.pop_front().unwrap();
        self.slot_of.insert(key, slot);
        self.entries[slot.index()] = (key, ahead);
        seen.insert(slot, Admission::new(key.wrapping_mul(0x9E37_79B9_7F4A_7C15), 1), ahead);
    }
}
