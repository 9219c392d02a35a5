use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use parking_lot::Mutex;

use super::told::Told;

/// A file that node_exporter's textfile collector reads.
#[derive(Clone, Debug)]
pub(crate) struct TextFile {
    path: PathBuf,
    /// Beside it, in the same directory, without the ending that collectors look for.
    beside: PathBuf,
    /// It is removed for good.
    over: Arc<Mutex<bool>>,
}

impl TextFile {
    /// Of this name.
    pub(crate) fn new(path: PathBuf) -> Self {
        let mut beside = path.clone().into_os_string();
        beside.push(format!(".{}", std::process::id()));
        Self { path, beside: beside.into(), over: Arc::default() }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Replaces it: who reads it sees the old numbers or the new ones, and all of them.
    ///
    /// # Errors
    /// When it cannot be written; nothing is left beside it then.
    pub(crate) fn write(&self, text: &str) -> io::Result<()> {
        let over = self.over.lock();
        if *over {
            return Ok(());
        }
        let written = File::create(&self.beside)
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .and_then(|()| fs::rename(&self.beside, &self.path));
        if written.is_err() {
            _ = fs::remove_file(&self.beside);
        }
        written
    }

    /// Removes it, and keeps it removed: numbers of a mount that is gone mislead.
    pub(crate) fn end(&self) {
        let mut over = self.over.lock();
        *over = true;
        if let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!(%error, path = %self.path.display(), "--metrics-textfile cannot be removed");
        }
    }

    /// Replaces it at this interval, on a thread of its own, until the process ends.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub(crate) fn keep(self, told: Told, interval: Duration) -> io::Result<()> {
        let run = move || {
            let mut fails = false;
            loop {
                let written = self.write(&told.report().prometheus());
                if let Err(error) = &written
                    && !fails
                {
                    tracing::warn!(%error, path = %self.path.display(), "--metrics-textfile cannot be written");
                }
                fails = written.is_err();
                thread::sleep(interval);
            }
        };
        thread::Builder::new().name("metrics-file".to_owned()).spawn(run)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_replaced_whole_and_gone_at_the_end() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = TextFile::new(directory.path().join("cachefs.prom"));
        let names = || {
            let entries = fs::read_dir(directory.path()).expect("listed");
            entries.map(|entry| entry.expect("entry").file_name()).collect::<Vec<_>>()
        };
        file.write("a 1\n").expect("written");
        let before = File::open(file.path()).expect("there");
        file.write("a 2\nb 3\n").expect("replaced");
        assert_eq!(io::read_to_string(before).expect("read"), "a 1\n", "who reads it keeps the old one");
        assert_eq!(fs::read_to_string(file.path()).expect("read"), "a 2\nb 3\n");
        assert_eq!(names(), ["cachefs.prom"]);
        file.end();
        file.write("late 1\n").expect("not written");
        assert!(names().is_empty());
    }

    #[test]
    fn nothing_is_left_beside_one_that_cannot_be_written() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("cachefs.prom");
        fs::create_dir(&path).expect("in the way");
        TextFile::new(path).write("a 1\n").expect_err("a directory is no file");
        assert_eq!(fs::read_dir(directory.path()).expect("listed").count(), 1);
    }
}
