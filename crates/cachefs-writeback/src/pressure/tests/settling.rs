//! Writers that never stop over a backing of a given speed, in a time of their own.

use std::time::Duration;

use cachefs_vfs::clock::{Clock, ManualClock, Moment};

use crate::pressure::pace::Pace;
use crate::pressure::rate::DrainRate;
use crate::pressure::room::Room;

const MIB: u64 = 1 << 20;
const TICK: Duration = Duration::from_millis(1);

struct World {
    clock: ManualClock,
    room: Room,
    pace: Pace,
    rate: DrainRate,
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
        let mut rate = DrainRate::default();
        rate.begin(now);
        Self {
            room: Room::new(dirty_max),
            pace: Pace::default(),
            rate,
            writers: vec![now; writers],
            write,
            speed,
            lump: dirty_max / 256,
            flushed: 0,
            clock,
        }
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
            outcome.dirty_max = outcome.dirty_max.max(self.room.dirty());
            outcome.dirty_min = outcome.dirty_min.min(self.room.dirty());
        }
        outcome
    }

    fn flush(&mut self) {
        let tick = u64::try_from(TICK.as_millis()).unwrap();
        let bytes = (self.speed * tick / 1000).min(self.room.dirty() - self.flushed);
        self.rate.wrote(self.clock.now(), bytes);
        self.flushed += bytes;
        if self.flushed >= self.lump {
            self.room.give_back(std::mem::take(&mut self.flushed));
        }
    }

    /// A writer that is through with its delay writes again; at memory speed, up to 20 times a tick.
    fn write(&mut self, writer: usize, outcome: &mut Outcome) {
        let now = self.clock.now();
        for _ in 0..20 {
            if self.writers[writer] > now {
                return;
            }
            let rate = self.rate.at(now);
            let permille = self.room.permille_with(self.write);
            let delay = self.pace.delay(now, self.write, permille, rate);
            if !self.room.take(self.write) {
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
