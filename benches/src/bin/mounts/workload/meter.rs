use std::time::{Duration, Instant};

use crate::Result;

/// The longest a single pass over a part of the tree may take.
const PASS_MAX: Duration = Duration::from_secs(4);

/// What was done, and how long it took.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sample {
    pub(crate) ops: u64,
    pub(crate) elapsed: Duration,
}

impl Sample {
    pub(crate) fn nanos_per_op(&self) -> f64 {
        self.elapsed.as_secs_f64() * 1e9 / self.ops.max(1) as f64
    }

    /// Both together, as if one had been measured after the other.
    pub(crate) fn and(self, other: Self) -> Self {
        Self { ops: self.ops + other.ops, elapsed: self.elapsed + other.elapsed }
    }
}

/// How often the clock is looked at: rarely where an operation takes less than a microsecond.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pace {
    Quick,
    Slow,
}

/// Repeats a step until the time is over; steps are numbered from 0.
pub(crate) fn repeat(
    time: Duration,
    pace: Pace,
    mut step: impl FnMut(usize) -> Result<()>,
) -> Result<Sample> {
    let stride = match pace {
        Pace::Quick => 32,
        Pace::Slow => 1,
    };
    let start = Instant::now();
    let mut done = 0;
    loop {
        for _ in 0..stride {
            step(done)?;
            done += 1;
        }
        let elapsed = start.elapsed();
        if elapsed >= time {
            return Ok(Sample { ops: done as u64, elapsed });
        }
    }
}

/// Takes a step for each of `count`, once; fewer if that takes too long.
pub(crate) fn once(count: usize, mut step: impl FnMut(usize) -> Result<()>) -> Result<Sample> {
    let start = Instant::now();
    let mut done = 0;
    while done < count && (done % 32 != 0 || start.elapsed() < PASS_MAX) {
        step(done)?;
        done += 1;
    }
    Ok(Sample { ops: done as u64, elapsed: start.elapsed() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_is_counted() {
        let mut seen = Vec::new();
        let sample = once(100, |number| {
            seen.push(number);
            Ok(())
        });
        assert_eq!((sample.unwrap().ops, seen), (100, (0..100).collect()));
        let mut steps = 0;
        let time = Duration::from_millis(1);
        let sample = repeat(time, Pace::Quick, |_| {
            steps += 1;
            Ok(())
        });
        let sample = sample.unwrap();
        assert_eq!(sample.ops, steps);
        assert!(sample.elapsed >= time);
    }

    #[test]
    fn samples_add_up() {
        let second = Duration::from_secs(1);
        let both = Sample { ops: 1, elapsed: second }.and(Sample { ops: 3, elapsed: second });
        assert!((both.nanos_per_op() - 5e8).abs() < 1.0);
    }
}
