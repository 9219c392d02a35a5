use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

/// A thread without work ends after this time.
const IDLE_MAX: Duration = Duration::from_secs(10);
/// Bytes to write that may wait for a thread.
const QUEUED_BYTES_MAX: usize = 64 << 20;

pub(super) type Job = Box<dyn FnOnce() + Send>;

/// Threads that may wait for the filesystem, started on demand.
#[derive(Debug)]
pub(super) struct Pool(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    work: Condvar,
    threads_max: usize,
    queue_max: usize,
}

#[derive(Default)]
struct State {
    queue: VecDeque<(usize, Job)>,
    /// Bytes that the jobs in the queue hold.
    bytes: usize,
    threads: usize,
    idle: usize,
    closed: bool,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").field("queued", &self.queue.len()).field("threads", &self.threads).finish()
    }
}

impl Pool {
    pub(super) fn new(threads_max: usize, queue_max: usize) -> Self {
        Self(Arc::new(Shared {
            state: Mutex::default(),
            work: Condvar::new(),
            threads_max: threads_max.max(1),
            queue_max,
        }))
    }

    /// Hands over a job that holds so many bytes; false if the queue is full or closed.
    pub(super) fn submit(&self, bytes: usize, job: Job) -> bool {
        let mut state = self.0.state.lock();
        let full = state.queue.len() >= self.0.queue_max || state.bytes + bytes > QUEUED_BYTES_MAX;
        if state.closed || full {
            return false;
        }
        state.queue.push_back((bytes, job));
        state.bytes += bytes;
        let grow = state.idle < state.queue.len() && state.threads < self.0.threads_max;
        if grow {
            state.threads += 1;
        }
        drop(state);
        self.0.work.notify_one();
        if grow {
            self.grow();
        }
        true
    }

    /// Starts a thread that is already counted.
    fn grow(&self) {
        let shared = Arc::clone(&self.0);
        let spawned =
            std::thread::Builder::new().name("cachefs-worker".to_owned()).spawn(move || shared.work());
        if let Err(error) = spawned {
            tracing::error!(%error, "cannot start a thread; requests wait for those there are");
            self.0.state.lock().threads -= 1;
        }
    }

    /// No more jobs; threads end once they are done with what they have, and what is queued is dropped.
    pub(super) fn close(&self) {
        let mut state = self.0.state.lock();
        state.closed = true;
        let dropped = std::mem::take(&mut state.queue);
        state.bytes = 0;
        drop(state);
        drop(dropped);
        self.0.work.notify_all();
    }
}

impl Shared {
    fn work(&self) {
        while let Some(job) = self.next() {
            job();
        }
    }

    fn next(&self) -> Option<Job> {
        let mut state = self.state.lock();
        loop {
            if let Some((bytes, job)) = state.queue.pop_front() {
                state.bytes -= bytes;
                return Some(job);
            }
            if state.closed {
                break;
            }
            state.idle += 1;
            let idled = self.work.wait_for(&mut state, IDLE_MAX).timed_out();
            state.idle -= 1;
            if idled && state.queue.is_empty() {
                break;
            }
        }
        state.threads -= 1;
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossbeam_channel::bounded;

    #[test]
    fn threads_and_queue_are_bounded() {
        let pool = Pool::new(2, 3);
        let (release, released) = bounded::<()>(0);
        let (started, starts) = bounded(16);
        let blocked = || -> Job {
            let (released, started) = (released.clone(), started.clone());
            Box::new(move || {
                started.send(()).unwrap();
                let _closed = released.recv();
            })
        };
        assert!(pool.submit(0, blocked()) && pool.submit(0, blocked()));
        for _ in 0..2 {
            starts.recv_timeout(Duration::from_secs(10)).unwrap();
        }
        for _ in 0..3 {
            assert!(pool.submit(0, blocked()));
        }
        assert!(!pool.submit(0, blocked()), "the queue has room for three");
        assert!(starts.try_recv().is_err(), "there are two threads only");
        drop(release);
        for _ in 0..3 {
            starts.recv_timeout(Duration::from_secs(10)).unwrap();
        }
        pool.close();
        assert!(!pool.submit(0, blocked()));
    }

    #[test]
    fn the_bytes_that_wait_are_bounded() {
        let pool = Pool::new(1, 1000);
        let (release, released) = bounded::<()>(0);
        let (started, starts) = bounded(16);
        let blocked = || -> Job {
            let (released, started) = (released.clone(), started.clone());
            Box::new(move || {
                started.send(()).unwrap();
                let _closed = released.recv();
            })
        };
        assert!(pool.submit(QUEUED_BYTES_MAX, blocked()));
        starts.recv_timeout(Duration::from_secs(10)).unwrap();
        assert!(pool.submit(QUEUED_BYTES_MAX, blocked()), "what a thread works on does not wait");
        assert!(!pool.submit(1, blocked()));
        assert!(pool.submit(0, blocked()));
        drop(release);
        for _ in 0..2 {
            starts.recv_timeout(Duration::from_secs(10)).unwrap();
        }
        assert!(pool.submit(QUEUED_BYTES_MAX, blocked()), "there is room again");
        pool.close();
    }
}
