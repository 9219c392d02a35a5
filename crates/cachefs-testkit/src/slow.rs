use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use cachefs_vfs::{Result, Vfs};
use parking_lot::{Condvar, Mutex};

use crate::wrap::{Call, Intercept, Permit, Wrapped, vfs_by_field};

/// A filesystem on the far side of a network: each call takes its time, all bytes share one line, and only so many
/// calls are served at once; the others wait in line, first come, first served.
///
/// It waits really, on the caller's thread: calls in parallel overlap. A sink that calls back into the same
/// filesystem needs a concurrency above 1.
#[derive(Debug)]
pub struct SlowFs {
    wrapped: Wrapped<Slow>,
}

vfs_by_field!(SlowFs);

impl SlowFs {
    /// `inner` with no slowness yet.
    #[must_use]
    pub fn new(inner: Arc<dyn Vfs>) -> Self {
        Self { wrapped: Wrapped::new(inner, Slow::default()) }
    }

    /// Each call takes this long, besides what its bytes take.
    #[must_use]
    pub fn latency(self, latency: Duration) -> Self {
        self.set_latency(latency);
        self
    }

    /// All calls together move at most this many bytes per second; 0 means no limit.
    #[must_use]
    pub fn bandwidth(self, bytes_per_second: u64) -> Self {
        self.wrapped.intercept().bandwidth.store(bytes_per_second, Ordering::Relaxed);
        self
    }

    /// At most this many calls are served at once; 0 means no limit.
    #[must_use]
    pub fn concurrency(self, calls: usize) -> Self {
        self.wrapped.intercept().queue.lock().served_max = calls;
        self
    }

    /// Changes the latency of the calls to come.
    pub fn set_latency(&self, latency: Duration) {
        let nanos = u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
        self.wrapped.intercept().latency_ns.store(nanos, Ordering::Relaxed);
    }
}

#[derive(Debug, Default)]
struct Slow {
    latency_ns: AtomicU64,
    /// Bytes per second, 0 for no limit.
    bandwidth: AtomicU64,
    queue: Mutex<Queue>,
    moved_up: Condvar,
    /// When the line has sent what was given to it so far.
    line_free: Mutex<Option<Instant>>,
}

/// Calls take a ticket; `turn` is the first one not yet served.
#[derive(Debug, Default)]
struct Queue {
    served_max: usize,
    served: usize,
    next_ticket: u64,
    turn: u64,
}

impl Slow {
    fn enter(&self) {
        let mut queue = self.queue.lock();
        let ticket = queue.next_ticket;
        queue.next_ticket += 1;
        while queue.turn != ticket || (queue.served_max > 0 && queue.served >= queue.served_max) {
            self.moved_up.wait(&mut queue);
        }
        queue.turn += 1;
        queue.served += 1;
        self.moved_up.notify_all();
    }

    fn leave(&self) {
        self.queue.lock().served -= 1;
        self.moved_up.notify_all();
    }

    /// Gives the line `bytes` more and answers when they are through.
    fn send(&self, bytes: u64) -> Option<Instant> {
        let bandwidth = self.bandwidth.load(Ordering::Relaxed);
        if bandwidth == 0 || bytes == 0 {
            return None;
        }
        let nanos = u128::from(bytes) * 1_000_000_000 / u128::from(bandwidth);
        let takes = Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
        let mut line_free = self.line_free.lock();
        let through = line_free.map_or_else(Instant::now, |free| free.max(Instant::now())) + takes;
        *line_free = Some(through);
        Some(through)
    }
}

fn wait_until(deadline: Instant) {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        thread::sleep(left);
    }
}

impl Intercept for Slow {
    const PATHS: bool = false;

    fn before(&self, _: &Call<'_>) -> Result<Permit> {
        self.enter();
        let latency_ns = self.latency_ns.load(Ordering::Relaxed);
        if latency_ns > 0 {
            wait_until(Instant::now() + Duration::from_nanos(latency_ns));
        }
        Ok(Permit::default())
    }

    fn after(&self, _: &Call<'_>, moved: u64) {
        if let Some(through) = self.send(moved) {
            wait_until(through);
        }
        self.leave();
    }
}
