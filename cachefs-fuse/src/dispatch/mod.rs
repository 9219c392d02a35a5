//! Which thread runs a request, and for how long it is waited for.
//!
//! A request runs on the thread that read it, as long as another reader stays free. The last free reader never waits
//! for the filesystem: it tries for an answer from the cache, and else hands the request to a pool of threads.
//! Whatever is not answered at its deadline is answered `ETIMEDOUT`; its late result is dropped.

mod breaker;
mod call;
mod pool;
mod reaper;
mod ticket;

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use cachefs_vfs::{Errno, Error, Result, nowait};

use crate::MountConfig;
use crate::handles::Closed;
use crate::notify::NoticeSnapshot;
use crate::requests::{Op, RequestSnapshot, Requests};
use crate::tree::Tree;
use breaker::Breaker;
pub(crate) use call::Call;
use pool::Pool;
use reaper::Reaper;
pub(crate) use ticket::Refuse;
use ticket::{Outcome, Ticket};

/// Serves requests.
#[derive(Debug)]
pub(crate) struct Dispatch {
    tree: Arc<Tree>,
    requests: Arc<Requests>,
    breaker: Arc<Breaker>,
    reaper: Reaper,
    pool: Pool,
    readers: usize,
    /// Readers that work on a request.
    busy: AtomicUsize,
    honours_nowait: bool,
    deadline: Duration,
    sync_deadline: Duration,
}

/// A reader at work.
struct Seat<'a>(&'a AtomicUsize);

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Dispatch {
    pub(crate) fn start(tree: Tree, config: &MountConfig) -> io::Result<Arc<Self>> {
        let requests = Arc::new(Requests::new());
        let breaker = Arc::new(Breaker::default());
        let reaper = Reaper::start(config.deadline, Arc::clone(&requests), Arc::clone(&breaker))?;
        Ok(Arc::new(Self {
            tree: Arc::new(tree),
            requests,
            breaker,
            reaper,
            pool: Pool::new(config.workers_max, config.queue_max),
            readers: config.readers.max(1),
            busy: AtomicUsize::new(0),
            honours_nowait: config.honours_nowait,
            deadline: config.deadline,
            sync_deadline: config.sync_deadline.unwrap_or(config.deadline.saturating_mul(10)),
        }))
    }

    pub(crate) fn tree(&self) -> &Arc<Tree> {
        &self.tree
    }

    /// For requests without an answer.
    pub(crate) fn noted(&self, op: Op, count: u64) {
        self.requests.noted(op, count);
    }

    pub(crate) fn snapshot(&self) -> RequestSnapshot {
        let (handles, pinned) = self.tree.handles().len();
        let outbox = self.tree.outbox();
        RequestSnapshot {
            inodes: self.tree.inodes().len(),
            handles: (handles + self.tree.spares().len()) as u64,
            pinned: pinned as u64,
            notices: NoticeSnapshot { waiting: outbox.len() as u64, ..outbox.counts().snapshot() },
            ..self.requests.snapshot()
        }
    }

    /// Closes handles, which may block; the last free reader leaves it to the pool.
    pub(crate) fn dispose(&self, closed: Closed) {
        if closed.is_empty() {
            return;
        }
        let seated = self.busy.fetch_add(1, Ordering::AcqRel) + 1;
        let _seat = Seat(&self.busy);
        if seated < self.readers {
            return drop(closed);
        }
        if !self.pool.submit(0, Box::new(move || drop(closed))) {
            tracing::debug!("no thread was left to close a file");
        }
    }

    /// Does something aside that may block; not at all where no thread is left.
    pub(crate) fn aside(&self, job: impl FnOnce() + Send + 'static) {
        if !self.pool.submit(0, Box::new(job)) {
            tracing::debug!("no thread was left for what can wait");
        }
    }

    /// Ends the threads, except those that hang; those who wait for an answer get an error.
    pub(crate) fn stop(&self) {
        self.pool.close();
        self.reaper.stop();
    }

    /// Serves one request: `verb` finds the answer from the request's bytes, `deliver` sends it. The verb may run
    /// twice if it changes nothing, and its answer may be dropped; `deliver` runs only if the reply can be sent.
    pub(crate) fn serve<R, T, V, D>(self: &Arc<Self>, call: Call, reply: R, data: &[u8], verb: V, deliver: D)
    where
        R: Refuse + 'static,
        T: 'static,
        V: Fn(&Tree, &[u8]) -> Result<T> + Send + 'static,
        D: FnOnce(&Tree, R, T) + Send + 'static,
    {
        let since = Instant::now();
        self.requests.received(call.op);
        if self.breaker.is_open(call.node) {
            self.requests.timed_out();
            return self.answer(call.op, since, reply, Err(Error::new(Errno::TIMEDOUT)), deliver);
        }
        let seated = self.busy.fetch_add(1, Ordering::AcqRel) + 1;
        let _seat = Seat(&self.busy);
        if seated >= self.readers {
            if self.honours_nowait && call.change.is_none() {
                let tried = nowait::scope(|| self.run(&verb, data));
                if !matches!(&tried, Err(error) if error.errno() == Errno::WOULDBLOCK) {
                    return self.answer(call.op, since, reply, tried, deliver);
                }
            }
            return self.hand_over(call, since, reply, data, verb, deliver);
        }
        let ticket = Arc::new(self.ticket(&call, since, reply));
        let key = self.reaper.add(Arc::clone(&ticket) as _);
        self.work(&ticket, key, data, &verb, deliver);
    }

    fn ticket<R: Refuse>(&self, call: &Call, since: Instant, reply: R) -> Ticket<R> {
        let patience = if call.patient { self.sync_deadline } else { self.deadline };
        Ticket::new(call.op, call.node, since, patience, call.change.clone(), reply)
    }

    fn hand_over<R, T, V, D>(
        self: &Arc<Self>,
        call: Call,
        since: Instant,
        reply: R,
        data: &[u8],
        verb: V,
        deliver: D,
    ) where
        R: Refuse + 'static,
        T: 'static,
        V: Fn(&Tree, &[u8]) -> Result<T> + Send + 'static,
        D: FnOnce(&Tree, R, T) + Send + 'static,
    {
        let ticket = Arc::new(self.ticket(&call, since, reply));
        let key = self.reaper.add(Arc::clone(&ticket) as _);
        let (data, length) = (data.to_vec(), data.len());
        let dispatch = Arc::clone(self);
        // A job that is not taken is answered by the reaper.
        let _taken =
            self.pool.submit(length, Box::new(move || dispatch.work(&ticket, key, &data, &verb, deliver)));
    }

    fn work<R, T, V, D>(&self, ticket: &Ticket<R>, key: u64, data: &[u8], verb: &V, deliver: D)
    where
        R: Refuse,
        V: Fn(&Tree, &[u8]) -> Result<T>,
        D: FnOnce(&Tree, R, T),
    {
        if !ticket.start() {
            return;
        }
        let result = self.run(verb, data);
        self.reaper.remove(key);
        match ticket.finish() {
            Outcome::Awaited(reply) => self.answer(ticket.op, ticket.since, reply, result, deliver),
            Outcome::Overdue => {
                self.breaker.returned(ticket.node);
                // The kernel was told that it failed, and believes what was before.
                if let Some(change) = &ticket.change {
                    self.tree.doubt(change);
                }
            }
            Outcome::Expired => {}
        }
    }

    fn run<T>(&self, verb: &impl Fn(&Tree, &[u8]) -> Result<T>, data: &[u8]) -> Result<T> {
        catch_unwind(AssertUnwindSafe(|| verb(&self.tree, data))).unwrap_or_else(|_| {
            tracing::error!("a request failed by a panic");
            Err(Error::new(Errno::IO))
        })
    }

    fn answer<R, T, D>(&self, op: Op, since: Instant, reply: R, result: Result<T>, deliver: D)
    where
        R: Refuse,
        D: FnOnce(&Tree, R, T),
    {
        let errno = result.as_ref().err().map(Error::errno);
        // Counted first: who got the answer finds it in the counts.
        self.requests.answered(op, errno, since.elapsed());
        match result {
            Ok(value) => deliver(&self.tree, reply, value),
            Err(error) => reply.refuse(error.errno()),
        }
    }
}
