use cachefs_fuse::control::Stat;

use crate::stat::{Durations, hits, misses, whole};

/// What a mount did between two answers of it. Rates are per second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Rates {
    /// Between the answers.
    pub(super) seconds: f64,
    pub(super) requests: f64,
    /// In all, not per second.
    pub(super) errors: u64,
    /// Seconds.
    pub(super) p50: Option<f64>,
    pub(super) p95: Option<f64>,
    pub(super) p99: Option<f64>,
    /// Of whatever was asked of the cache.
    pub(super) hit_percent: Option<f64>,
    /// Bytes read that were in memory.
    pub(super) from_memory: f64,
    /// Bytes read that a load from the source supplied.
    pub(super) from_source: f64,
    /// Bytes read past the cache.
    pub(super) past_cache: f64,
    pub(super) source_calls: f64,
    pub(super) source_read: f64,
    pub(super) source_written: f64,
    /// Blocks.
    pub(super) evicted: f64,
    /// At the end.
    pub(super) memory_bytes: u64,
    /// At the end.
    pub(super) dirty_bytes: u64,
}

impl Rates {
    /// `None` where no time went by between them. If another process serves the mount by now, all it did is new.
    pub(super) fn between(before: &Stat, now: &Stat) -> Option<Self> {
        let span = Span::between(before, now)?;
        let (hits, misses) = (span.count(hits), span.count(misses));
        let durations = Durations::between(span.before.unwrap_or(&Stat::default()), now);
        Some(Self {
            seconds: span.seconds,
            requests: span.rate(|stat| stat.requests.received),
            errors: span.count(|stat| stat.requests.errors),
            p50: durations.quantile(50),
            p95: durations.quantile(95),
            p99: durations.quantile(99),
            hit_percent: percent(hits, misses),
            from_memory: span.rate(|stat| stat.bytes.hit),
            from_source: span.rate(|stat| stat.bytes.missed),
            past_cache: span.rate(|stat| stat.bytes.bypassed),
            source_calls: span.rate(|stat| stat.source.calls),
            source_read: span.rate(|stat| stat.source.read_bytes),
            source_written: span.rate(|stat| stat.source.written_bytes),
            evicted: span.rate(|stat| stat.evictions.blocks),
            memory_bytes: now.mount.memory_bytes,
            dirty_bytes: now.mount.write_back.as_ref().map_or(0, |back| back.dirty_bytes),
        })
    }
}

/// From one answer to the next.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span<'a> {
    /// `None`: it was another process.
    before: Option<&'a Stat>,
    now: &'a Stat,
    seconds: f64,
}

impl<'a> Span<'a> {
    /// `None` where no time went by.
    pub(super) fn between(before: &'a Stat, now: &'a Stat) -> Option<Self> {
        let before = (before.mount.pid == now.mount.pid).then_some(before);
        let began = before.map_or(0.0, |before| before.mount.uptime_seconds);
        let seconds = now.mount.uptime_seconds - began;
        (seconds > 0.0).then_some(Self { before, now, seconds })
    }

    /// How much it became more.
    pub(super) fn count(&self, counted: impl Fn(&Stat) -> u64) -> u64 {
        counted(self.now).saturating_sub(self.before.map_or(0, counted))
    }

    /// The same per second.
    pub(super) fn rate(&self, counted: impl Fn(&Stat) -> u64) -> f64 {
        whole(self.count(counted)) / self.seconds
    }
}

/// `None` of nothing.
pub(super) fn percent(hits: u64, misses: u64) -> Option<f64> {
    (hits + misses > 0).then(|| 100.0 * whole(hits) / whole(hits + misses))
}

#[cfg(test)]
mod tests {
    use cachefs_fuse::control::CacheUse;

    use super::*;

    fn stat(pid: u32, uptime: f64, received: u64) -> Stat {
        let mut stat = Stat::default();
        stat.mount.pid = pid;
        stat.mount.uptime_seconds = uptime;
        stat.requests.received = received;
        stat.bytes.hit = 10 * received;
        stat.bytes.missed = received;
        stat.requests.durations = vec![(1e-5, received), (1e-3, received / 10)];
        stat.caches = vec![CacheUse { hits: received, misses: received / 3, ..CacheUse::default() }];
        stat
    }

    #[test]
    fn rates_are_differences_by_time() {
        let rates = Rates::between(&stat(7, 10.0, 300), &stat(7, 12.0, 900)).expect("time went by");
        assert_eq!((rates.seconds, rates.requests), (2.0, 300.0));
        assert_eq!((rates.from_memory, rates.from_source), (3000.0, 300.0));
        assert_eq!((rates.p50, rates.p95, rates.p99), (Some(1e-5), Some(1e-3), Some(1e-3)));
        assert_eq!(rates.hit_percent, Some(75.0));
    }

    #[test]
    fn what_another_process_counted_is_not_subtracted() {
        let rates = Rates::between(&stat(7, 100.0, 9_000), &stat(8, 2.0, 30)).expect("time went by");
        assert_eq!((rates.seconds, rates.requests, rates.from_source), (2.0, 15.0, 15.0));
    }

    #[test]
    fn nothing_in_no_time() {
        assert_eq!(Rates::between(&stat(7, 10.0, 3), &stat(7, 10.0, 3)), None);
        let idle = Rates::between(&stat(7, 10.0, 3), &stat(7, 11.0, 3)).expect("time went by");
        assert_eq!((idle.requests, idle.hit_percent, idle.p99), (0.0, None, None));
    }
}
