use std::fmt;

use serde::Serialize;

use super::measure::Measured;
use crate::stat::time;

/// So many times slower than memory a repeated read is, before a cache can help: a mount itself costs about as much.
const WORTH_MIN: f64 = 4.0;
/// A repeated read faster than this leaves nothing to gain: a request to a mount takes as long.
const FAST: f64 = 40e-6;

/// Whether a cache is of use.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Verdict {
    /// It is.
    worth_it: bool,
    /// How many times faster than now a repeated read could be at best.
    gain_max: f64,
    why: String,
}

/// What the numbers say.
pub(super) fn of(measured: &Measured) -> Verdict {
    let gain = measured.again_seconds / measured.memory_seconds.max(1e-9);
    let (again, cold) = (time(Some(measured.again_seconds)), time(Some(measured.cold_seconds)));
    let worth_it = gain >= WORTH_MIN && measured.again_seconds >= FAST;
    let why = if worth_it {
        format!(
            "each repeated open and read costs {again}, {gain:.0} times what memory takes: the source is asked each \
             time, and a mount would answer instead"
        )
    } else if measured.cold_seconds > 20.0 * measured.again_seconds {
        format!(
            "the kernel's page cache serves repeated reads already ({again}); only first reads are slow ({cold}), \
             and a mount makes those faster only by warming, or where the kernel forgets what you need again"
        )
    } else {
        format!(
            "the kernel's page cache suffices: repeated reads take {again}, and a mount would be no faster"
        )
    };
    Verdict { worth_it, gain_max: gain, why }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let answer = if self.worth_it { "yes" } else { "no" };
        write!(f, "worth caching: {answer}: {}", self.why)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(cold: f64, again: f64) -> Verdict {
        of(&Measured { files: 1, cold_seconds: cold, again_seconds: again, memory_seconds: 5e-6 })
    }

    #[test]
    fn what_the_page_cache_serves_is_not_worth_it() {
        let local = verdict(10e-6, 8e-6);
        assert!(!local.worth_it && local.why.contains("page cache suffices"), "{local}");
        let disk = verdict(8e-3, 8e-6);
        assert!(!disk.worth_it && disk.why.contains("only first reads are slow (8.0ms)"), "{disk}");
        let nas = verdict(9e-3, 2e-3);
        assert!(nas.worth_it && nas.to_string().starts_with("worth caching: yes: "), "{nas}");
        assert_eq!(nas.gain_max, 400.0);
    }
}
