use std::collections::BTreeMap;

use cachefs_fuse::control::Stat;

/// How long the requests between two answers of a mount took: how many, by upper bound in nanoseconds, which are whole
/// numbers.
#[derive(Debug)]
pub(crate) struct Durations(BTreeMap<u64, u64>);

impl Durations {
    /// Of two states of one mount.
    pub(crate) fn between(before: &Stat, now: &Stat) -> Self {
        let mut durations = BTreeMap::new();
        for (upper, count) in &now.requests.durations {
            *durations.entry(nanoseconds(*upper)).or_insert(0) += count;
        }
        for (upper, count) in &before.requests.durations {
            let left = durations.entry(nanoseconds(*upper)).or_insert(0);
            *left = left.saturating_sub(*count);
        }
        Self(durations)
    }

    /// So many percent took no longer than these seconds; `None` if there were none.
    pub(crate) fn quantile(&self, percent: u64) -> Option<f64> {
        let total: u64 = self.0.values().sum();
        let rank = (total * percent).div_ceil(100);
        let mut seen = 0;
        let upper = self.0.iter().find(|(_, count)| {
            seen += **count;
            rank > 0 && seen >= rank
        });
        upper.map(|(nanoseconds, _)| whole(*nanoseconds) / 1e9)
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "durations of requests")]
fn nanoseconds(seconds: f64) -> u64 {
    (seconds * 1e9).round().max(0.0) as u64
}

/// To count with.
#[expect(clippy::cast_precision_loss, reason = "a rate is no exact number")]
pub(crate) fn whole(count: u64) -> f64 {
    count as f64
}
