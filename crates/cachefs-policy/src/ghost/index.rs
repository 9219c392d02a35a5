//! Where in a table the entry of a hash lies, with enough of the hash beside it that the table is seldom looked at in
//! vain: one line of memory is all that most look-ups touch.

use crate::mix::mix;

/// Places by hash: open addressing, at most half full. Eight bytes for each of its places, of which there are two to
/// four for each entry.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// A power of two of them, or none. Half of the hash above, the place plus 1 below; 0 for nothing.
    entries: Vec<u64>,
}

impl Index {
    /// Makes it good for `count` entries. Answers whether it was not yet; then it is empty.
    pub(super) fn reserve(&mut self, count: usize) -> bool {
        let places = (count * 2).next_power_of_two();
        if places <= self.entries.len() {
            return false;
        }
        self.entries = vec![0; places];
        true
    }

    /// The place with this hash, if `is_it` says so.
    pub(super) fn find(&self, hash: u64, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        if self.entries.is_empty() {
            return None;
        }
        let wanted = entry(hash, 0);
        let mut at = self.home(wanted);
        loop {
            let found = self.entries[at];
            if found == 0 {
                return None;
            }
            if found & HASH == wanted & HASH && is_it(place(found)) {
                return Some(place(found));
            }
            at = self.behind(at);
        }
    }

    /// Notes where the hash lies, which is nowhere yet.
    pub(super) fn insert(&mut self, hash: u64, place: u32) {
        let entry = entry(hash, place);
        let mut at = self.home(entry);
        while self.entries[at] != 0 {
            at = self.behind(at);
        }
        self.entries[at] = entry;
    }

    /// Forgets what was noted.
    pub(super) fn remove(&mut self, hash: u64, place: u32) {
        let entry = entry(hash, place);
        let mut hole = self.home(entry);
        while self.entries[hole] != entry {
            hole = self.behind(hole);
        }
        // Who lies behind it for its being there moves up.
        let mut next = self.behind(hole);
        while self.entries[next] != 0 {
            let mask = self.entries.len() - 1;
            let far = next.wrapping_sub(self.home(self.entries[next])) & mask;
            if far >= next.wrapping_sub(hole) & mask {
                self.entries[hole] = self.entries[next];
                hole = next;
            }
            next = self.behind(next);
        }
        self.entries[hole] = 0;
    }

    fn behind(&self, at: usize) -> usize {
        (at + 1) & (self.entries.len() - 1)
    }

    /// Where it should lie.
    fn home(&self, entry: u64) -> usize {
        (entry >> 32) as usize & (self.entries.len() - 1)
    }
}

/// The bits of an entry that are the hash's.
const HASH: u64 = !0 << 32;

fn entry(hash: u64, place: u32) -> u64 {
    mix(hash) & HASH | (u64::from(place) + 1)
}

#[expect(clippy::cast_possible_truncation, reason = "the bits wanted")]
const fn place(entry: u64) -> u32 {
    entry as u32 - 1
}
