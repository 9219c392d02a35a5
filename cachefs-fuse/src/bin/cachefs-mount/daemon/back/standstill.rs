use std::time::{Duration, Instant};

/// A wait that follows on one in vain after more than this is another one.
const FRESH: Duration = Duration::from_secs(60);
/// So long even that one lasts which follows at once: the source may have come back.
const TRY: Duration = Duration::from_millis(500);

/// For how long the source has taken nothing: one patience for all who wait for it at once or one after the other, as a
/// flush before the mount leaves and the one behind it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standstill {
    since: Instant,
    /// Those who wait.
    waiting: usize,
    /// When the last wait ended in vain.
    in_vain: Option<Instant>,
}

impl Standstill {
    pub(super) fn new(now: Instant) -> Self {
        Self { since: now, waiting: 0, in_vain: None }
    }

    /// Somebody begins to wait, `patience` at most.
    pub(super) fn begin(&mut self, now: Instant, patience: Duration) {
        let goes_on = self.waiting > 0 || self.in_vain.is_some_and(|ended| now.duration_since(ended) < FRESH);
        let left = if goes_on { TRY.min(patience) } else { patience };
        let since = now.checked_sub(patience - left).unwrap_or(now);
        self.since = if goes_on { self.since.max(since) } else { now };
        self.waiting += 1;
        self.in_vain = None;
    }

    /// Whether it is in vain to wait on; `moved` is when the source took something for the last time.
    pub(super) fn is_in_vain(&mut self, moved: Option<Instant>, now: Instant, patience: Duration) -> bool {
        self.since = moved.map_or(self.since, |moved| moved.max(self.since));
        let in_vain = now.saturating_duration_since(self.since) > patience;
        if in_vain {
            self.in_vain = Some(now);
        }
        in_vain
    }

    /// They wait no longer.
    pub(super) fn end(&mut self) {
        self.waiting = self.waiting.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(10);

    #[test]
    fn one_patience_is_had_for_waits_that_follow_each_other() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut still = Standstill::new(start);
        still.begin(at(0), PATIENCE);
        assert!(!still.is_in_vain(None, at(10), PATIENCE));
        assert!(!still.is_in_vain(Some(at(5)), at(15), PATIENCE), "it moved");
        assert!(still.is_in_vain(Some(at(5)), at(16), PATIENCE));
        still.end();
        still.begin(at(16), PATIENCE);
        assert!(!still.is_in_vain(None, at(16), PATIENCE), "it is tried once more");
        assert!(still.is_in_vain(None, at(18), PATIENCE), "and not waited for again");
        still.end();
        still.begin(at(19), PATIENCE);
        assert!(!still.is_in_vain(Some(at(19)), at(28), PATIENCE), "it has come back");
        still.end();
        still.begin(at(100), PATIENCE);
        assert!(!still.is_in_vain(None, at(109), PATIENCE), "later it is waited for anew");
    }

    #[test]
    fn who_joins_one_who_waits_waits_with_that_one() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut still = Standstill::new(start);
        still.begin(at(0), PATIENCE);
        still.begin(at(8), PATIENCE);
        assert!(!still.is_in_vain(None, at(9), PATIENCE) && still.is_in_vain(None, at(11), PATIENCE));
    }
}
