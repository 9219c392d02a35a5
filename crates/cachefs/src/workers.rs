//! A bounded pool of background threads, for work that may be left undone.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use crate::stats::{Counter, Stats};

type Job = Box<dyn FnOnce() + Send>;

/// Threads that run jobs from a queue of limited length. Dropping it runs what is queued, for a limited time; what has
/// not begun by then is dropped undone, and a thread stuck in a job is left behind with a warning.
#[derive(Debug)]
pub(crate) struct Workers {
    /// `None` only while being dropped.
    queue: Option<Sender<Job>>,
    /// The same queue's other end, to empty it.
    rest: Receiver<Job>,
    threads: Vec<JoinHandle<()>>,
    /// Disconnected when the last thread has ended.
    ended: Receiver<()>,
}

impl Workers {
    /// How long dropping waits.
    const GRACE: Duration = Duration::from_secs(5);

    /// `threads` of them (0: every job is refused) and at most `queue_max` jobs waiting.
    ///
    /// # Errors
    /// If the system refuses a thread.
    pub(crate) fn new(threads: usize, queue_max: usize, stats: &Stats) -> std::io::Result<Self> {
        let (queue, rest) = bounded::<Job>(queue_max);
        let (alive, ended) = bounded(0);
        let mut workers = Self { queue: Some(queue), rest, threads: Vec::with_capacity(threads), ended };
        for number in 0..threads {
            let (jobs, stats, alive) = (workers.rest.clone(), stats.clone(), alive.clone());
            let thread = thread::Builder::new().name(format!("cachefs-work-{number}")).spawn(move || {
                run_all(&jobs, &stats);
                drop(alive);
            })?;
            workers.threads.push(thread);
        }
        Ok(workers)
    }

    /// Queues a job. False (the job is dropped) if the queue is full. Never blocks.
    pub(crate) fn try_spawn(&self, job: impl FnOnce() + Send + 'static) -> bool {
        !self.threads.is_empty()
            && self.queue.as_ref().is_some_and(|queue| queue.try_send(Box::new(job)).is_ok())
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.queue = None;
        let own = thread::current().id();
        if self.threads.iter().any(|thread| thread.thread().id() == own) {
            // The last user was one of the jobs: the threads end by themselves when the queue is empty.
            return;
        }
        if self.ended.recv_timeout(Self::GRACE) == Err(RecvTimeoutError::Timeout) {
            let undone = self.rest.try_iter().count();
            tracing::warn!(undone, "background jobs did not end in time and are left behind");
        }
        for thread in self.threads.drain(..).filter(JoinHandle::is_finished) {
            // A panic within a job was caught and counted there; there is nothing else to learn from the thread.
            drop(thread.join());
        }
    }
}

fn run_all(jobs: &Receiver<Job>, stats: &Stats) {
    for job in jobs {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(job)) {
            stats.count(Counter::JobsPanicked);
            let text = panic.downcast_ref::<&str>().copied().map(str::to_owned);
            let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
            tracing::error!(panic = text, "a background job panicked");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn dropping_runs_what_is_queued() {
        let done = Arc::new(AtomicUsize::new(0));
        let workers = Workers::new(2, 100, &Stats::new()).expect("threads");
        for _ in 0..100 {
            let done = Arc::clone(&done);
            workers.try_spawn(move || {
                done.fetch_add(1, Ordering::SeqCst);
            });
        }
        drop(workers);
        assert_eq!(done.load(Ordering::SeqCst), 100);
    }

    #[test]
    fn a_full_queue_refuses_without_blocking() {
        let workers = Workers::new(1, 2, &Stats::new()).expect("threads");
        let (begun, has_begun) = bounded(1);
        let (release, hold) = bounded::<()>(1);
        assert!(workers.try_spawn(move || {
            begun.send(()).expect("the test waits");
            hold.recv().expect("the test releases");
        }));
        has_begun.recv().expect("the job runs");
        assert!(workers.try_spawn(|| {}) && workers.try_spawn(|| {}));
        assert!(!workers.try_spawn(|| {}), "one runs and two wait");
        release.send(()).expect("the job waits");
    }

    #[test]
    fn a_panic_is_counted_and_the_thread_goes_on() {
        let stats = Stats::new();
        let workers = Workers::new(1, 2, &stats).expect("threads");
        let (done, is_done) = bounded(1);
        assert!(workers.try_spawn(|| panic!("on purpose")));
        assert!(workers.try_spawn(move || done.send(()).expect("the test waits")));
        is_done.recv().expect("the second job runs");
        assert_eq!(stats.snapshot().get(Counter::JobsPanicked), 1);
    }

    #[test]
    fn a_job_may_be_the_last_to_let_go_of_the_pool() {
        let workers = Arc::new(Workers::new(1, 1, &Stats::new()).expect("threads"));
        let (go, may_go) = bounded::<()>(1);
        let (done, is_done) = bounded(1);
        let inner = Arc::clone(&workers);
        assert!(workers.try_spawn(move || {
            may_go.recv().expect("the test lets go first");
            drop(inner);
            done.send(()).expect("the test waits");
        }));
        drop(workers);
        go.send(()).expect("the job waits");
        is_done.recv_timeout(Duration::from_secs(10)).expect("no deadlock");
    }

    #[test]
    fn no_threads_mean_no_jobs() {
        assert!(!Workers::new(0, 10, &Stats::new()).expect("nothing to start").try_spawn(|| {}));
    }
}
