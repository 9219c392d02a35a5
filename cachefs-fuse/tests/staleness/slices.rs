//! Whether readers through the mount meet more mixes than readers of the source.

use std::time::Duration;

/// Looks that follow each other closely may meet the same mix: they are no independent draws, slices of time are nearly.
const SLICE: Duration = Duration::from_millis(250);
/// The difference of the shares may be above zero by so many standard errors: by chance, once in a thousand runs.
const ERRORS_MAX: f64 = 3.1;

#[derive(Clone, Copy, Debug, Default)]
struct Share {
    looks: f64,
    mixes: f64,
}

/// Looks and mixes by slice of time, through the mount and in the source.
#[derive(Clone, Debug, Default)]
pub(crate) struct Slices(Vec<[Share; 2]>);

impl Slices {
    /// Notes a look that began so long after the start.
    pub(crate) fn note(&mut self, began: Duration, native: bool, mix: bool) {
        let index = usize::try_from(began.as_millis() / SLICE.as_millis()).unwrap();
        self.reach(index + 1);
        let share = &mut self.0[index][usize::from(native)];
        share.looks += 1.0;
        share.mixes += f64::from(u8::from(mix));
    }

    fn reach(&mut self, length: usize) {
        let length = length.max(self.0.len());
        self.0.resize(length, [Share::default(); 2]);
    }

    /// Adds those of another reader.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.reach(other.0.len());
        for (mine, theirs) in self.0.iter_mut().flatten().zip(other.0.iter().flatten()) {
            mine.looks += theirs.looks;
            mine.mixes += theirs.mixes;
        }
    }

    /// The share of mixes through the mount less that in the source, in the mean over the slices, and its standard
    /// error (batch means).
    pub(crate) fn difference(&self) -> (f64, f64) {
        let both = self.0.iter().filter(|slice| slice.iter().all(|share| share.looks > 0.0));
        let differences: Vec<f64> = both.map(|[mount, source]| share(mount) - share(source)).collect();
        let count = differences.len() as f64;
        if count < 2.0 {
            return (0.0, f64::INFINITY);
        }
        let mean = differences.iter().sum::<f64>() / count;
        let squares: f64 = differences.iter().map(|difference| (difference - mean).powi(2)).sum();
        (mean, (squares / (count - 1.0) / count).sqrt())
    }

    /// Whether the mount gives more mixes than chance explains.
    pub(crate) fn mount_is_worse(&self) -> bool {
        let (mean, error) = self.difference();
        mean > ERRORS_MAX * error
    }
}

fn share(share: &Share) -> f64 {
    share.mixes / share.looks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slices(mount: impl Fn(u64) -> bool, source: impl Fn(u64) -> bool) -> Slices {
        let mut slices = Slices::default();
        for look in 0..3200 {
            let began = Duration::from_micros(look * 2500);
            slices.note(began, false, mount(look));
            slices.note(began, true, source(look));
        }
        slices
    }

    #[test]
    fn equal_shares_pass_and_a_worse_one_does_not() {
        let rarely = |look: u64| look.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32 & 15 == 0;
        let otherwise = |look: u64| look.wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 32 & 15 == 0;
        let often = |look: u64| look.wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 32 & 15 < 3;
        assert!(!slices(rarely, otherwise).mount_is_worse());
        assert!(slices(often, rarely).mount_is_worse());
        assert!(!slices(rarely, often).mount_is_worse(), "fewer are welcome");
        assert!(!slices(|look| look == 7, |_| false).mount_is_worse(), "one mix proves nothing");
    }
}
