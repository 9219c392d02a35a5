use cachefs_policy::{Forecast, PolicyKind};

use super::buffer;
use crate::fs::CacheFs;

/// Sizes that a curve is drawn of, as multiples of the real one.
const FACTORS: [f64; 4] = [0.5, 1.0, 2.0, 4.0];

impl CacheFs {
    /// What the cache would have hit of what was read lately ([`Forecast::covers`]), had it half, once, twice and four times the memory, and
    /// under each policy: an estimate from a sample of the blocks that were asked for, replayed now, which takes a
    /// tenth of a second of this thread or so. `None` unless [`crate::CacheBuilder::curve`] is on. Hits are counted as
    /// [`CacheFs::stats`] does, but for reading ahead, of which a curve knows nothing.
    ///
    /// The sample takes about 260 KiB, and as long as this runs about as much again.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use cachefs::{CacheFs, PolicyKind};
    /// # use cachefs_vfs::{MemFs, VfsExt};
    /// let source = Arc::new(MemFs::new());
    /// (0..100).try_for_each(|number| source.write(number.to_string(), &[7; 64 << 10]))?;
    /// let cache = CacheFs::builder(source).memory(60 * (64 << 10)).curve(true).build().unwrap();
    /// for turn in 0..10_000 {
    ///     cache.read((turn % 100).to_string())?;
    /// }
    /// let forecast = cache.mrc().unwrap();
    /// let lru = |factor| {
    ///     forecast.points.iter().find(|of| of.policy == PolicyKind::Lru && of.factor == factor).unwrap().hit_ratio
    /// };
    /// assert!(lru(1.0) < 0.01, "a loop that does not fit");
    /// assert!(lru(2.0) > 0.95, "twice the memory would hold it");
    /// # Ok::<(), cachefs_vfs::Error>(())
    /// ```
    #[must_use]
    pub fn mrc(&self) -> Option<Forecast> {
        let tap = &self.engine().tap;
        if !tap.is_open() {
            return None;
        }
        buffer::flush(tap.shared());
        tap.shared().feed(&mut Vec::new());
        // Without expiry `ttl` is `lru`.
        let policies: Vec<_> = PolicyKind::ALL.into_iter().filter(|kind| *kind != PolicyKind::Ttl).collect();
        let curve = tap.shared().curve.lock();
        curve.as_ref().map(|curve| curve.forecast(&policies, &FACTORS))
    }
}
