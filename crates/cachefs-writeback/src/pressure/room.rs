use std::collections::BTreeSet;
use std::time::Duration;

use super::{NoRoom, Pressure, Reservation};
use crate::extent::Weight;

/// How often one who waits looks at the clock, which may be steered.
const LOOK: Duration = Duration::from_millis(50);

/// What is taken of the limits, and who waits for some. Pure.
#[derive(Debug)]
pub(super) struct Room {
    taken: Weight,
    most: Weight,
    /// Those who wait, in the order of coming.
    waiting: BTreeSet<Ticket>,
    next: Ticket,
}

/// A place in the order of coming.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ticket(u64);

impl Room {
    pub(super) fn new(most: Weight) -> Self {
        Self { taken: Weight::default(), most, waiting: BTreeSet::new(), next: Ticket(0) }
    }

    pub(super) fn taken(&self) -> Weight {
        self.taken
    }

    /// Half of one limit is taken, or somebody waits.
    pub(super) fn is_pressed(&self) -> bool {
        let Weight { bytes, extents } = self.taken;
        let half = bytes >= self.most.bytes.div_ceil(2) || extents >= self.most.extents.div_ceil(2);
        half || !self.waiting.is_empty()
    }

    /// How full it would be with `weight` more, in thousandths of each limit.
    pub(super) fn permille_with(&self, weight: Weight) -> Weight {
        let Weight { bytes, extents } = self.taken + weight;
        Weight { bytes: permille(bytes, self.most.bytes), extents: permille(extents, self.most.extents) }
    }

    /// Takes `weight` if there is room and nobody came earlier.
    pub(super) fn take(&mut self, weight: Weight) -> bool {
        let takes = self.waiting.is_empty() && self.fits(weight);
        if takes {
            self.taken += weight;
        }
        takes
    }

    pub(super) fn add(&mut self, weight: Weight) {
        self.taken += weight;
    }

    pub(super) fn give_back(&mut self, weight: Weight) {
        debug_assert!(weight.fits_in(self.taken), "{weight:?} given back of {:?}", self.taken);
        self.taken -= weight;
    }

    /// Queues up.
    pub(super) fn wait(&mut self) -> Ticket {
        let ticket = self.next;
        self.next = Ticket(ticket.0 + 1);
        self.waiting.insert(ticket);
        ticket
    }

    /// Takes `weight` for `ticket`, and it out of the queue, if there is room and it comes first.
    pub(super) fn take_for(&mut self, ticket: Ticket, weight: Weight) -> bool {
        let takes = self.waiting.first() == Some(&ticket) && self.fits(weight);
        if takes {
            self.taken += weight;
            self.waiting.remove(&ticket);
        }
        takes
    }

    /// Gives up waiting.
    pub(super) fn leave(&mut self, ticket: Ticket) {
        self.waiting.remove(&ticket);
    }

    #[cfg(test)]
    pub(super) fn waiters(&self) -> usize {
        self.waiting.len()
    }

    fn fits(&self, weight: Weight) -> bool {
        weight.fits_in(self.most - self.taken)
    }

    fn refusal(&self, needed: u64) -> NoRoom {
        NoRoom { needed, dirty: self.taken.bytes, dirty_max: self.most.bytes }
    }
}

fn permille(part: u64, whole: u64) -> u64 {
    let permille = u128::from(part) * 1000 / u128::from(whole.max(1));
    u64::try_from(permille).unwrap_or(u64::MAX)
}

impl Pressure {
    /// Takes room for `bytes`, which there was none for.
    pub(super) fn wait_for_room(&self, bytes: u64) -> Result<Reservation<'_>, NoRoom> {
        let (mut state, weight) = (self.state.lock(), Weight::of_write(bytes));
        if bytes > self.limits.dirty_max {
            return Err(state.room.refusal(bytes));
        }
        let ticket = state.room.wait();
        let began = self.clock.now();
        let deadline = began.plus(self.limits.room_wait);
        let mut left = self.limits.room_wait;
        while !state.room.take_for(ticket, weight) {
            if left.is_zero() || self.clock.now() >= deadline {
                state.room.leave(ticket);
                let refusal = state.room.refusal(bytes);
                drop(state);
                self.waited(self.limits.room_wait);
                return Err(refusal);
            }
            let look = left.min(LOOK);
            if self.freed.wait_for(&mut state, look).timed_out() {
                left -= look;
            }
        }
        drop(state);
        self.waited(self.clock.now().since(began));
        Ok(Reservation::new(self, weight))
    }

    /// One has left the queue: the next may find room.
    fn waited(&self, duration: Duration) {
        self.throttled_for(duration);
        self.freed.notify_all();
    }
}
