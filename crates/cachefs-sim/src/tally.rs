use serde::Serialize;

/// What was asked for, and how much of it a cache had.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Requests.
    pub requests: u64,
    /// Those that found their key.
    pub hits: u64,
    /// Bytes of all requests.
    pub bytes: u64,
    /// Bytes of the hits.
    pub hit_bytes: u64,
}

impl Tally {
    /// Counts a request of so many bytes.
    pub fn count(&mut self, bytes: u64, hit: bool) {
        self.requests += 1;
        self.bytes = self.bytes.saturating_add(bytes);
        if hit {
            self.hits += 1;
            self.hit_bytes = self.hit_bytes.saturating_add(bytes);
        }
    }

    /// Hits per request, 0 to 1; 0 if there were none.
    #[must_use]
    pub fn hit_ratio(&self) -> f64 {
        ratio(self.hits, self.requests)
    }

    /// Bytes hit per byte asked for, 0 to 1; 0 if there were none.
    #[must_use]
    pub fn byte_hit_ratio(&self) -> f64 {
        ratio(self.hit_bytes, self.bytes)
    }
}

#[expect(clippy::cast_precision_loss, reason = "a ratio: 52 bits are plenty")]
pub(crate) fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
