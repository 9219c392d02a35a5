use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cachefs::{CacheFs, Cancel, Warm, WarmPriority, WarmProgress, WarmReport};
use cachefs_fuse::control::{Left, Refusal, Request, Talk, WarmArguments, WarmFar, WarmTold};
use parking_lot::Mutex;
use serde_json::Value;

use super::asking::{Far, Patience, ask};
use super::{Mounted, inside, told};

/// Those who warm at a time.
const WARMING_MAX: usize = 4;
/// Files read at a time, by one of them.
const WORKERS_MAX: u64 = 64;
/// What waits to be warmed in the background: each may be as long as a request.
const JOBS_MAX: usize = 256;
/// Errors and patterns without a match that are told one by one.
const TOLD_MAX: usize = 64;
/// Between two words to the client.
const STEP: Duration = Duration::from_millis(100);

pub(super) fn run(mounted: &Mounted, request: &Request, talk: &mut Talk<'_>) -> Result<Value, Refusal> {
    let arguments: WarmArguments = request.arguments()?;
    for path in arguments.globs.iter().chain(&arguments.paths) {
        inside(path)?;
    }
    let workers = arguments.workers.unwrap_or(8);
    if !(1..=WORKERS_MAX).contains(&workers) {
        return Err(Refusal::usage(format!("workers: give a number from 1 to {WORKERS_MAX}")));
    }
    let warm = Warm::new(arguments.globs)
        .paths(WarmPriority::Normal, arguments.paths)
        .workers(usize::try_from(workers).unwrap_or(1))
        .errors_max(TOLD_MAX)
        .metadata_only(arguments.metadata_only);
    if arguments.background {
        Jobs::add(&mounted.jobs, &mounted.cache, warm)?;
        return told(&WarmTold { background: true, ..WarmTold::default() });
    }
    let busy = || Refusal::temporary("too many others are warming this mount: try again");
    let slot = mounted.warming.enter(WARMING_MAX).ok_or_else(busy)?;
    let cache = mounted.cache.clone();
    // A big file on a slow disk is no reason to give up: who asked may.
    let patience = Patience { silence: Duration::MAX, until: None };
    ask((slot, "warming"), patience, talk, move |far| {
        let (began, last) = (Instant::now(), Mutex::new(Instant::now()));
        let report = cache.warm(&warm.cancel(far.cancel()), &|now| tell(far, now, &last));
        told(&outcome(&report, began.elapsed()))
    })
}

fn tell(far: &Far, now: &WarmProgress, last: &Mutex<Instant>) {
    let mut last = last.lock();
    if last.elapsed() >= STEP
        && let Ok(now) = told(&so_far(now))
    {
        *last = Instant::now();
        far.hint(now);
    }
}

fn so_far(now: &WarmProgress) -> WarmFar {
    let WarmProgress { found: files_found, files, bytes, errors, missing, .. } = *now;
    WarmFar { files_found, files, bytes, errors, missing }
}

fn outcome(report: &WarmReport, took: Duration) -> WarmTold {
    let failed = report.errors.iter().take(TOLD_MAX);
    let mut far = so_far(&report.total);
    far.missing += report.unmatched.len() as u64;
    WarmTold {
        far,
        failed: failed.map(|failed| Left::new(&failed.path, 0, Some(failed.error.to_string()))).collect(),
        missing_first: report.unmatched.iter().take(TOLD_MAX).cloned().collect(),
        full: report.full,
        background: false,
        seconds: took.as_secs_f64(),
    }
}

/// Warming that nobody waits for: one after the other, on a thread that is there while there is any.
#[derive(Debug, Default)]
pub(in crate::daemon) struct Jobs(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    jobs: VecDeque<Warm>,
    running: bool,
}

impl Jobs {
    fn add(jobs: &Arc<Self>, cache: &CacheFs, warm: Warm) -> Result<(), Refusal> {
        let mut waiting = jobs.0.lock();
        if waiting.jobs.len() >= JOBS_MAX {
            return Err(Refusal::temporary("too much waits to be warmed already: try again"));
        }
        if !waiting.running {
            let (mine, cache) = (Arc::clone(jobs), cache.clone());
            let run = move || while mine.next(&cache) {};
            std::thread::Builder::new()
                .name("control-warm".to_owned())
                .spawn(run)
                .map_err(|error| Refusal::failed(format!("warming cannot be started: {error}")))?;
            waiting.running = true;
        }
        waiting.jobs.push_back(warm.cancel(Cancel::new()));
        Ok(())
    }

    /// Does one; false if there is none.
    fn next(&self, cache: &CacheFs) -> bool {
        let warm = {
            let mut waiting = self.0.lock();
            let warm = waiting.jobs.pop_front();
            waiting.running = warm.is_some();
            warm
        };
        let Some(warm) = warm else { return false };
        let began = Instant::now();
        let report = cache.warm(&warm, &|_| ());
        for failed in &report.errors {
            tracing::warn!(path = %failed.path.display(), error = %failed.error, "not warmed");
        }
        let WarmFar { files, bytes, errors, missing, .. } = outcome(&report, began.elapsed()).far;
        let seconds = began.elapsed().as_secs_f64();
        tracing::info!(files, bytes, errors, missing, full = report.full, seconds, "warmed");
        true
    }
}
