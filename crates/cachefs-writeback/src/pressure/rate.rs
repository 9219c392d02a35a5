use std::time::Duration;

use cachefs_vfs::clock::Moment;

use super::Pressure;
use crate::extent::Weight;

/// What lies back this far counts half.
const MEMORY: Duration = Duration::from_secs(2);
/// A sample: shorter than this says little.
const SAMPLE: Duration = Duration::from_millis(100);

/// How fast the backing takes bytes, and extents. Pure.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct DrainRates {
    bytes: DrainRate,
    extents: DrainRate,
}

/// As measured; per second.
#[derive(Clone, Copy, Debug)]
pub(super) struct Measured {
    pub(super) bytes: Option<u64>,
    pub(super) extents: Option<u64>,
}

impl DrainRates {
    pub(super) fn begin(&mut self, now: Moment) {
        self.bytes.begin(now);
        self.extents.begin(now);
    }

    pub(super) fn end(&mut self, now: Moment) {
        self.bytes.end(now);
        self.extents.end(now);
    }

    pub(super) fn wrote(&mut self, now: Moment, weight: Weight) {
        self.bytes.wrote(now, weight.bytes);
        self.extents.wrote(now, weight.extents);
    }

    pub(super) fn at(&mut self, now: Moment) -> Measured {
        Measured { bytes: self.bytes.at(now), extents: self.extents.at(now) }
    }
}

/// How fast the backing takes something: a moving average over the time in which at least one flush was going on. Pure.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct DrainRate {
    /// Flushes going on.
    flushes: usize,
    /// Up to when `busy` is counted.
    counted: Moment,
    /// Time since the last sample in which flushes were going on.
    busy: Duration,
    /// Written since the last sample.
    amount: u64,
    /// Per second.
    rate: Option<u64>,
}

impl DrainRate {
    pub(super) fn begin(&mut self, now: Moment) {
        self.count(now);
        self.flushes += 1;
    }

    pub(super) fn end(&mut self, now: Moment) {
        self.count(now);
        self.flushes = self.flushes.saturating_sub(1);
    }

    pub(super) fn wrote(&mut self, now: Moment, amount: u64) {
        self.amount = self.amount.saturating_add(amount);
        self.count(now);
    }

    /// Per second. Falls while a flush hangs. `None` before anything was written.
    pub(super) fn at(&mut self, now: Moment) -> Option<u64> {
        self.count(now);
        self.rate
    }

    fn count(&mut self, now: Moment) {
        if self.flushes > 0 {
            self.busy += now.since(self.counted);
        }
        self.counted = now;
        if self.busy >= SAMPLE {
            self.sample();
        }
    }

    /// What was written takes the place of as much time of the average as it took.
    fn sample(&mut self) {
        let (busy, amount) = (self.busy.as_nanos(), u128::from(self.amount) * 1_000_000_000);
        let average = match self.rate {
            Some(rate) => (u128::from(rate) * MEMORY.as_nanos() + amount) / (MEMORY.as_nanos() + busy),
            None if self.amount == 0 => return,
            None => amount / busy,
        };
        self.rate = Some(u64::try_from(average).unwrap_or(u64::MAX));
        (self.busy, self.amount) = (Duration::ZERO, 0);
    }
}

/// A flush that is going on.
#[derive(Debug)]
pub(crate) struct Flushing<'a> {
    pressure: &'a Pressure,
}

impl<'a> Flushing<'a> {
    pub(super) const fn new(pressure: &'a Pressure) -> Self {
        Self { pressure }
    }

    /// The backing has taken so much.
    pub(crate) fn wrote(&self, weight: Weight) {
        let now = self.pressure.clock.now_exact();
        self.pressure.state.lock().rates.wrote(now, weight);
    }
}

impl Drop for Flushing<'_> {
    fn drop(&mut self) {
        let now = self.pressure.clock.now_exact();
        self.pressure.state.lock().rates.end(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Moment {
        Moment((3_600_000 + millis) * 1_000_000)
    }

    /// Writes `bytes` every 10 ms, from `from` to `to`.
    fn drain(rate: &mut DrainRate, from: u64, to: u64, bytes: u64) {
        rate.begin(at(from));
        (from + 10..=to).step_by(10).for_each(|millis| rate.wrote(at(millis), bytes));
        rate.end(at(to));
    }

    fn near(rate: Option<u64>, expected: u64) -> bool {
        rate.is_some_and(|rate| rate.abs_diff(expected) <= expected / 20)
    }

    #[test]
    fn a_steady_backing_is_measured_and_pauses_do_not_count() {
        let mut rate = DrainRate::default();
        assert_eq!(rate.at(at(0)), None);
        drain(&mut rate, 0, 1000, 10_000);
        assert!(near(rate.at(at(1000)), 1_000_000), "{rate:?}");
        drain(&mut rate, 60_000, 61_000, 10_000);
        assert!(near(rate.at(at(90_000)), 1_000_000), "{rate:?}");
    }

    #[test]
    fn flushes_side_by_side_add_up() {
        let mut rate = DrainRate::default();
        rate.begin(at(0));
        rate.begin(at(0));
        for millis in (10..=1000).step_by(10) {
            rate.wrote(at(millis), 5_000);
            rate.wrote(at(millis), 5_000);
        }
        assert!(near(rate.at(at(1000)), 1_000_000), "{rate:?}");
    }

    #[test]
    fn a_new_speed_is_learnt_and_a_hang_is_seen_while_it_lasts() {
        let mut rate = DrainRate::default();
        drain(&mut rate, 0, 5000, 10_000);
        drain(&mut rate, 5000, 20_000, 1_000);
        assert!(near(rate.at(at(20_000)), 100_000), "{rate:?}");
        rate.begin(at(20_000));
        let mut before = rate.at(at(20_000));
        for millis in (21_000..40_000).step_by(1000) {
            let now = rate.at(at(millis));
            assert!(now < before, "{now:?} after {before:?}");
            before = now;
        }
        assert!(before < Some(1000), "{before:?}");
    }
}
