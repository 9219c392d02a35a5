use std::time::Duration;

use cachefs_vfs::clock::Moment;

/// No write is delayed longer, whatever the backing does.
pub(super) const DELAY_MAX: Duration = Duration::from_millis(500);

/// How fast a backing takes something, as far as it is not measured.
#[derive(Clone, Copy, Debug)]
pub(super) struct Guess {
    /// So much per second before it was measured.
    unknown: u64,
    /// No backing is taken to be slower than this.
    least: u64,
}

/// Of bytes.
pub(super) const BYTES: Guess = Guess { unknown: 100 << 20, least: 64 << 10 };
/// Of extents.
pub(super) const EXTENTS: Guess = Guess { unknown: 100 << 10, least: 64 };

/// From this fill on writes are delayed, in thousandths of the limit.
const FREE: u64 = 500;
/// At this one writers go as fast as the backing; fuller, slower.
const EVEN: u64 = 800;

/// Gives writes their turn, one after the other, at a pace that depends on how full it is. Pure.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pace {
    /// When those who came so far are through.
    until: Moment,
}

impl Pace {
    /// How long to delay a write that is to take `cost`, as [`Guess::cost`] says. All writers share one pace: it makes
    /// no difference how many there are.
    pub(super) fn delay(&mut self, now: Moment, cost: Duration) -> Duration {
        if cost.is_zero() {
            return Duration::ZERO;
        }
        let delay = self.until.max(now).plus(cost).since(now).min(DELAY_MAX);
        self.until = now.plus(delay);
        delay
    }
}

impl Guess {
    /// The time that a write of so much is to take, when it fills the account up to `permille` of its limit and the
    /// backing takes `rate` per second.
    pub(super) fn cost(self, amount: u64, permille: u64, rate: Option<u64>) -> Duration {
        cost(amount, permille, rate.unwrap_or(self.unknown).max(self.least))
    }
}

/// The time that the backing needs for `amount`, less when it is emptier than [`EVEN`], more when it is fuller: by
/// the square of what is above [`FREE`], so that it begins gently.
fn cost(amount: u64, permille: u64, rate: u64) -> Duration {
    let above = u128::from(permille.saturating_sub(FREE));
    let even = u128::from(EVEN - FREE);
    let alone = u128::from(amount) * 1_000_000_000 / u128::from(rate);
    let nanos = alone.saturating_mul(above * above) / (even * even);
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Moment = Moment(1_000_000_000_000);
    const MIB: u64 = 1 << 20;

    fn cost(bytes: u64, permille: u64) -> Duration {
        BYTES.cost(bytes, permille, Some(MIB * 1000))
    }

    fn delay(bytes: u64, permille: u64) -> Duration {
        Pace::default().delay(NOW, cost(bytes, permille))
    }

    #[test]
    fn half_is_free_and_from_there_it_grows_without_a_step() {
        assert_eq!(delay(MIB, 0), Duration::ZERO);
        assert_eq!(delay(MIB, 500), Duration::ZERO);
        let delays: Vec<_> = (500..=1000).map(|permille| delay(MIB, permille)).collect();
        assert!(delays.is_sorted());
        let steepest = delays.windows(2).map(|pair| pair[1] - pair[0]).max();
        assert!(steepest < Some(Duration::from_micros(20)), "{steepest:?}");
        assert_eq!(delay(MIB, EVEN), Duration::from_millis(1), "as long as the backing takes");
    }

    #[test]
    fn no_delay_is_longer_than_half_a_second() {
        let mut pace = Pace::default();
        for _ in 0..100 {
            assert!(pace.delay(NOW, BYTES.cost(u64::MAX, u64::MAX, Some(0))) <= DELAY_MAX);
        }
        assert_eq!(
            pace.delay(NOW.plus(DELAY_MAX), BYTES.cost(MIB, 400, Some(0))),
            Duration::ZERO,
            "no debt remains"
        );
    }

    #[test]
    fn many_writers_share_the_pace_of_one() {
        let mut pace = Pace::default();
        let last = (0..16).map(|_| pace.delay(NOW, cost(MIB, EVEN))).last();
        assert_eq!(last, Some(Duration::from_millis(16)));
    }
}
