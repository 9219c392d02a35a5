use std::time::{Duration, Instant};

use cachefs_vfs::clock::Moment;
use cachefs_vfs::{Errno, Error, Result, nowait};

use super::Core;
use crate::dirty::DirtyFile;
use crate::pressure::Reservation;
use crate::sync::{Arc, AtomicBool, Mutex, Ordering};

/// Between looks whether the journal has room again.
const STEP: Duration = Duration::from_millis(100);

/// How often the log hears that there is no room.
const TOLD_PERIOD: Duration = Duration::from_secs(60);

/// Whether the journal lacks room, be it by its own limit or for its disk is full.
#[derive(Debug, Default)]
pub(crate) struct Hunger {
    /// Bytes found no room: everything is to be flushed.
    starved: AtomicBool,
    /// Nor was there any to be made: nobody waits for it again until some turns up.
    hopeless: AtomicBool,
    /// When that was told for the last time.
    told: Mutex<Option<Moment>>,
}

impl Hunger {
    pub(crate) fn is_starved(&self) -> bool {
        self.starved.load(Ordering::Relaxed)
    }

    /// Whether bytes go to the backing at once for want of room.
    pub(crate) fn is_hopeless(&self) -> bool {
        self.hopeless.load(Ordering::Relaxed)
    }

    /// There is no room to be made. Says so, now and then.
    fn despair(&self, now: Moment) {
        if self.hopeless.swap(true, Ordering::Relaxed) {
            return;
        }
        let mut told = self.told.lock();
        if told.is_none_or(|told| now.since(told) >= TOLD_PERIOD) {
            *told = Some(now);
            tracing::warn!("the journal has no room, nor can any be made: writes go to the source at once");
        }
    }

    /// There is room again.
    pub(crate) fn end(&self) {
        if self.is_starved() {
            self.hopeless.store(false, Ordering::Relaxed);
            self.starved.store(false, Ordering::Relaxed);
        }
    }
}

/// How long a write goes on waiting for room in the journal.
#[derive(Debug)]
pub(super) struct Patience {
    left: Duration,
}

impl Core {
    /// Takes room for a write. `None` if it is larger than all the room there may be.
    ///
    /// # Errors
    /// What keeps the backing from taking any; `ETIMEDOUT` where it just does not answer in time.
    pub(super) fn room_for(&self, bytes: u64) -> Result<Option<Reservation<'_>>> {
        if bytes > self.pressure.largest() {
            return Ok(None);
        }
        if self.pressure.is_pressed() {
            nowait::check()?;
        }
        if self.config.flushers == 0 {
            self.make_room(bytes)?;
        }
        match self.pressure.reserve(bytes) {
            Ok(reservation) => Ok(Some(reservation)),
            Err(_) => Err(self.why_no_room()),
        }
    }

    /// Without threads, who writes flushes.
    fn make_room(&self, bytes: u64) -> Result<()> {
        while !self.pressure.has_room(bytes) {
            nowait::check()?;
            let Some(oldest) = self.oldest(|_| true) else { break };
            self.flush_file(&oldest)?;
        }
        Ok(())
    }

    /// Waits until one more file may become dirty, by flushing one if need be.
    pub(super) fn room_for_file(&self) -> Result<()> {
        while self.table.dirty() >= self.config.files_max.max(1) {
            nowait::check()?;
            let healthy = self.oldest(|file| !file.is_claimed() && file.state().failing.is_none());
            let Some(oldest) = healthy.or_else(|| self.oldest(|_| true)) else { break };
            self.flush_file(&oldest)?;
        }
        Ok(())
    }

    pub(super) fn patience(&self) -> Patience {
        Patience { left: self.config.room_wait.max(STEP) }
    }

    /// The journal took no more: waits a while for room in it. Returns whether to try again.
    pub(super) fn wait_for_journal(&self, patience: &mut Patience) -> Result<bool> {
        nowait::check()?;
        if self.is_broken() {
            return Ok(false);
        }
        self.hunger.starved.store(true, Ordering::Relaxed);
        if patience.left.is_zero() || !self.has_bytes() {
            self.hunger.despair(self.clock.now());
        }
        if self.hunger.hopeless.load(Ordering::Relaxed) {
            self.bell.ring();
            return Ok(false);
        }
        let (stirred, began) = (self.pressure.stirred(), Instant::now());
        if self.config.flushers == 0 {
            patience.left = Duration::ZERO;
            for file in self.table.all_dirty() {
                // What fails stays, and is moved out of the way.
                drop(self.flush_file(&file));
            }
        }
        self.make_journal_room();
        self.bell.ring();
        if self.config.flushers > 0 {
            self.pressure.wait_stirred(stirred, STEP.min(patience.left));
        }
        patience.left = patience.left.saturating_sub(began.elapsed());
        Ok(true)
    }

    /// Not even the beginning of a file found room in the journal.
    pub(super) fn has_no_room(&self) {
        if self.is_broken() {
            return;
        }
        self.hunger.starved.store(true, Ordering::Relaxed);
        if !self.has_bytes() {
            self.hunger.despair(self.clock.now());
        }
        self.bell.ring();
    }

    /// Whether the journal keeps bytes that a flush would give back.
    fn has_bytes(&self) -> bool {
        self.table.all_dirty().iter().any(|file| !file.state().extents.is_empty())
    }

    /// What keeps the backing from taking bytes.
    fn why_no_room(&self) -> Error {
        if let Some(file) = self.oldest(|file| file.state().failing.is_some())
            && let Some(error) = file.state().failure().cloned()
        {
            return error.on("making room by flushing", file.told());
        }
        let late = Error::new(Errno::TIMEDOUT);
        match self.oldest(|_| true) {
            Some(file) => late.on("waiting for room until this is flushed", file.told()),
            None => late,
        }
    }

    /// The dirty file whose bytes are the oldest.
    fn oldest(&self, may: impl Fn(&Arc<DirtyFile>) -> bool) -> Option<Arc<DirtyFile>> {
        let all = self.table.all_dirty().into_iter().filter(|file| may(file));
        all.min_by_key(|file| file.state().first)
    }
}
