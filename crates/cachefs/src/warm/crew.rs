//! The threads of one warming: few where a file is there at once, as many as allowed where it has to be waited for.

use std::path::PathBuf;
use std::thread::{self, Scope};
use std::time::Duration;

use cachefs_vfs::FileKind;
use crossbeam_channel::{Receiver, TrySendError, bounded};

use super::WarmPriority;
use super::run::Run;
use crate::sync::{AtomicBool, AtomicUsize, Ordering};

/// A file to warm.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) path: PathBuf,
    pub(super) kind: Option<FileKind>,
    pub(super) priority: WarmPriority,
}

pub(super) struct Crew<'r, 'a> {
    run: &'r Run<'a>,
    threads: AtomicUsize,
    /// Threads that there may be whatever files take.
    at_least: usize,
    /// A file took so long that more threads than processors are worth it.
    waits: AtomicBool,
}

impl<'r, 'a> Crew<'r, 'a> {
    /// Files found ahead of those that are warmed, at most.
    const QUEUE_MAX: usize = 1 << 16;
    /// A thread is worth starting for this many files.
    const FILES_PER_THREAD: usize = 64;
    /// A file that takes this long was waited for.
    const LONG: Duration = Duration::from_micros(200);

    pub(super) fn new(run: &'r Run<'a>) -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Self {
            run,
            threads: AtomicUsize::new(0),
            at_least: run.request.workers.min(cores),
            waits: AtomicBool::new(false),
        }
    }

    /// Does all of it. This thread finds the files, and warms some when it has found them.
    pub(super) fn work(&self) {
        let (queue, jobs) = bounded::<Job>(Self::QUEUE_MAX);
        thread::scope(|scope| {
            self.run.find_all(&mut |job| {
                if jobs.len() >= Self::FILES_PER_THREAD * self.threads.load(Ordering::Relaxed).max(1) {
                    self.hire(scope, &jobs);
                }
                if let Err(TrySendError::Full(job) | TrySendError::Disconnected(job)) = queue.try_send(job) {
                    self.warm(&job);
                }
            });
            drop(queue);
            self.threads.fetch_add(1, Ordering::Relaxed);
            self.warm_all(scope, &jobs);
        });
    }

    fn warm_all<'scope>(&'scope self, scope: &'scope Scope<'scope, '_>, jobs: &Receiver<Job>) {
        for job in jobs {
            if self.run.is_over() {
                continue;
            }
            // The rest waits no longer than for this file to begin.
            if self.waits.load(Ordering::Relaxed) && !jobs.is_empty() {
                self.hire(scope, jobs);
            }
            self.warm(&job);
        }
    }

    fn warm(&self, job: &Job) {
        let clock = &self.run.cache.engine().clock;
        let begun = clock.now_exact();
        self.run.warm(&job.path, job.kind, job.priority);
        if clock.now_exact().since(begun) >= Self::LONG {
            self.waits.store(true, Ordering::Relaxed);
        }
    }

    /// Starts one more thread, if there may be one.
    fn hire<'scope>(&'scope self, scope: &'scope Scope<'scope, '_>, jobs: &Receiver<Job>) {
        let waits = self.waits.load(Ordering::Relaxed);
        let most = if waits { self.run.request.workers } else { self.at_least };
        let more = |threads: usize| (threads < most).then_some(threads + 1);
        let Ok(number) = self.threads.try_update(Ordering::Relaxed, Ordering::Relaxed, more) else { return };
        let jobs = jobs.clone();
        let builder = thread::Builder::new().name(format!("cachefs-warm-{number}"));
        if let Err(error) = builder.spawn_scoped(scope, move || self.warm_all(scope, &jobs)) {
            tracing::debug!(%error, "warming goes on with fewer threads");
        }
    }
}
