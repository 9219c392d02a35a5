use std::path::Path;

use cachefs_vfs::Result;

use super::BatchReport;
use crate::fs::CacheFs;

impl CacheFs {
    /// Brings what is dirty of these files, and beneath these directories, to the backing, by the write-back that the
    /// cache was told of ([`crate::CacheBuilder::write_back`]). Where there is none nothing is dirty, and a path only
    /// has to exist. Each path is tried; blocks as long as the backing takes.
    pub fn batch_flush<P: AsRef<Path>>(&self, paths: impl IntoIterator<Item = P>) -> BatchReport {
        let mut report = BatchReport::default();
        for path in paths {
            let path = path.as_ref();
            report.note(path, self.flush(path));
        }
        report
    }

    fn flush(&self, path: &Path) -> Result<()> {
        let attr = self.stat(path)?;
        let Some(write_back) = self.write_back() else { return Ok(()) };
        let plain: std::path::PathBuf =
            crate::invalidate::names(path)?.iter().map(|name| name.as_os_str()).collect();
        let flushed =
            if attr.kind.is_dir() { write_back.flush_subtree(&plain) } else { write_back.flush_id(attr.id) };
        flushed.map_err(|error| error.on("flushing", path))
    }
}
