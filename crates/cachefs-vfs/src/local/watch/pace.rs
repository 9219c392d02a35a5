use std::time::{Duration, Instant};

/// Decides how long events may gather before they are read. One by one, each would cost a wake-up of its own; events
/// that gather are also merged by the kernel where they are of one file.
#[derive(Debug)]
pub(super) struct Pace {
    since: Instant,
    events: usize,
    busy: bool,
}

/// Over which time events are counted.
const WINDOW: Duration = Duration::from_millis(10);
/// From how many events in a window on the next ones may gather: 5,000 a second.
const BUSY_MIN: usize = 50;
/// From how many events at once on there is no need to.
const READ_ENOUGH: usize = 4096;
/// What that costs the first of them.
const PAUSE: Duration = Duration::from_millis(1);

impl Pace {
    pub(super) fn new(now: Instant) -> Self {
        Self { since: now, events: 0, busy: false }
    }

    /// How long to wait after a wake-up that brought `events`.
    pub(super) fn after(&mut self, events: usize, now: Instant) -> Option<Duration> {
        self.events = self.events.saturating_add(events);
        let passed = now.saturating_duration_since(self.since);
        if passed >= WINDOW {
            // A window that took long because nothing came is not a busy one, whatever came at its end.
            self.busy = self.events >= BUSY_MIN && passed < WINDOW * 2;
            (self.since, self.events) = (now, 0);
        }
        (self.busy && events < READ_ENOUGH).then_some(PAUSE)
    }
}

/// Waits for the end of a time in which events are lost, before it is found out what they were about: that takes long
/// enough for more to be lost.
#[derive(Debug, Default)]
pub(super) struct Calm {
    lost: u64,
    is_due: bool,
}

impl Calm {
    /// Whether losses, of which there were `lost` in all, have come to an end since this was asked last.
    pub(super) fn is_after_loss(&mut self, lost: u64) -> bool {
        if lost != self.lost {
            self.lost = lost;
            self.is_due = true;
            return false;
        }
        std::mem::take(&mut self.is_due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_end_once_there_are_no_more() {
        let mut calm = Calm::default();
        let told = [0, 2, 3, 3, 3, 4, 4].map(|lost| calm.is_after_loss(lost));
        assert_eq!(told, [false, false, false, true, false, false, true]);
    }

    #[test]
    fn few_events_wait_for_nothing_and_many_gather() {
        let mut now = Instant::now();
        let mut pace = Pace::new(now);
        for _ in 0..100 {
            now += Duration::from_millis(1);
            assert_eq!(pace.after(2, now), None);
        }
        let mut pauses = 0;
        for _ in 0..100 {
            now += Duration::from_micros(200);
            pauses += usize::from(pace.after(10, now).is_some());
        }
        assert!(pauses >= 50, "{pauses}");
        assert_eq!(pace.after(READ_ENOUGH, now), None, "a queue that fills is read at once");
        now += Duration::from_secs(1);
        assert_eq!(pace.after(500, now), None, "one burst after a silence");
    }
}
