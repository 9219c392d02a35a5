use std::ops::RangeInclusive;

/// Whether a reader of a file streams through more than the cache should give it.
///
/// One per open file; it knows only what that one read. Reads count as one stream if each begins near where the
/// others ended: requests may overtake each other a bit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScanDetector {
    /// How far the stream has come, in bytes from the file's beginning.
    end: u64,
    /// How long it is.
    len: u64,
}

impl ScanDetector {
    /// How far from the end of the stream a read may begin, in bytes.
    pub const SLACK: u64 = 256 * 1024;

    /// Nothing was read yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes a read, in bytes. Answers whether it belongs to a stream that is longer than `limit` by now, so that
    /// its blocks should bypass the cache; for the limit see [`scan_limit`].
    pub fn on_read(&mut self, offset: u64, len: u64, limit: u64) -> bool {
        let end = offset.saturating_add(len);
        if self.near().contains(&offset) {
            self.len = self.len.saturating_add(end.saturating_sub(self.end));
            self.end = self.end.max(end);
        } else {
            *self = Self { end, len };
        }
        self.len > limit
    }

    fn near(&self) -> RangeInclusive<u64> {
        self.end.saturating_sub(Self::SLACK)..=self.end.saturating_add(Self::SLACK)
    }
}

/// The longest stream that may be kept in a cache of this capacity: a share of it in percent, at most all.
#[must_use]
pub const fn scan_limit(capacity: u64, percent: u8) -> u64 {
    let percent = if percent > 100 { 100 } else { percent };
    capacity / 100 * percent as u64 + capacity % 100 * percent as u64 / 100
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCK: u64 = 64 * 1024;

    #[test]
    fn a_stream_is_bypassed_from_the_limit_on() {
        let mut scan = ScanDetector::new();
        let bypassed: Vec<bool> =
            (0..10).map(|block| scan.on_read(block * BLOCK, BLOCK, 6 * BLOCK)).collect();
        assert_eq!(bypassed, [false, false, false, false, false, false, true, true, true, true]);
    }

    #[test]
    fn requests_that_overtake_each_other_are_one_stream() {
        let mut scan = ScanDetector::new();
        let order = [1, 0, 2, 4, 3, 5, 7, 6];
        let last = order.map(|block| scan.on_read(block * BLOCK, BLOCK, 7 * BLOCK - 1))[7];
        assert!(last);
    }

    #[test]
    fn reads_here_and_there_are_no_stream() {
        let mut scan = ScanDetector::new();
        for read in 0..1000 {
            assert!(!scan.on_read((read * 7919 % 1000) * 100 * BLOCK, BLOCK, 4 * BLOCK));
        }
    }

    #[test]
    fn reading_the_same_part_again_is_no_long_stream() {
        let mut scan = ScanDetector::new();
        for _ in 0..1000 {
            assert!(!scan.on_read(0, BLOCK, 4 * BLOCK));
        }
    }

    #[test]
    fn the_limit_is_the_share_without_overflow() {
        assert_eq!(scan_limit(1000, 25), 250);
        assert_eq!(scan_limit(150, 50), 75);
        assert_eq!(scan_limit(u64::MAX, 100), u64::MAX);
        assert_eq!(scan_limit(10, 200), 10);
    }
}
