use cachefs_benches::figures::median;

use crate::requests::Requests;
use crate::workload::Sample;

/// What one round said of one contender in one workload.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair {
    /// The directory itself, just before and just after.
    pub(crate) native: Sample,
    pub(crate) mounted: Sample,
}

impl Pair {
    /// 1 is as fast as the directory, 0.5 half as fast.
    pub(crate) fn ratio(&self) -> f64 {
        self.native.nanos_per_op() / self.mounted.nanos_per_op()
    }
}

/// What all rounds said of one contender in one workload.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    pub(crate) pairs: Vec<Pair>,
    /// What its daemon was sent while it was measured, in all rounds; `None` if it does not tell.
    pub(crate) requests: Option<Requests>,
    /// Why there is no figure.
    pub(crate) failure: Option<String>,
}

impl Figures {
    pub(crate) fn ratio(&self) -> Option<f64> {
        median(self.pairs.iter().map(Pair::ratio).collect())
    }

    pub(crate) fn native_nanos(&self) -> Option<f64> {
        median(self.pairs.iter().map(|pair| pair.native.nanos_per_op()).collect())
    }

    pub(crate) fn mounted_nanos(&self) -> Option<f64> {
        median(self.pairs.iter().map(|pair| pair.mounted.nanos_per_op()).collect())
    }

    /// Operations measured, in all rounds.
    pub(crate) fn ops(&self) -> u64 {
        self.pairs.iter().map(|pair| pair.mounted.ops).sum()
    }

    /// Requests of each verb per operation; none if the daemon does not tell.
    pub(crate) fn verbs_per_op(&self) -> impl Iterator<Item = (&str, f64)> {
        let ops = self.ops().max(1) as f64;
        let counts = self.requests.iter().flat_map(|requests| &requests.0);
        counts.map(move |(verb, count)| (verb.as_str(), *count as f64 / ops))
    }

    pub(crate) fn requests_per_op(&self) -> Option<f64> {
        let requests = self.requests.as_ref()?;
        (self.ops() > 0).then(|| requests.total() as f64 / self.ops() as f64)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn ratios_are_of_speeds_within_a_round() {
        let sample = |ops, seconds| Sample { ops, elapsed: Duration::from_secs(seconds) };
        let pair = |native, mounted| Pair { native: sample(native, 1), mounted: sample(mounted, 2) };
        let pairs = vec![pair(10, 10), pair(100, 20), pair(10, 16)];
        let figures = Figures { pairs, requests: Some(Requests::default()), failure: None };
        assert_eq!(figures.ratio(), Some(0.5));
        assert_eq!((figures.ops(), figures.requests_per_op()), (46, Some(0.0)));
    }
}
