use std::time::{Duration, Instant};

use cachefs_vfs::{Result, nowait};

/// Tries that are made at once before the first wait.
const EAGER: u32 = 8;
const WAIT_MAX: Duration = Duration::from_millis(2);

/// Paces repeated tries against renames that are under way, bounded by time: a storm of them ends some day, and
/// each try may be the one that gets through.
#[derive(Debug)]
pub(super) struct Patience {
    until: Instant,
    tries: u32,
}

impl Patience {
    pub(super) fn new(most: Duration) -> Self {
        Self { until: Instant::now() + most, tries: 0 }
    }

    /// Waits a little; false once the time is up.
    ///
    /// # Errors
    /// `EWOULDBLOCK` where waiting is not allowed.
    pub(super) fn again(&mut self) -> Result<bool> {
        nowait::check()?;
        if Instant::now() >= self.until {
            return Ok(false);
        }
        self.tries += 1;
        match self.tries.checked_sub(EAGER) {
            None => std::thread::yield_now(),
            Some(late) => {
                let wait = Duration::from_micros(20 << late.min(7)).min(WAIT_MAX);
                std::thread::sleep(wait);
            }
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_ends() {
        let mut patience = Patience::new(Duration::from_millis(20));
        let mut tries = 0;
        while patience.again().unwrap() {
            tries += 1;
        }
        assert!(tries > 0, "the first failure is worth another try");
        assert!(nowait::scope(|| Patience::new(WAIT_MAX).again()).is_err());
    }
}
