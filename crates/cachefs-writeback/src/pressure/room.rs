use std::collections::BTreeSet;
use std::time::Duration;

use super::{NoRoom, Pressure, Reservation};

/// How often one who waits looks at the clock, which may be steered.
const LOOK: Duration = Duration::from_millis(50);

/// Bytes taken of a limit, and who waits for some. Pure.
#[derive(Debug)]
pub(super) struct Room {
    dirty: u64,
    dirty_max: u64,
    /// Those who wait, in the order of coming.
    waiting: BTreeSet<Ticket>,
    next: Ticket,
}

/// A place in the order of coming.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ticket(u64);

impl Room {
    pub(super) fn new(dirty_max: u64) -> Self {
        Self { dirty: 0, dirty_max, waiting: BTreeSet::new(), next: Ticket(0) }
    }

    pub(super) fn dirty(&self) -> u64 {
        self.dirty
    }

    /// Half of it is taken, or somebody waits.
    pub(super) fn is_pressed(&self) -> bool {
        self.dirty >= self.dirty_max.div_ceil(2) || !self.waiting.is_empty()
    }

    /// How full it would be with `bytes` more, in thousandths of the limit.
    pub(super) fn permille_with(&self, bytes: u64) -> u64 {
        let taken = u128::from(self.dirty) + u128::from(bytes);
        u64::try_from(taken * 1000 / u128::from(self.dirty_max.max(1))).unwrap_or(u64::MAX)
    }

    /// Takes `bytes` if there is room and nobody came earlier.
    pub(super) fn take(&mut self, bytes: u64) -> bool {
        let takes = self.waiting.is_empty() && self.fits(bytes);
        self.dirty += if takes { bytes } else { 0 };
        takes
    }

    pub(super) fn add(&mut self, bytes: u64) {
        self.dirty = self.dirty.saturating_add(bytes);
    }

    pub(super) fn give_back(&mut self, bytes: u64) {
        debug_assert!(bytes <= self.dirty, "{bytes} given back of {}", self.dirty);
        self.dirty = self.dirty.saturating_sub(bytes);
    }

    /// Queues up.
    pub(super) fn wait(&mut self) -> Ticket {
        let ticket = self.next;
        self.next = Ticket(ticket.0 + 1);
        self.waiting.insert(ticket);
        ticket
    }

    /// Takes `bytes` for `ticket`, and it out of the queue, if there is room and it comes first.
    pub(super) fn take_for(&mut self, ticket: Ticket, bytes: u64) -> bool {
        let takes = self.waiting.first() == Some(&ticket) && self.fits(bytes);
        if takes {
            self.dirty += bytes;
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

    fn fits(&self, bytes: u64) -> bool {
        bytes <= self.dirty_max.saturating_sub(self.dirty)
    }

    fn refusal(&self, needed: u64) -> NoRoom {
        NoRoom { needed, dirty: self.dirty, dirty_max: self.dirty_max }
    }
}

impl Pressure {
    /// Takes room for `bytes`, which there was none for.
    pub(super) fn wait_for_room(&self, bytes: u64) -> Result<Reservation<'_>, NoRoom> {
        let mut state = self.state.lock();
        if bytes > self.limits.dirty_max {
            return Err(state.room.refusal(bytes));
        }
        let ticket = state.room.wait();
        let began = self.clock.now();
        let deadline = began.plus(self.limits.room_wait);
        let mut left = self.limits.room_wait;
        while !state.room.take_for(ticket, bytes) {
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
        Ok(Reservation::new(self, bytes))
    }

    /// One has left the queue: the next may find room.
    fn waited(&self, duration: Duration) {
        self.throttled_for(duration);
        self.freed.notify_all();
    }
}
