use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{RecvTimeoutError, Sender, bounded};
use hashbrown::HashMap;
use parking_lot::Mutex;

use super::breaker::Breaker;
use super::ticket::Pending;
use crate::requests::Requests;

/// The requests somebody works on, and a thread that answers them at their deadlines.
pub(super) struct Reaper {
    shared: Arc<Shared>,
    stop: Sender<()>,
}

struct Shared {
    /// Bounded by the threads and the queue.
    pending: Mutex<Register>,
    requests: Arc<Requests>,
    breaker: Arc<Breaker>,
}

#[derive(Default)]
struct Register {
    next: u64,
    tickets: HashMap<u64, Arc<dyn Pending>>,
}

impl std::fmt::Debug for Reaper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reaper")
            .field("pending", &self.shared.pending.lock().tickets.len())
            .finish_non_exhaustive()
    }
}

impl Reaper {
    /// `shortest` is the shortest patience there is with any of them.
    pub(super) fn start(
        shortest: Duration,
        requests: Arc<Requests>,
        breaker: Arc<Breaker>,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared { pending: Mutex::default(), requests, breaker });
        let (stop, stopped) = bounded(1);
        let period = (shortest / 16).clamp(Duration::from_millis(2), Duration::from_millis(500));
        let reaped = Arc::clone(&shared);
        std::thread::Builder::new().name("cachefs-reaper".to_owned()).spawn(move || {
            while stopped.recv_timeout(period) == Err(RecvTimeoutError::Timeout) {
                reaped.reap(Instant::now());
            }
            // The mount has ended; those who still wait for an answer get one.
            reaped.reap_all();
        })?;
        Ok(Self { shared, stop })
    }

    pub(super) fn add(&self, ticket: Arc<dyn Pending>) -> u64 {
        let mut register = self.shared.pending.lock();
        register.next += 1;
        let key = register.next;
        register.tickets.insert(key, ticket);
        key
    }

    pub(super) fn remove(&self, key: u64) {
        let removed = self.shared.pending.lock().tickets.remove(&key);
        drop(removed);
    }

    pub(super) fn stop(&self) {
        // A full channel: it was told already. A closed one: it has ended.
        let _told = self.stop.try_send(());
    }
}

impl Shared {
    fn reap(&self, now: Instant) {
        let late =
            |ticket: &Arc<dyn Pending>| now.saturating_duration_since(ticket.since()) >= ticket.patience();
        self.expire(late);
    }

    fn reap_all(&self) {
        self.expire(|_| true);
    }

    fn expire(&self, late: impl Fn(&Arc<dyn Pending>) -> bool) {
        let expired: Vec<_> =
            self.pending.lock().tickets.extract_if(|_, t| late(t)).map(|(_, t)| t).collect();
        for ticket in expired {
            // Counted first: who got the answer finds it in the counts.
            let count = &mut || {
                let took = ticket.since().elapsed();
                tracing::warn!(op = ticket.op().name(), node = ticket.node().0, ?took, "no answer in time");
                self.requests.timed_out();
                self.requests.answered(ticket.op(), Some(cachefs_vfs::Errno::TIMEDOUT), took);
            };
            ticket.expire(&mut || self.breaker.overdue(ticket.node()), count);
        }
    }
}
