//! Writers that never stop over a backing of a given speed, in a time of their own.

use std::time::Duration;

use cachefs_vfs::clock::{Clock, ManualClock, Moment};

use super::bytes;
use crate::extent::Weight;
use crate::pressure::pace::{BYTES, EXTENTS, Pace};
use crate::pressure::rate::DrainRates;
use crate::pressure::room::Room;

const MIB: u64 = 1 << 20;
const TICK: Duration = Duration::from_millis(1);

struct World {
    clock: ManualClock,
    room: Room,
    pace: Pace,
    rates: DrainRates,
    /// When each writer writes next.
    writers: Vec<Moment>,
    /// Bytes of one write.
    write: u64,
    /// What the backing takes, in bytes per second.
    speed: u64,
    /// What was flushed is given back in lumps of this many bytes.
    lump: u64,
    flushed: u64,
}

/// What came of it.
#[derive(Debug, Default)]
struct Outcome {
    longest: Duration,
    refused: u64,
    dirty_max: u64,
    dirty_min: u64,
    written: u64,
}

impl World {
    fn new(dirty_max: u64, speed: u64, writers: usize, write: u64) -> Self {
        let clock = ManualClock::new();
        let now = clock.now();
        let mut rates = DrainRates::default();
        rates.begin(now);
        Self {
            room: Room::new(Weight { bytes: dirty_max, extents: u64::MAX }),
            pace: Pace::default(),
            rates,
            writers: vec![now; writers],
            write,
            speed,
            lump: dirty_max / 256,
            flushed: 0,
            clock,
        }
    }

    /// Where each write is an extent, that is what there is room for.
    fn counting_extents(mut self) -> Self {
        let most = self.lump * 256 / self.write;
        self.room = Room::new(Weight { bytes: u64::MAX, extents: most });
        self
    }

    fn weight_of(&self, written: u64) -> Weight {
        Weight { extents: written / self.write, ..bytes(written) }
    }

    fn run(&mut self, time: Duration) -> Outcome {
        let mut outcome = Outcome { dirty_min: u64::MAX, ..Outcome::default() };
        let end = self.clock.now().plus(time);
        while self.clock.now() < end {
            self.clock.advance(TICK);
            self.flush();
            for writer in 0..self.writers.len() {
                self.write(writer, &mut outcome);
            }
            outcome.dirty_max = outcome.dirty_max.max(self.room.taken().bytes);
            outcome.dirty_min = outcome.dirty_min.min(self.room.taken().bytes);
        }
        outcome
    }

    fn flush(&mut self) {
        let tick = u64::try_from(TICK.as_millis()).unwrap();
        let bytes = (self.speed * tick / 1000).min(self.room.taken().bytes - self.flushed);
        self.rates.wrote(self.clock.now(), self.weight_of(bytes));
        self.flushed += bytes;
        if self.flushed >= self.lump {
            let flushed = std::mem::take(&mut self.flushed);
            self.room.give_back(self.weight_of(flushed));
        }
    }

    /// A writer that is through with its delay writes again; at memory speed, up to 20 times a tick.
    fn write(&mut self, writer: usize, outcome: &mut Outcome) {
        let now = self.clock.now();
        for _ in 0..20 {
            if self.writers[writer] > now {
                return;
            }
            let (rates, weight) = (self.rates.at(now), self.weight_of(self.write));
            let fill = self.room.permille_with(weight);
            let cost = BYTES.cost(weight.bytes, fill.bytes, rates.bytes);
            let cost = cost.max(EXTENTS.cost(weight.extents, fill.extents, rates.extents));
            let delay = self.pace.delay(now, cost);
            if !self.room.take(weight) {
                outcome.refused += 1;
                return;
            }
            outcome.written += self.write;
            outcome.longest = outcome.longest.max(delay);
            self.writers[writer] = now.plus(delay);
        }
    }
}

/// Runs until it has settled, then for ten seconds more.
fn settle(world: &mut World) -> Outcome {
    world.run(Duration::from_secs(60));
    world.run(Duration::from_secs(10))
}

#[test]
fn writers_come_to_go_as_fast_as_the_backing_below_the_limit() {
    for (dirty_max, speed, writers, write) in [
        (256 * MIB, 100 * MIB, 1, MIB),
        (256 * MIB, 100 * MIB, 16, 64 << 10),
        (16 * MIB, MIB, 4, 4096),
        (1024 * MIB, 500 * MIB, 1, MIB),
        (64 * MIB, 8 * MIB, 64, 4096),
    ] {
        let outcome = settle(&mut World::new(dirty_max, speed, writers, write));
        let case = format!("{writers} writers of {write} bytes over {speed} bytes/s: {outcome:?}");
        assert_eq!(outcome.refused, 0, "{case}");
        assert!(outcome.dirty_max < dirty_max * 9 / 10, "{case}");
        assert!(outcome.dirty_min > dirty_max / 2, "the room is used: {case}");
        assert!(outcome.written.abs_diff(speed * 10) < speed, "{case}");
        assert!(outcome.longest < Duration::from_millis(500), "{case}");
    }
}

#[test]
fn writes_of_few_bytes_settle_below_the_number_of_extents() {
    for (extents_max, speed, writers) in [(300_000, 10_000, 1), (300_000, 4_000, 4), (20_000, 2_000, 16)] {
        let write = 10;
        let mut world = World::new(extents_max * write, speed * write, writers, write).counting_extents();
        // As flushes give it back.
        world.lump = extents_max * write / 64;
        let outcome = settle(&mut world);
        let case = format!("{writers} writers over {speed} extents/s: {outcome:?}");
        assert_eq!(outcome.refused, 0, "{case}");
        assert!(outcome.dirty_max < extents_max * write * 95 / 100, "{case}");
        assert!(outcome.written.abs_diff(speed * write * 10) < speed * write * 2, "{case}");
    }
}

#[test]
fn nobody_meets_the_limit_on_the_way_there() {
    let mut world = World::new(1024 * MIB, 100 * MIB, 4, MIB);
    let outcome = world.run(Duration::from_secs(30));
    assert_eq!(outcome.refused, 0, "{outcome:?}");
    assert!(outcome.longest < Duration::from_millis(200), "{outcome:?}");
}

#[test]
fn room_that_comes_in_lumps_is_no_jolt() {
    let mut world = World::new(1024 * MIB, 100 * MIB, 4, MIB);
    world.lump = 64 * MIB;
    let outcome = settle(&mut world);
    assert_eq!(outcome.refused, 0, "{outcome:?}");
    assert!(outcome.longest < Duration::from_millis(200), "{outcome:?}");
    assert!(outcome.written.abs_diff(1000 * MIB) < 100 * MIB, "{outcome:?}");
}

#[test]
fn a_writer_slower_than_the_backing_is_left_alone() {
    let mut world = World::new(64 * MIB, 100 * MIB, 1, 4096);
    let outcome = world.run(Duration::from_secs(10));
    assert_eq!((outcome.longest, outcome.refused), (Duration::ZERO, 0), "{outcome:?}");
}

#[test]
fn a_backing_that_slows_down_is_followed() {
    let mut world = World::new(1024 * MIB, 200 * MIB, 2, MIB);
    settle(&mut world);
    world.speed = 20 * MIB;
    let outcome = settle(&mut world);
    assert!(outcome.dirty_max < 1024 * MIB * 95 / 100, "{outcome:?}");
    assert!(outcome.written.abs_diff(200 * MIB) < 30 * MIB, "{outcome:?}");
}

#[test]
fn a_backing_that_hangs_stops_writers_at_the_limit_and_never_beyond() {
    let mut world = World::new(64 * MIB, 100 * MIB, 4, MIB);
    settle(&mut world);
    world.speed = 0;
    let outcome = world.run(Duration::from_secs(60));
    assert!(outcome.dirty_max <= 64 * MIB && outcome.longest <= Duration::from_millis(500), "{outcome:?}");
    world.speed = 100 * MIB;
    let outcome = settle(&mut world);
    assert!(outcome.written.abs_diff(1000 * MIB) < 100 * MIB, "it goes on as before: {outcome:?}");
}
