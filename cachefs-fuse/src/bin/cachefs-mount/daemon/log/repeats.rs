use std::collections::HashMap;
use std::time::{Duration, Instant};

use tracing::Level;
use tracing::callsite::Identifier;

/// Within this time...
pub(super) const WINDOW: Duration = Duration::from_secs(10);
/// ...so many lines from one place of the program are told.
const TOLD_MAX: u32 = 10;

/// What is told again and again. Bounded by the places of the program that tell something.
#[derive(Debug)]
pub(super) struct Repeats {
    window: Duration,
    runs: HashMap<Identifier, Run>,
}

/// The lines from one place since `began`.
#[derive(Debug)]
struct Run {
    began: Instant,
    told: u32,
    held: Option<Held>,
}

/// Lines that were not told, and the last of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) level: Level,
    count: u64,
    last: String,
    window: Duration,
}

impl Default for Repeats {
    fn default() -> Self {
        Self { window: WINDOW, runs: HashMap::new() }
    }
}

impl Repeats {
    /// Whether a line is held back: enough like it were told.
    pub(super) fn holds(&mut self, from: Identifier, level: Level, line: &str, now: Instant) -> bool {
        let window = self.window;
        let run = self.runs.entry(from).or_insert(Run { began: now, told: 0, held: None });
        if run.held.is_none() && now.saturating_duration_since(run.began) >= window {
            (run.began, run.told) = (now, 0);
        }
        if run.told < TOLD_MAX {
            run.told += 1;
            return false;
        }
        let held = run.held.get_or_insert(Held { level, count: 0, last: String::new(), window });
        held.count += 1;
        line.clone_into(&mut held.last);
        true
    }

    /// What was held back until its time was over; that is told once.
    pub(super) fn due(&mut self, now: Instant) -> Vec<Held> {
        let window = self.window;
        let is_over = |run: &Run| now.saturating_duration_since(run.began) >= window;
        self.runs.values_mut().filter(|run| is_over(run)).filter_map(|run| run.end(now)).collect()
    }

    /// When there is something to be told next.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.runs.values().filter(|run| run.held.is_some()).map(|run| run.began + self.window).min()
    }

    #[cfg(test)]
    pub(super) fn shorten(&mut self, window: Duration) {
        self.window = window;
    }
}

impl Run {
    /// The next lines are counted anew.
    fn end(&mut self, now: Instant) -> Option<Held> {
        let held = self.held.take()?;
        (self.began, self.told) = (now, 0);
        Some(held)
    }
}

impl Held {
    /// The last line, with how many more there were.
    pub(super) fn told(&self, is_json: bool) -> String {
        let (count, seconds) = (self.count - 1, self.window.as_secs());
        if count == 0 {
            return self.last.clone();
        }
        match self.last.strip_suffix('}') {
            Some(open) if is_json => {
                format!("{open},\"more_like_it\":{count},\"within_seconds\":{seconds}}}")
            }
            _ => format!("{} … {count} more like it in {seconds} s", self.last),
        }
    }
}

#[cfg(test)]
mod tests {
    use tracing::Callsite;

    use super::*;

    fn place() -> Identifier {
        tracing::callsite! { name: "test", kind: tracing::metadata::Kind::EVENT, fields: message }
            .metadata()
            .callsite()
    }

    #[test]
    fn after_a_few_in_a_window_lines_are_counted() {
        let (mut repeats, began, place) = (Repeats::default(), Instant::now(), place());
        let told = |repeats: &mut Repeats, now| {
            (0..100).filter(|n| !repeats.holds(place.clone(), Level::WARN, &format!("line {n}"), now)).count()
        };
        assert_eq!((told(&mut repeats, began), repeats.next_due()), (10, Some(began + WINDOW)));
        assert_eq!(repeats.due(began + WINDOW - Duration::from_nanos(1)), []);
        let later = began + WINDOW;
        let due = repeats.due(later);
        assert_eq!(due[0].told(false), "line 99 … 89 more like it in 10 s");
        assert_eq!((due.len(), repeats.next_due(), repeats.due(later + WINDOW).len()), (1, None, 0));
        assert_eq!(told(&mut repeats, later), 10, "a new window");
        repeats.due(later + WINDOW);
        assert_eq!(told(&mut repeats, later + 3 * WINDOW), 10, "after a pause");
    }
}
