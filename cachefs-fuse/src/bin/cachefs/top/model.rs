use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use cachefs_fuse::control::Stat;

use super::rates::Rates;

/// So many intervals are kept of a mount: ten minutes of seconds.
const HISTORY_MAX: usize = 600;

/// What is known of one mount.
#[derive(Debug)]
pub(super) struct Watched {
    /// Where it is, or a path within it.
    pub(super) path: PathBuf,
    /// The two newest answers, the older first.
    answers: VecDeque<Stat>,
    history: VecDeque<Rates>,
    /// When the newest came.
    heard: Option<Instant>,
    /// Why it told nothing at last.
    pub(super) trouble: Option<String>,
}

impl Watched {
    pub(super) fn new(path: PathBuf) -> Self {
        Self {
            path,
            answers: VecDeque::with_capacity(2),
            history: VecDeque::new(),
            heard: None,
            trouble: None,
        }
    }

    /// What it told, or why it did not.
    pub(super) fn take(&mut self, told: Result<Stat, String>, at: Instant) {
        let now = match told {
            Ok(now) => now,
            Err(trouble) => {
                self.trouble = Some(trouble);
                return;
            }
        };
        self.trouble = None;
        self.heard = Some(at);
        if let Some(rates) = self.answers.back().and_then(|before| Rates::between(before, &now)) {
            if self.history.len() == HISTORY_MAX {
                self.history.pop_front();
            }
            self.history.push_back(rates);
        }
        if self.answers.len() == 2 {
            self.answers.pop_front();
        }
        self.answers.push_back(now);
    }

    /// The newest answer.
    pub(super) fn now(&self) -> Option<&Stat> {
        self.answers.back()
    }

    /// The two newest answers, if there are two.
    pub(super) fn last_two(&self) -> Option<(&Stat, &Stat)> {
        (self.answers.len() == 2).then(|| (&self.answers[0], &self.answers[1]))
    }

    /// What it did in the newest interval.
    pub(super) fn rates(&self) -> Option<&Rates> {
        self.history.back()
    }

    /// The newest so many intervals, the oldest first.
    pub(super) fn recent(&self, count: usize) -> impl Iterator<Item = &Rates> {
        self.history.iter().skip(self.history.len().saturating_sub(count))
    }

    /// For how long nothing came from it; `None` before it said a first word.
    pub(super) fn silent_for(&self, now: Instant) -> Option<Duration> {
        self.heard.map(|heard| now.saturating_duration_since(heard))
    }

    /// As it calls itself.
    pub(super) fn mountpoint(&self) -> &Path {
        self.now().map_or(&self.path, |stat| Path::new(&stat.mount.mountpoint))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stat(uptime: f64, received: u64) -> Stat {
        let mut stat = Stat::default();
        stat.mount.uptime_seconds = uptime;
        stat.requests.received = received;
        stat
    }

    #[test]
    fn answers_become_a_history_of_limited_length() {
        let mut watched = Watched::new("/m".into());
        let at = Instant::now();
        watched.take(Ok(stat(0.0, 0)), at);
        assert!(watched.rates().is_none(), "one answer is no rate");
        for second in 1..=700_u32 {
            watched.take(Ok(stat(f64::from(second), u64::from(second) * 5)), at);
        }
        assert_eq!(watched.rates().map(|rates| rates.requests), Some(5.0));
        assert_eq!(watched.recent(usize::MAX).count(), HISTORY_MAX);
        assert_eq!(watched.recent(3).count(), 3);
    }

    #[test]
    fn one_that_is_gone_keeps_what_it_said_last() {
        let mut watched = Watched::new("/m".into());
        let at = Instant::now();
        assert_eq!(watched.silent_for(at), None);
        watched.take(Ok(stat(3.0, 9)), at);
        watched.take(Err("gone".into()), at + Duration::from_secs(2));
        assert_eq!(watched.trouble.as_deref(), Some("gone"));
        assert_eq!(watched.now().map(|stat| stat.requests.received), Some(9));
        assert_eq!(watched.silent_for(at + Duration::from_secs(7)), Some(Duration::from_secs(7)));
        watched.take(Ok(stat(4.0, 9)), at);
        assert_eq!(watched.trouble, None, "it is back");
    }
}
