use std::path::{Path, PathBuf};
use std::thread;

use cachefs_vfs::{Access, Error, FileKind, OpenHow, Result, VfsExt};
use crossbeam_channel::{Receiver, Sender, bounded};

use super::{Warm, WarmError, WarmProgress, WarmReport};
use crate::fs::CacheFs;
use crate::stats::Counter;
use crate::sync::{AtomicBool, Mutex, Ordering};

/// Bytes read by one call.
const CHUNK: usize = 1 << 20;

impl CacheFs {
    /// Reads what matches, several files at a time, so that it is here when it is asked for. `progress` is called after
    /// each file, from any of the threads. Errors of single files do not stop it. Returns when everything is done, as
    /// long as the backing takes.
    pub fn warm(&self, request: &Warm, progress: &(dyn Fn(&WarmProgress) + Sync)) -> WarmReport {
        let run = Run {
            cache: self,
            request,
            progress,
            bytes_max: request.bytes_max.unwrap_or(self.usage().bytes_max as u64),
            report: Mutex::default(),
            reserved: Mutex::new(0),
            full: AtomicBool::new(false),
        };
        run.all();
        let mut report = run.report.into_inner();
        report.cancelled = request.cancel.is_cancelled();
        report.full = run.full.into_inner();
        report
    }
}

/// One warming under way.
struct Run<'a> {
    cache: &'a CacheFs,
    request: &'a Warm,
    progress: &'a (dyn Fn(&WarmProgress) + Sync),
    bytes_max: u64,
    report: Mutex<WarmReport>,
    /// Bytes that files begun will have taken.
    reserved: Mutex<u64>,
    full: AtomicBool,
}

impl Run<'_> {
    fn all(&self) {
        let (queue, files) = bounded::<PathBuf>(4 * self.request.workers);
        thread::scope(|scope| {
            let mut threads = 0;
            for number in 0..self.request.workers {
                let files = files.clone();
                let builder = thread::Builder::new().name(format!("cachefs-warm-{number}"));
                threads += usize::from(builder.spawn_scoped(scope, move || self.work(&files)).is_ok());
            }
            drop(files);
            self.request.globs.iter().for_each(|glob| self.find(glob, (threads > 0).then_some(&queue)));
            drop(queue);
        });
    }

    fn is_over(&self) -> bool {
        self.request.cancel.is_cancelled() || self.full.load(Ordering::SeqCst)
    }

    fn work(&self, files: &Receiver<PathBuf>) {
        for path in files {
            if !self.is_over() {
                self.warm(&path);
            }
        }
    }

    /// Hands out everything a pattern matches.
    fn find(&self, glob: &str, queue: Option<&Sender<PathBuf>>) {
        let matches = match self.cache.glob(glob) {
            Ok(matches) => matches,
            Err(error) => return self.failed(Path::new(glob), error),
        };
        let (mut any, mut below) = (false, None::<PathBuf>);
        for found in matches {
            if self.is_over() {
                return;
            }
            any = true;
            match found {
                // A directory comes before what is in it, and brings that along.
                Ok(path) if below.as_ref().is_some_and(|dir| path.starts_with(dir)) => {}
                Ok(path) => match self.cache.stat(&path) {
                    Ok(attr) if attr.kind.is_dir() => {
                        self.find_below(&path, queue);
                        below = Some(path);
                    }
                    Ok(attr) => self.hand_out(path, attr.kind, queue),
                    Err(error) => self.failed(&path, error),
                },
                Err(error) => self.failed(Path::new(glob), error),
            }
        }
        if !any {
            self.report.lock().unmatched.push(glob.to_owned());
        }
    }

    fn find_below(&self, dir: &Path, queue: Option<&Sender<PathBuf>>) {
        let walk = match self.cache.walk(dir) {
            Ok(walk) => walk,
            Err(error) => return self.failed(dir, error),
        };
        for found in walk {
            if self.is_over() {
                return;
            }
            match found {
                Ok(entry) => self.hand_out(entry.path, entry.kind, queue),
                Err(error) => self.failed(dir, error),
            }
        }
    }

    /// Has a file warmed by the next free thread; by this one if there is no other.
    fn hand_out(&self, path: PathBuf, kind: FileKind, queue: Option<&Sender<PathBuf>>) {
        if kind.is_dir() {
            return;
        }
        self.report.lock().total.found += 1;
        match queue {
            Some(queue) => drop(queue.send(path)),
            None => self.warm(&path),
        }
    }

    fn warm(&self, path: &Path) {
        match self.read(path) {
            Ok(None) => {}
            Ok(Some(bytes)) => {
                let stats = &self.cache.engine().stats;
                stats.count(Counter::WarmFiles);
                stats.add(Counter::WarmBytes, bytes);
                self.note(|report| {
                    report.total.files += 1;
                    report.total.bytes += bytes;
                });
            }
            Err(error) => self.failed(path, error),
        }
    }

    /// Reads a file, or its attributes where that is all; `None` if it does not fit any more.
    fn read(&self, path: &Path) -> Result<Option<u64>> {
        let attr = self.cache.stat(path)?;
        if self.request.metadata_only || !attr.kind.is_regular() || attr.size == 0 {
            return Ok(Some(0));
        }
        if !self.reserve(attr.size) {
            return Ok(None);
        }
        let file = self.cache.open(path, OpenHow::new(Access::Read))?;
        let mut buffer = vec![0; CHUNK.min(usize::try_from(attr.size).unwrap_or(CHUNK))];
        let mut offset = 0;
        while offset < attr.size && !self.request.cancel.is_cancelled() {
            let count = file.read_at(&mut buffer, offset)?;
            offset += count as u64;
            if count < buffer.len() {
                break;
            }
        }
        Ok(Some(offset))
    }

    /// Whether a file of this length still fits; if not, there is an end.
    fn reserve(&self, bytes: u64) -> bool {
        let mut reserved = self.reserved.lock();
        let fits = reserved.saturating_add(bytes) <= self.bytes_max;
        if fits {
            *reserved += bytes;
        } else {
            self.full.store(true, Ordering::SeqCst);
        }
        fits
    }

    fn failed(&self, path: &Path, error: Error) {
        self.cache.engine().stats.count(Counter::WarmErrors);
        self.note(|report| {
            report.total.errors += 1;
            if report.errors.len() < self.request.errors_max {
                report.errors.push(WarmError { path: path.to_path_buf(), error });
            }
        });
    }

    fn note(&self, note: impl FnOnce(&mut WarmReport)) {
        let total = {
            let mut report = self.report.lock();
            note(&mut report);
            report.total
        };
        (self.progress)(&total);
    }
}
