use std::fmt;

use cachefs_fuse::control::Stat;
use indicatif::HumanBytes;
use serde::Serialize;

use super::durations::{Durations, whole};

/// What stands above the lines.
pub(super) const HEAD: &str = "  \
 req/s      p50      p99  err |  hit%      read/s |   src/s     src read    src write | evict |      memory       dirty  oldest";

/// What happened in an interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(super) struct Line {
    seconds: f64,
    requests_per_second: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    p50_seconds: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p99_seconds: Option<f64>,
    errors: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    hit_percent: Option<f64>,
    read_bytes_per_second: f64,
    source_calls_per_second: f64,
    source_read_bytes_per_second: f64,
    source_written_bytes_per_second: f64,
    evicted_blocks: u64,
    memory_bytes: u64,
    dirty_bytes: u64,
    oldest_dirty_age_seconds: f64,
}

impl Line {
    /// Of two states of one mount.
    pub(super) fn between(before: &Stat, now: &Stat) -> Self {
        let same = before.mount.pid == now.mount.pid;
        let fresh = Stat::default();
        // Another mount by now: all it did is new.
        let before = if same { before } else { &fresh };
        let seconds = (now.mount.uptime_seconds - before.mount.uptime_seconds).max(1e-3);
        let rate = |count: fn(&Stat) -> u64| whole(count(now).saturating_sub(count(before))) / seconds;
        let since = |count: fn(&Stat) -> u64| count(now).saturating_sub(count(before));
        let (hits, misses) = (since(hits), since(misses));
        let durations = Durations::between(before, now);
        let dirty = now.mount.write_back.as_ref();
        Self {
            seconds,
            requests_per_second: rate(|stat| stat.requests.received),
            p50_seconds: durations.quantile(50),
            p99_seconds: durations.quantile(99),
            errors: since(|stat| stat.requests.errors),
            hit_percent: (hits + misses > 0).then(|| 100.0 * whole(hits) / whole(hits + misses)),
            read_bytes_per_second: rate(|stat| stat.bytes.hit + stat.bytes.missed + stat.bytes.bypassed),
            source_calls_per_second: rate(|stat| stat.source.calls),
            source_read_bytes_per_second: rate(|stat| stat.source.read_bytes),
            source_written_bytes_per_second: rate(|stat| stat.source.written_bytes),
            evicted_blocks: since(|stat| stat.evictions.blocks),
            memory_bytes: now.mount.memory_bytes,
            dirty_bytes: dirty.map_or(0, |dirty| dirty.dirty_bytes),
            oldest_dirty_age_seconds: dirty.map_or(0.0, |dirty| dirty.oldest_dirty_age_seconds),
        }
    }
}

/// Answered from memory, whatever it was.
pub(crate) fn hits(stat: &Stat) -> u64 {
    stat.caches.iter().map(|cache| cache.hits).sum()
}

/// Asked of the source, whatever it was.
pub(crate) fn misses(stat: &Stat) -> u64 {
    stat.caches.iter().map(|cache| cache.misses + cache.bypassed).sum()
}

/// Whether the head is to be shown above this line: at first, and on each screen where people look.
pub(super) fn head_is_due(number: u64) -> bool {
    let rows = rustix::termios::tcgetwinsize(std::io::stdout()).map_or(0, |size| u64::from(size.ws_row));
    if rows > 2 { number.is_multiple_of(rows - 2) } else { number == 0 }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hit = self.hit_percent.map_or_else(|| "-".to_owned(), |percent| format!("{percent:.1}"));
        write!(
            f,
            "{:>7.0} {:>8} {:>8} {:>4} | {hit:>5} {:>11} | {:>7.0} {:>12} {:>12} | {:>5} | {:>11} {:>11} {:>7.1}",
            self.requests_per_second,
            time(self.p50_seconds),
            time(self.p99_seconds),
            self.errors,
            bytes(self.read_bytes_per_second),
            self.source_calls_per_second,
            bytes(self.source_read_bytes_per_second),
            bytes(self.source_written_bytes_per_second),
            self.evicted_blocks,
            HumanBytes(self.memory_bytes).to_string(),
            HumanBytes(self.dirty_bytes).to_string(),
            self.oldest_dirty_age_seconds,
        )
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bytes per second")]
fn bytes(rate: f64) -> String {
    HumanBytes(rate as u64).to_string()
}

/// A duration in four places.
pub(crate) fn time(seconds: Option<f64>) -> String {
    match seconds {
        None => "-".to_owned(),
        Some(seconds) if seconds < 1e-3 => format!("{:.0}us", seconds * 1e6),
        Some(seconds) if seconds < 1.0 => format!("{:.1}ms", seconds * 1e3),
        Some(seconds) => format!("{seconds:.1}s"),
    }
}

#[cfg(test)]
mod tests {
    use cachefs_fuse::control::CacheUse;

    use super::*;

    fn stat(uptime: f64, received: u64, hits: u64, durations: &[(f64, u64)]) -> Stat {
        let mut stat = Stat::default();
        stat.mount.pid = 7;
        stat.mount.uptime_seconds = uptime;
        stat.requests.received = received;
        stat.requests.durations = durations.to_vec();
        stat.caches = vec![CacheUse { hits, misses: 10, ..CacheUse::default() }];
        stat
    }

    #[test]
    fn a_line_is_the_difference_of_two_states() {
        let before = stat(10.0, 100, 5, &[(1e-5, 100)]);
        let now = stat(12.0, 300, 5, &[(1e-5, 100), (1e-3, 198), (2.0, 2)]);
        let line = Line::between(&before, &now);
        assert_eq!((line.seconds, line.requests_per_second), (2.0, 100.0));
        assert_eq!((line.p50_seconds, line.p99_seconds), (Some(1e-3), Some(1e-3)));
        assert_eq!(line.hit_percent, None, "nothing was asked of the cache");
        assert!(line.to_string().starts_with("    100    1.0ms    1.0ms    0 |     -"), "{line}");
        assert_eq!(line.to_string().find('|'), HEAD.find('|'), "\n{HEAD}\n{line}");
        assert_eq!(line.to_string().rfind('|'), HEAD.rfind('|'), "\n{HEAD}\n{line}");
        let later = stat(14.0, 300, 35, &[(1e-5, 100), (1e-3, 198), (2.0, 2)]);
        let line = Line::between(&now, &later);
        assert_eq!((line.p50_seconds, line.hit_percent), (None, Some(100.0)));
        let mut other = later.clone();
        other.mount.pid = 8;
        assert_eq!(Line::between(&later, &other).requests_per_second, 300.0 / 14.0);
    }
}
