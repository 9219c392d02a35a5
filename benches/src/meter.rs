use std::sync::Arc;
use std::time::{Duration, Instant};

use cachefs_testkit::CountFs;
use cachefs_vfs::Result;

/// What is timed and what is not may take this many times what is to be timed: before each batch files may have to be
/// read again.
const ALL_TIMES: u32 = 4;

/// Takes what an operation costs, either its time or what it allocates and asks of its backing: counting takes time.
#[derive(Debug)]
pub struct Meter {
    end: End,
    began: Instant,
    counts: Option<Arc<CountFs>>,
    /// What was taken so far.
    pub took: Took,
}

/// A sum over operations.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Took {
    /// How many.
    pub ops: u64,
    /// How long they took, in nanoseconds.
    pub nanos: f64,
    /// What they allocated on this thread, if that was counted.
    pub allocations: u64,
    /// How often they asked the backing, if that was counted.
    pub calls: u64,
}

#[derive(Clone, Copy, Debug)]
enum End {
    /// As soon as the operations took so long, or so many times as long with what has to be done before each batch.
    After(Duration),
    /// After the first batch.
    Once,
}

impl Meter {
    /// Takes times, of this much in all.
    #[must_use]
    pub fn timing(slice: Duration) -> Self {
        Self { end: End::After(slice), began: Instant::now(), counts: None, took: Took::default() }
    }

    /// Counts one batch; calls where there is a backing that counts them.
    #[must_use]
    pub fn counting(counts: Option<Arc<CountFs>>) -> Self {
        Self { end: End::Once, began: Instant::now(), counts, took: Took::default() }
    }

    /// Whether another batch is wanted.
    #[must_use]
    pub fn goes_on(&self) -> bool {
        self.took.ops == 0
            || match self.end {
                End::After(slice) => {
                    self.took.nanos < slice.as_secs_f64() * 1e9 && self.began.elapsed() < slice * ALL_TIMES
                }
                End::Once => false,
            }
    }

    /// Whether nothing is timed, so that nothing should run on other threads.
    #[must_use]
    pub fn counts(&self) -> bool {
        matches!(self.end, End::Once)
    }

    /// Runs a batch of so many operations. Long enough, it should be, that looking at the clock is nothing beside it.
    ///
    /// # Errors
    /// Those of the operations.
    pub fn take(&mut self, ops: usize, mut work: impl FnMut() -> Result<()>) -> Result<()> {
        self.took.ops += ops as u64;
        if !self.counts() {
            let start = Instant::now();
            let done = work();
            self.took.nanos += start.elapsed().as_secs_f64() * 1e9;
            return done;
        }
        let before = self.calls();
        let mut done = Ok(());
        self.took.allocations += allocation_counter::measure(|| done = work()).count_total;
        self.took.calls += self.calls() - before;
        done
    }

    fn calls(&self) -> u64 {
        self.counts.as_ref().map_or(0, |counts| counts.calls())
    }
}

impl Took {
    /// Of one operation.
    #[must_use]
    pub fn nanos_each(&self) -> f64 {
        self.nanos / self.ops.max(1) as f64
    }

    /// Of one operation.
    #[must_use]
    pub fn allocations_each(&self) -> f64 {
        self.allocations as f64 / self.ops.max(1) as f64
    }

    /// Of one operation.
    #[must_use]
    pub fn calls_each(&self) -> f64 {
        self.calls as f64 / self.ops.max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_allocated_is_counted_once() {
        let mut meter = Meter::counting(None);
        while meter.goes_on() {
            meter
                .take(10, || {
                    (0..20).for_each(|_| drop(std::hint::black_box(Box::new(7))));
                    Ok(())
                })
                .unwrap();
        }
        assert_eq!((meter.took.ops, meter.took.allocations_each()), (10, 2.0));
    }

    #[test]
    fn times_are_taken_until_the_slice_is_over() {
        let mut meter = Meter::timing(Duration::from_micros(200));
        while meter.goes_on() {
            meter
                .take(1, || {
                    std::thread::yield_now();
                    Ok(())
                })
                .unwrap();
        }
        assert!(meter.took.ops > 0 && meter.took.nanos_each() > 0.0);
    }
}
