use std::path::Path;

use cachefs_vfs::{Access, Error, FileKind, OpenHow, Result, VFile, VfsExt};

use super::crew::Crew;
use super::{Warm, WarmError, WarmPriority, WarmProgress, WarmReport};
use crate::fs::CacheFs;
use crate::stats::Counter;
use crate::sync::{AtomicBool, Mutex, Ordering};
use crate::time::Moment;

/// Bytes read by one call.
const CHUNK: usize = 1 << 20;

impl CacheFs {
    /// Reads what is asked for, several files at a time, so that it is here when it is asked for. `progress` is called
    /// after each file, from any of the threads. Errors of single files do not stop it. Returns when everything is
    /// done, as long as the backing takes.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use cachefs::{CacheFs, Warm, WarmPriority};
    /// # use cachefs_vfs::{MemFs, VfsExt};
    /// # let source = Arc::new(MemFs::new());
    /// # source.create_dir_all("src")?;
    /// # source.write("src/a.rs", &[7; 100])?;
    /// # source.write("index", &[7; 50])?;
    /// let cache = CacheFs::builder(source).build().unwrap();
    /// let request = Warm::new(["src/**/*.rs"]).paths(WarmPriority::High, ["index", "missing"]);
    /// let report = cache.warm(&request, &|now| assert!(now.files <= now.found));
    /// assert_eq!((report.total.files, report.total.bytes, report.total.missing), (2, 150, 1));
    /// # Ok::<(), cachefs_vfs::Error>(())
    /// ```
    pub fn warm(&self, request: &Warm, progress: &(dyn Fn(&WarmProgress) + Sync)) -> WarmReport {
        let run = Run {
            cache: self,
            request,
            progress,
            begun: self.engine().clock.now_exact(),
            bytes_max: request.bytes_max.unwrap_or(self.engine().store.capacity() as u64),
            report: Mutex::default(),
            reserved: Mutex::new(0),
            full: AtomicBool::new(false),
        };
        Crew::new(&run).work();
        let mut report = run.report.into_inner();
        report.cancelled = request.cancel.is_cancelled();
        report.full = run.full.into_inner();
        report
    }
}

/// One warming under way.
pub(super) struct Run<'a> {
    pub(super) cache: &'a CacheFs,
    pub(super) request: &'a Warm,
    progress: &'a (dyn Fn(&WarmProgress) + Sync),
    begun: Moment,
    bytes_max: u64,
    report: Mutex<WarmReport>,
    /// Bytes that files begun will have taken.
    reserved: Mutex<u64>,
    full: AtomicBool,
}

/// How a file ended that did not fail.
enum Read {
    Whole(u64),
    /// It was cancelled, or there is no room.
    Not,
    Skipped,
}

impl Run<'_> {
    pub(super) fn is_over(&self) -> bool {
        self.request.cancel.is_cancelled() || self.full.load(Ordering::SeqCst)
    }

    pub(super) fn found_one(&self) {
        self.report.lock().total.found += 1;
    }

    pub(super) fn found_all(&self) {
        self.report.lock().total.all_found = true;
    }

    pub(super) fn unmatched(&self, glob: &str) {
        self.report.lock().unmatched.push(glob.to_owned());
    }

    /// Warms a file, whose kind is known where a listing told of it.
    pub(super) fn warm(&self, path: &Path, kind: Option<FileKind>, priority: WarmPriority) {
        match self.read(path, kind, priority) {
            Ok(Read::Whole(bytes)) => {
                let stats = &self.cache.engine().stats;
                stats.count(Counter::WarmFiles);
                stats.add(Counter::WarmBytes, bytes);
                self.note(|report| report.total.files += 1);
            }
            Ok(Read::Not) => {}
            Ok(Read::Skipped) => self.note(|report| report.total.skipped += 1),
            // What a listing told of was removed since; both are nothing to worry about.
            Err(error) if error.is_not_found() => self.note(|report| report.total.missing += 1),
            Err(error) => self.failed(path, error),
        }
    }

    /// Reads a file, or its attributes where that is all.
    fn read(&self, path: &Path, kind: Option<FileKind>, priority: WarmPriority) -> Result<Read> {
        if self.request.metadata_only || kind.is_some_and(|kind| !kind.is_regular()) {
            self.cache.stat(path)?;
            return Ok(Read::Whole(0));
        }
        // Opened at once: the backing answers with the attributes.
        let file = match self.cache.open(path, OpenHow::new(Access::Read)) {
            Err(_) if kind.is_none() && !self.cache.stat(path)?.kind.is_regular() => {
                return Ok(Read::Whole(0));
            }
            opened => opened?,
        };
        let size = file.attr()?.size;
        if priority == WarmPriority::Low && !self.has_free(size) {
            return Ok(Read::Skipped);
        }
        if !self.reserve(size) {
            return Ok(Read::Not);
        }
        self.read_all(&*file, size)
    }

    fn read_all(&self, file: &dyn VFile, size: u64) -> Result<Read> {
        let mut buffer = vec![0; CHUNK.min(usize::try_from(size).unwrap_or(CHUNK))];
        let mut offset = 0;
        while offset < size {
            if self.request.cancel.is_cancelled() {
                return Ok(Read::Not);
            }
            let count = file.read_at(&mut buffer, offset)?;
            offset += count as u64;
            self.report.lock().total.bytes += count as u64;
            if count < buffer.len() {
                break;
            }
        }
        Ok(Read::Whole(offset))
    }

    /// Whether this much can come in without anything having to go.
    fn has_free(&self, bytes: u64) -> bool {
        let store = &self.cache.engine().store;
        let used = store.bytes().saturating_sub(store.bytes_idle()) as u64;
        used.saturating_add(bytes) <= store.capacity() as u64
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

    pub(super) fn failed(&self, path: &Path, error: Error) {
        self.cache.engine().stats.count(Counter::WarmErrors);
        self.note(|report| {
            report.total.errors += 1;
            if report.errors.len() < self.request.errors_max {
                report.errors.push(WarmError { path: path.to_path_buf(), error });
            }
        });
    }

    fn note(&self, note: impl FnOnce(&mut WarmReport)) {
        let elapsed = self.cache.engine().clock.now_exact().since(self.begun);
        let total = {
            let mut report = self.report.lock();
            note(&mut report);
            report.total.elapsed = report.total.elapsed.max(elapsed);
            report.total
        };
        (self.progress)(&total);
    }
}
