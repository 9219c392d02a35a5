//! How many bytes may be dirty, in how many extents, and how writers are held to it.
//!
//! Below half of the limit nobody waits. From there on each write is delayed a little, the more the fuller it is, so
//! that writers come to go as fast as the backing takes their bytes, at about four fifths of the limit. Who finds
//! no room at all waits for some, in the order of coming. Extents are limited as bytes are, and apart from them: of
//! writes of a few bytes it is not the bytes that fill the memory.

mod pace;
mod rate;
mod reservation;
mod room;
#[cfg(test)]
mod tests;

pub(crate) use rate::Flushing;
pub(crate) use reservation::Reservation;

use std::fmt;
use std::thread;
use std::time::Duration;

use cachefs_vfs::clock::{Clock, Moment};

use self::pace::{BYTES, EXTENTS, Pace};
use self::rate::DrainRates;
use self::room::Room;
use crate::extent::Weight;
use crate::sync::{Arc, AtomicU64, Condvar, Mutex, Ordering};

/// Shorter sleeps cost more than they are worth.
const SLEEP_MIN: Duration = Duration::from_millis(1);

/// How many dirty bytes there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Dirty bytes at most.
    pub(crate) dirty_max: u64,
    /// Extents at most that they lie in.
    pub(crate) extents_max: u64,
    /// How long a write waits for room before it is refused.
    pub(crate) room_wait: Duration,
}

/// There was no room for a write, and none was made while it waited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{dirty} of {dirty_max} bytes are dirty: no room for {needed} more")]
pub(crate) struct NoRoom {
    /// Bytes it wanted to write.
    pub(crate) needed: u64,
    /// Bytes that are dirty.
    pub(crate) dirty: u64,
    /// Bytes that may be.
    pub(crate) dirty_max: u64,
}

/// The account of dirty bytes. Any number of threads.
pub(crate) struct Pressure {
    limits: Limits,
    clock: Arc<dyn Clock>,
    /// Told, with no lock held, when flushing gets urgent.
    urge: Box<dyn Fn() + Send + Sync>,
    state: Mutex<State>,
    /// Notified when there may be room.
    freed: Condvar,
    /// Nanoseconds that writes were delayed and waited.
    throttled: AtomicU64,
}

#[derive(Debug)]
struct State {
    room: Room,
    pace: Pace,
    rates: DrainRates,
    /// How often something was given back.
    freed: u64,
}

impl Pressure {
    /// Nothing is dirty. `urge` is called, by writers, when half of the limit is reached and when one finds no room;
    /// it must return at once.
    pub(crate) fn new(
        limits: Limits,
        clock: Arc<dyn Clock>,
        urge: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        let room = Room::new(Weight { bytes: limits.dirty_max, extents: limits.extents_max });
        let state = State { room, pace: Pace::default(), rates: DrainRates::default(), freed: 0 };
        Self {
            limits,
            clock,
            urge: Box::new(urge),
            state: Mutex::new(state),
            freed: Condvar::new(),
            throttled: AtomicU64::new(0),
        }
    }

    /// Takes room for `bytes` that are about to be dirty by one write. Delays the caller by up to half a second while there is
    /// room, and by [`Limits::room_wait`] if there is none; no lock that a flush may want must be held.
    ///
    /// What the write did not add of [`Weight::of_write`] is to be given back after it.
    ///
    /// # Errors
    /// There was no room; at once if `bytes` are more than there may be at all.
    pub(crate) fn reserve(&self, bytes: u64) -> Result<Reservation<'_>, NoRoom> {
        let now = self.clock.now_exact();
        let mut state = self.state.lock();
        let was_pressed = state.room.is_pressed();
        let weight = Weight::of_write(bytes);
        let (rates, fill) = (state.rates.at(now), state.room.permille_with(weight));
        let taken = state.room.take(weight);
        let cost =
            BYTES.cost(bytes, fill.bytes, rates.bytes).max(EXTENTS.cost(1, fill.extents, rates.extents));
        let delay = if taken { state.pace.delay(now, cost) } else { Duration::ZERO };
        let urgent = !taken || (!was_pressed && state.room.is_pressed());
        drop(state);
        if urgent {
            (self.urge)();
        }
        if !taken {
            return self.wait_for_room(bytes);
        }
        // The room is taken already, so that nobody else finds it meanwhile.
        self.sit_out(delay, now);
        Ok(Reservation::new(self, weight))
    }

    /// Sleeps as long as a write is delayed that came at `came`. What is not worth a sleep adds up in the pace.
    fn sit_out(&self, delay: Duration, came: Moment) {
        if delay < SLEEP_MIN {
            return;
        }
        thread::sleep(delay);
        self.throttled_for(delay);
        if self.clock.now_exact() == came {
            // A clock that stands still never pays off what was sat out.
            self.state.lock().pace = Pace::default();
        }
    }

    /// Takes room for what is dirty already, as what is found at the start: nobody asks whether there is any.
    pub(crate) fn add(&self, weight: Weight) {
        self.state.lock().room.add(weight);
    }

    /// So much is dirty no more.
    pub(crate) fn give_back(&self, weight: Weight) {
        if weight != Weight::default() {
            self.state.lock().room.give_back(weight);
            self.stir();
        }
    }

    /// Something else that writers wait for may be there now, as room in the journal: wakes those who
    /// [`Self::wait_stirred`].
    pub(crate) fn stir(&self) {
        self.state.lock().freed += 1;
        self.freed.notify_all();
    }

    /// How often something was given back, or [`Self::stir`] was called.
    pub(crate) fn stirred(&self) -> u64 {
        self.state.lock().freed
    }

    /// Waits until [`Self::stirred`] is no longer `seen`, `at_most` that long. Returns whether it is so.
    pub(crate) fn wait_stirred(&self, seen: u64, at_most: Duration) -> bool {
        let mut state = self.state.lock();
        self.freed.wait_while_for(&mut state, |state| state.freed == seen, at_most);
        state.freed != seen
    }

    /// A flush is going on while the guard lives: what it writes tells how fast the backing is.
    pub(crate) fn flushing(&self) -> Flushing<'_> {
        self.state.lock().rates.begin(self.clock.now_exact());
        Flushing::new(self)
    }

    /// Dirty bytes, with those about to be.
    pub(crate) fn dirty(&self) -> u64 {
        self.weight().bytes
    }

    /// What is dirty, with what is about to be.
    pub(crate) fn weight(&self) -> Weight {
        self.state.lock().room.taken()
    }

    /// The limits of that.
    pub(crate) const fn weight_max(&self) -> Weight {
        Weight { bytes: self.limits.dirty_max, extents: self.limits.extents_max }
    }

    /// Whether a write of `bytes` would find room now, did nobody come before it.
    pub(crate) fn has_room(&self, bytes: u64) -> bool {
        (self.weight() + Weight::of_write(bytes)).fits_in(self.weight_max())
    }

    /// Whether flushing is urgent: half of a limit is reached, or somebody waits for room.
    pub(crate) fn is_pressed(&self) -> bool {
        self.state.lock().room.is_pressed()
    }

    /// The most that one [`Self::reserve`] can get.
    pub(crate) const fn largest(&self) -> u64 {
        self.limits.dirty_max
    }

    /// Bytes per second that the backing took lately while it was written to; `None` before it was.
    pub(crate) fn drain_rate(&self) -> Option<u64> {
        self.state.lock().rates.at(self.clock.now_exact()).bytes
    }

    /// How long writes were delayed and waited for room, all in all.
    pub(crate) fn throttled(&self) -> Duration {
        Duration::from_nanos(self.throttled.load(Ordering::Relaxed))
    }

    fn throttled_for(&self, duration: Duration) {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        self.throttled.fetch_add(nanos, Ordering::Relaxed);
    }
}

impl fmt::Debug for Pressure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { limits, state, .. } = self;
        f.debug_struct("Pressure").field("limits", limits).field("state", state).finish_non_exhaustive()
    }
}
