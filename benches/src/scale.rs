use std::time::Duration;

/// How much is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scale {
    /// Files where there are many.
    pub files: usize,
    /// Files where there are many and each call is slow.
    pub files_slow: usize,
    /// What a call to the slow backing takes.
    pub latency: Duration,
    /// How long one contender is measured at a time.
    pub slice: Duration,
    /// How often it has its turn in a round, the others in between.
    pub slices: usize,
    /// Bytes that crates beside each other hold.
    pub resident: usize,
    /// Entries of policies and of the engine from which blocks are evicted, a tenfold step each from 100.
    pub entries_max: usize,
}

impl Scale {
    /// To compare.
    pub const FULL: Self = Self {
        files: 1000,
        files_slow: 32,
        latency: Duration::from_millis(5),
        slice: Duration::from_millis(20),
        slices: 5,
        resident: 200 << 20,
        entries_max: 1_000_000,
    };
    /// To see that it works.
    pub const QUICK: Self = Self {
        files: 200,
        files_slow: 8,
        latency: Duration::from_millis(1),
        slice: Duration::from_millis(2),
        slices: 3,
        resident: 8 << 20,
        entries_max: 10_000,
    };
    /// For tests: every operation a few times.
    pub const TINY: Self = Self {
        files: 20,
        files_slow: 4,
        latency: Duration::from_micros(50),
        slice: Duration::from_nanos(1),
        slices: 1,
        resident: 64 << 10,
        entries_max: 100,
    };

    /// The one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "full" => Some(Self::FULL),
            "quick" => Some(Self::QUICK),
            "tiny" => Some(Self::TINY),
            _ => None,
        }
    }
}
