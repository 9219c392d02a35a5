use std::fmt;
use std::time::{Duration, Instant};

use cachefs_fuse::control::Far;
use cachefs_writeback::Progress;
use cachefs_writeback::state_dir::Drain;
use indicatif::{HumanBytes, HumanDuration};

/// How fast something drains, and whether it does at all.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tempo {
    began: Instant,
    /// When it was a step further for the last time.
    moved: Instant,
    least_left: Option<(u64, u64)>,
    now: Progress,
}

impl Tempo {
    pub(crate) fn begin(now: Instant) -> Self {
        Self { began: now, moved: now, least_left: None, now: Progress::default() }
    }

    pub(crate) fn note(&mut self, far: &Progress, now: Instant) {
        let left = (far.files_left, far.bytes_left);
        let less = self.least_left.is_some_and(|least| left < least);
        if far.bytes > self.now.bytes || far.files > self.now.files || less {
            self.moved = now;
        }
        self.least_left = Some(self.least_left.map_or(left, |least| least.min(left)));
        self.now = *far;
    }

    /// Nothing waits any more.
    pub(crate) fn is_done(&self) -> bool {
        self.now.files_left == 0 && self.now.bytes_left == 0
    }

    /// When something moved for the last time, if it did.
    pub(super) fn moved(&self) -> Option<Instant> {
        (self.moved > self.began).then_some(self.moved)
    }

    /// For how long nothing has moved.
    #[cfg(test)]
    fn stood(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.moved)
    }

    #[expect(clippy::cast_precision_loss, reason = "a rate is no exact number")]
    pub(crate) fn far(&self, now: Instant) -> Far {
        let seconds = now.saturating_duration_since(self.began).as_secs_f64();
        let rate = if seconds > 0.0 { self.now.bytes as f64 / seconds } else { 0.0 };
        Far {
            bytes_done: self.now.bytes,
            bytes_left: self.now.bytes_left,
            files_done: self.now.files,
            files_left: self.now.files_left,
            bytes_per_second: rate,
            seconds_left: (rate > 0.0).then(|| self.now.bytes_left as f64 / rate),
        }
    }

    /// For the next mount, which waits for this one.
    pub(super) fn drain(&self, now: Instant) -> Drain {
        let far = self.far(now);
        Drain {
            files_left: far.files_left,
            bytes_left: far.bytes_left,
            bytes_done: far.bytes_done,
            bytes_per_second: whole(far.bytes_per_second),
        }
    }

    /// For people, as part of a line.
    pub(crate) fn shown(&self, now: Instant) -> impl fmt::Display {
        let far = self.far(now);
        fmt::from_fn(move |f| {
            write!(
                f,
                "{} of {} in {} of {} files",
                HumanBytes(far.bytes_done),
                HumanBytes(far.bytes_done + far.bytes_left),
                far.files_done,
                far.files_done + far.files_left
            )?;
            match far.seconds_left.map(Duration::try_from_secs_f64) {
                Some(Ok(left)) => {
                    write!(f, ", {}/s, {} left", HumanBytes(whole(far.bytes_per_second)), HumanDuration(left))
                }
                _ => f.write_str(", the source takes nothing"),
            }
        })
    }
}

#[expect(clippy::cast_possible_truncation, reason = "bytes per second are far below")]
fn whole(rate: f64) -> u64 {
    rate as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_time_left_and_standing_still_are_told() {
        let began = Instant::now();
        let at = |seconds| began + Duration::from_secs(seconds);
        let mut tempo = Tempo::begin(began);
        tempo.note(&Progress { files: 1, bytes: 10 << 20, files_left: 3, bytes_left: 30 << 20 }, at(10));
        assert_eq!(
            tempo.shown(at(10)).to_string(),
            "10.00 MiB of 40.00 MiB in 1 of 4 files, 1.00 MiB/s, 30 seconds left"
        );
        tempo.note(&Progress { files: 1, bytes: 10 << 20, files_left: 3, bytes_left: 30 << 20 }, at(20));
        assert_eq!(tempo.stood(at(20)), Duration::from_secs(10));
        // Who writes meanwhile does not make it stand still.
        tempo.note(&Progress { files: 2, bytes: 20 << 20, files_left: 4, bytes_left: 40 << 20 }, at(25));
        assert_eq!(tempo.stood(at(25)), Duration::ZERO);
        assert_eq!(tempo.moved(), Some(at(25)));
        let mut stuck = Tempo::begin(began);
        stuck.note(&Progress { files: 0, bytes: 0, files_left: 1, bytes_left: 5 }, at(1));
        assert_eq!(stuck.moved(), None, "to be told for the first time is no movement");
        assert!(stuck.shown(at(2)).to_string().ends_with("the source takes nothing"));
    }
}
