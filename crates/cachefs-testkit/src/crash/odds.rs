use crate::rng::SplitMix64;

/// What survives of that which was not made durable, drawn from a seed. Half of the crashes are extreme ones, in which
/// all of it does, or nothing.
#[derive(Debug)]
pub(super) struct Odds {
    rng: SplitMix64,
    leaning: Leaning,
}

#[derive(Clone, Copy, Debug)]
enum Leaning {
    Nothing,
    Everything,
    Any,
}

impl Odds {
    pub(super) fn new(seed: u64) -> Self {
        let mut rng = SplitMix64::new(seed);
        let leaning = rng.pick(&[Leaning::Nothing, Leaning::Everything, Leaning::Any, Leaning::Any]);
        Self { rng, leaning }
    }

    /// Which one of `count` states survives, of which the first was made durable and the last is what was seen. In
    /// the middle ground both ends are likelier than what lies between.
    pub(super) fn state(&mut self, count: usize) -> usize {
        let last = count.saturating_sub(1);
        match (self.leaning, self.rng.below(4)) {
            (Leaning::Nothing, _) | (Leaning::Any, 0) => 0,
            (Leaning::Everything, _) | (Leaning::Any, 1) => last,
            _ => usize::try_from(self.rng.below(count as u64)).unwrap_or(0),
        }
    }

    /// Whether everything is lost from one of `count` steps on: from which.
    pub(super) fn lost_from(&mut self, count: usize) -> usize {
        self.state(count + 1)
    }

    /// Whether one step by itself survives.
    pub(super) fn survives(&mut self) -> bool {
        self.state(2) == 1
    }
}
