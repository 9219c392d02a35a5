mod keys;
mod log;
mod mini;

use self::keys::Keys;
use self::log::Log;
use self::mini::Mini;
use crate::{PolicyKind, Sample};

/// What caches of other sizes, and under other policies, would have hit of what was asked for lately: a log of sampled
/// references, replayed through the real policies when somebody asks (see [`Sample`] for the papers). In fixed
/// memory, about 200 KiB, whatever comes; a forecast takes up to 1 MiB more for as long as it runs.
///
/// The sample shrinks when there are too many keys and grows when there are too few. When the log is full, its older
/// half is forgotten but for the last uses of each key, so that caches are warm where counting begins.
///
/// ```
/// use cachefs_policy::{Curve, PolicyKind};
///
/// let mut curve = Curve::new(8 * 100);
/// for turn in 0..10_000_u64 {
///     // Fifteen keys of weight 100 in turn: none of them is in a cache for eight when it comes back.
///     curve.see((turn % 15).wrapping_mul(0x9E37_79B9_7F4A_7C15), Some(100));
/// }
/// let forecast = curve.forecast(&[PolicyKind::Lru, PolicyKind::Lirs], &[1.0, 2.0]);
/// let hits: Vec<f64> = forecast.points.iter().map(|point| point.hit_ratio).collect();
/// assert!(hits[0] == 0.0 && hits[1] > 0.99, "LRU: all or nothing");
/// assert!(hits[2] > 0.3, "LIRS holds on to some: {hits:?}");
/// ```
#[derive(Debug)]
pub struct Curve {
    sample: Sample,
    keys: Keys,
    log: Log,
    capacity: u64,
}

/// What caches would have hit.
#[derive(Clone, Debug, PartialEq)]
pub struct Forecast {
    /// For each policy, each size.
    pub points: Vec<Point>,
    /// The share of keys that were looked at, more than 0, at most 1.
    pub rate: f64,
    /// How many keys that were. With less than [`Sample::KEYS_MIN`], and a rate below 1, figures are rough.
    pub keys: usize,
    /// How many references of theirs were counted.
    pub references: u64,
    /// The latest so many references, to all keys, are what this was counted of.
    pub covers: u64,
}

/// What one cache would have hit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Its policy.
    pub policy: PolicyKind,
    /// Its size as a multiple of the real one.
    pub factor: f64,
    /// Its size, in the unit of the weights.
    pub capacity: u64,
    /// Hits per reference, 0 to 1; 0 if there were none.
    pub hit_ratio: f64,
}

/// A curve is asked for at this multiple of the size at most: what only larger caches would hold is forgotten first.
const FACTOR_MAX: u64 = 4;

impl Curve {
    /// For a cache of this capacity, in the unit of the weights. Begins with all keys.
    #[must_use]
    pub fn new(capacity: u64) -> Self {
        Self { sample: Sample::ALL, keys: Keys::new(), log: Log::new(), capacity }
    }

    /// Which keys it wants to see now: others need not be shown.
    #[must_use]
    pub const fn sample(&self) -> Sample {
        self.sample
    }

    /// A reference to the key of this hash; the weight, where it is known.
    pub fn see(&mut self, hash: u64, weight: Option<u32>) {
        if !self.sample.takes(hash) {
            return;
        }
        let mut key = self.keys.get_or_add(hash);
        while key.is_none() {
            self.shrink();
            if !self.sample.takes(hash) {
                return;
            }
            key = self.keys.get_or_add(hash);
        }
        let Some(key) = key else { return };
        weight.iter().for_each(|weight| self.keys.set_weight(key, *weight));
        self.log.push(key);
        if self.log.is_full() {
            self.forget_oldest();
        }
    }

    /// The weight of a key, without a reference to it.
    pub fn weigh(&mut self, hash: u64, weight: u32) {
        if let Some(key) = self.keys.find(hash) {
            self.keys.set_weight(key, weight);
        }
    }

    /// So many references came by in all, those included that were not looked at; since the start.
    pub fn count_all(&mut self, all: u64) {
        self.log.mark(all);
    }

    /// What caches of these multiples of the capacity would have hit under these policies. Takes about 40 ns for each
    /// of them and each reference, of which there are 65,536 at most.
    #[must_use]
    pub fn forecast(&self, policies: &[PolicyKind], factors: &[f64]) -> Forecast {
        let seen = self.log.counted().len() as u64;
        let points = policies.iter().flat_map(|policy| factors.iter().map(|factor| (*policy, *factor)));
        Forecast {
            points: points.map(|(policy, factor)| self.point(policy, factor)).collect(),
            rate: self.sample.rate(),
            keys: self.keys.len(),
            references: seen,
            covers: self.covers(),
        }
    }

    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a multiple of a size, and a ratio: 52 bits are plenty"
    )]
    fn point(&self, policy: PolicyKind, factor: f64) -> Point {
        let capacity = (self.capacity as f64 * factor.max(0.0)) as u64;
        let small = self.sample.shrink(capacity);
        let mut mini = Mini::new(policy.build(small), small, self.keys.len());
        let mut access = |key: &u16| mini.access(*key, self.keys.hash(*key), self.keys.weight(*key).max(1));
        self.log.before().iter().for_each(|key| {
            access(key);
        });
        let hits = self.log.counted().iter().filter(|key| access(key)).count() as f64;
        let seen = self.log.counted().len() as f64;
        // Keys so hot that it matters much whether they were sampled: as many references as were to be expected, the
        // difference being hits (the paper's SHARDS-adj).
        let expected = self.covers() as f64 * self.sample.rate();
        let hit_ratio =
            if expected > 0.0 { ((hits + expected - seen) / expected).clamp(0.0, 1.0) } else { 0.0 };
        Point { policy, factor, capacity, hit_ratio }
    }

    /// How many references came by, those of other keys included, while those came that are counted.
    fn covers(&self) -> u64 {
        let seen = self.log.counted().len() as u64;
        if self.sample.is_all() { seen } else { self.log.all().unwrap_or_else(|| self.sample.grow(seen)) }
    }

    /// Looks at fewer keys from here on, and back.
    fn shrink(&mut self) {
        self.sample = self.sample.less();
        let sample = self.sample;
        let numbers = self.keys.retain(|_, hash| sample.takes(hash));
        self.log.renumber(&numbers);
    }

    /// Forgets the older half of what is counted, and keys that no cache would hold any more.
    fn forget_oldest(&mut self) {
        let room = self.sample.shrink(self.capacity.saturating_mul(FACTOR_MAX));
        let keys = &self.keys;
        let used = self.log.forget_half(keys.len(), room, |key| keys.weight(key).max(1).into());
        let numbers = self.keys.retain(|key, _| used[usize::from(key)]);
        self.log.renumber(&numbers);
        if (self.keys.len() as u64) < Sample::KEYS_MIN {
            self.sample = self.sample.more();
        }
    }
}

#[cfg(test)]
mod tests;
