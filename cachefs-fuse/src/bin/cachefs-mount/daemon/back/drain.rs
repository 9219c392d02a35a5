use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use cachefs_writeback::{DrainHow, Drained, Progress};

use super::{Back, Tempo};

/// With an end in sight, however far, what fails is tried again.
const LONG: Duration = Duration::from_secs(365 * 86400);
/// How often the log hears of it.
const LOG_PERIOD: Duration = Duration::from_secs(5);
/// How often it is written down for who wants to mount the source.
const PUBLISH_PERIOD: Duration = Duration::from_millis(500);

impl Back {
    /// Writes everything to the source: until that is done, `deadline` has passed, the source took nothing for as long as
    /// it is waited for, `told`, which hears how far it is, says no, or [`Back::stop`] was called.
    pub(in crate::daemon) fn drain(
        &self,
        deadline: Option<Instant>,
        told: &mut dyn FnMut(&Tempo) -> bool,
    ) -> Drained {
        self.bounded(deadline, told, |how, progress| self.write_back.drain(how, progress))
    }

    /// Writes what is dirty now, all of it or what is at or beneath `within`, to the source: once, within the same
    /// bounds. It ends also while others write on.
    pub(in crate::daemon) fn flush_once(
        &self,
        within: Option<&Path>,
        deadline: Option<Instant>,
        told: &mut dyn FnMut(&Tempo) -> bool,
    ) -> Drained {
        self.bounded(deadline, told, |how, progress| self.write_back.flush_once(within, how, progress))
    }

    fn bounded(
        &self,
        deadline: Option<Instant>,
        told: &mut dyn FnMut(&Tempo) -> bool,
        run: impl FnOnce(&DrainHow, &mut dyn FnMut(&Progress)) -> Drained,
    ) -> Drained {
        let cancel = Arc::new(AtomicBool::new(self.is_stopped()));
        let left = deadline.map_or(LONG, |deadline| deadline.saturating_duration_since(Instant::now()));
        let (mut tempo, patience) = (Tempo::begin(Instant::now()), self.config.drain_patience);
        self.standstill.lock().begin(Instant::now(), patience);
        let how = DrainHow { deadline: Some(left), cancel: Arc::clone(&cancel) };
        let drained = run(&how, &mut |far| {
            let now = Instant::now();
            tempo.note(far, now);
            let in_vain = self.standstill.lock().is_in_vain(tempo.moved(), now, patience);
            if !told(&tempo) || in_vain || self.is_stopped() {
                cancel.store(true, Ordering::Relaxed);
            }
        });
        self.standstill.lock().end();
        drained
    }

    /// The same once nobody writes any more; the log is told, and who wants to mount the source meanwhile. `heard` hears
    /// how far it is, too.
    pub(in crate::daemon) fn drain_at_last(
        &self,
        deadline: Option<Instant>,
        heard: &dyn Fn(&Tempo),
    ) -> Drained {
        if let Err(error) = self.state.begin_drain() {
            tracing::warn!(%error, "others are not told that this mount still writes back");
        }
        let (mut logged, mut published): (Option<Instant>, Option<Instant>) = (None, None);
        let drained = self.drain(deadline, &mut |tempo| {
            let now = Instant::now();
            heard(tempo);
            let is_due =
                |at: Option<Instant>, period| at.is_none_or(|at| now.saturating_duration_since(at) >= period);
            if !tempo.is_done() && is_due(logged, LOG_PERIOD) {
                logged = Some(now);
                tracing::info!("writing back: {}", tempo.shown(now));
            }
            if is_due(published, PUBLISH_PERIOD) {
                published = Some(now);
                if let Err(error) = self.state.publish(&tempo.drain(now)) {
                    tracing::debug!(%error, "others are not told how far this mount is");
                }
            }
            true
        });
        self.conclude(&drained);
        drained
    }

    fn conclude(&self, drained: &Drained) {
        for file in &drained.remaining {
            match &file.error {
                Some(error) => {
                    tracing::warn!(path = %file.path.display(), bytes = file.bytes, %error, "not written back");
                }
                None => tracing::warn!(path = %file.path.display(), bytes = file.bytes, "not written back"),
            }
        }
    }
}
