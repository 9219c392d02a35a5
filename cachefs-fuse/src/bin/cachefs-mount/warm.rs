//! `--warm`: reading what matches before anybody asks, beside the mount that is already served.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use cachefs::{CacheFs, Warm, WarmProgress, WarmReport};
use cachefs_vfs::{Vfs, VfsExt};
use indicatif::{HumanBytes, ProgressBar, ProgressStyle};
use parking_lot::Mutex;

use crate::daemon::Voice;
use crate::failure::Failure;
use crate::flags::WarmConfig;

/// How many errors are logged one by one.
const ERRORS_SHOWN: usize = 5;

/// How often the log hears of it.
const LOG_PERIOD: Duration = Duration::from_secs(10);

/// How far warming is, for the metrics.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    remaining_files: AtomicU64,
}

impl Progress {
    /// Files found but not yet read.
    pub(crate) fn remaining_files(&self) -> u64 {
        self.remaining_files.load(Ordering::Relaxed)
    }

    fn note(&self, now: &WarmProgress) {
        let left = now.found.saturating_sub(now.done());
        self.remaining_files.store(left, Ordering::Relaxed);
    }
}

/// Checks that each pattern matches something.
///
/// # Errors
/// Which one does not.
pub(crate) fn check(source: &dyn Vfs, globs: &[String]) -> Result<(), Failure> {
    for glob in globs {
        let mut found = source.glob(glob).map_err(|error| Failure::usage(format!("--warm: {error}")))?;
        if !found.any(|path| path.is_ok()) {
            return Err(Failure::usage(format!(
                "--warm: \"{glob}\" matches nothing: patterns are relative to the source, ** stands for any depth"
            )));
        }
    }
    Ok(())
}

/// Warms on a thread of its own. People in the foreground see a line that moves, everybody else finds lines in the
/// log, the last one a summary.
///
/// # Errors
/// When the thread cannot be started.
pub(crate) fn start(
    cache: CacheFs,
    config: &WarmConfig,
    progress: Arc<Progress>,
    voice: Voice,
) -> Result<(), Failure> {
    let request = Warm::new(config.globs.clone()).workers(config.workers.get()).errors_max(ERRORS_SHOWN);
    let run = move || {
        let (teller, started) = (Teller::new(voice), Instant::now());
        let report = cache.warm(&request, &|now| {
            progress.note(now);
            teller.note(now);
        });
        progress.note(&WarmProgress::default());
        teller.end();
        conclude(&report, started.elapsed());
    };
    let thread = thread::Builder::new().name("warm".to_owned()).spawn(run);
    thread.map(drop).map_err(|error| Failure::system(format!("--warm cannot be started: {error}")))
}

/// Tells how far warming is.
#[derive(Debug)]
enum Teller {
    Terminal(ProgressBar),
    /// With the time of the last line.
    Log(Mutex<Instant>),
}

impl Teller {
    fn new(voice: Voice) -> Self {
        if voice != Voice::Terminal || !io::stderr().is_terminal() {
            return Self::Log(Mutex::new(Instant::now()));
        }
        let bar = ProgressBar::no_length();
        if let Ok(style) = ProgressStyle::with_template("warming {pos}/{len} files, {msg} {elapsed}") {
            bar.set_style(style);
        }
        Self::Terminal(bar)
    }

    fn note(&self, now: &WarmProgress) {
        match self {
            Self::Terminal(bar) => {
                bar.set_length(now.found);
                bar.set_position(now.done());
                bar.set_message(HumanBytes(now.bytes).to_string());
            }
            Self::Log(last) => {
                let mut last = last.lock();
                if last.elapsed() >= LOG_PERIOD {
                    *last = Instant::now();
                    drop(last);
                    tracing::info!(found = now.found, files = now.files, bytes = now.bytes, "warming");
                }
            }
        }
    }

    fn end(&self) {
        if let Self::Terminal(bar) = self {
            bar.finish_and_clear();
        }
    }
}

fn conclude(report: &WarmReport, took: Duration) {
    for failed in &report.errors {
        tracing::warn!(path = %failed.path.display(), error = %failed.error, "not warmed");
    }
    tracing::info!("{}", summary(report, took));
}

fn summary(report: &WarmReport, took: Duration) -> String {
    let WarmProgress { files, bytes, errors, .. } = report.total;
    let end = if report.full { "; stopped: no more fits into the memory" } else { "" };
    format!(
        "warmed {files} files, {} in {:.1} s, {errors} errors{end}",
        HumanBytes(bytes),
        took.as_secs_f64()
    )
}

#[cfg(test)]
mod tests {
    use cachefs_vfs::MemFs;

    use super::*;

    #[test]
    fn a_pattern_must_match() {
        let fs = MemFs::new();
        fs.create_dir("a").expect("mkdir");
        fs.write("a/b.txt", b"x").expect("write");
        assert_eq!(check(&fs, &["a/*.txt".to_owned(), "**".to_owned()]), Ok(()));
        let failure = check(&fs, &["a/*.txt".to_owned(), "c/**".to_owned()]).expect_err("no match");
        assert!(failure.code() == 1 && failure.to_string().contains("\"c/**\" matches nothing"), "{failure}");
    }

    #[test]
    fn what_remains_falls_to_nothing() {
        let progress = Progress::default();
        progress.note(&WarmProgress { found: 10, files: 6, errors: 1, ..WarmProgress::default() });
        assert_eq!(progress.remaining_files(), 3);
        progress.note(&WarmProgress { found: 10, files: 9, errors: 2, ..WarmProgress::default() });
        assert_eq!(progress.remaining_files(), 0);
    }

    #[test]
    fn the_summary_says_what_was_done_and_why_it_ended() {
        let total = WarmProgress { found: 5, files: 3, bytes: 2048, errors: 1, ..WarmProgress::default() };
        let report = WarmReport { total, full: true, ..WarmReport::default() };
        let text = summary(&report, Duration::from_millis(1500));
        assert_eq!(
            text,
            "warmed 3 files, 2.00 KiB in 1.5 s, 1 errors; stopped: no more fits into the memory"
        );
    }
}
