//! What a recording has to have warmed, in an order kind to the source.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;

use cachefs_fuse::control::{WarmFar, WarmTold};

use crate::record::sheet::{self, Uses};
use crate::trouble::Trouble;

/// Paths of a recording that are kept in memory.
const PATHS_MAX: usize = 4 << 20;
/// Entries of a directory that are looked at: who lists more hardly uses them all.
const ENTRIES_MAX: usize = 100_000;
/// Directories looked at in parallel, unless told otherwise.
const WORKERS: u64 = 8;

/// What is to be done.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// To be read whole: those of the directory that was used first, by name, then those of the next.
    pub(crate) files: Vec<String>,
    /// To be listed, in the order of their first use: with that, the source tells of all in them, and of what is not.
    dirs: Vec<PathBuf>,
    /// Files with names that the mount cannot be asked for, as they are not UTF-8.
    unnamed: u64,
}

impl Plan {
    /// From a recording.
    ///
    /// # Errors
    /// If it cannot be read, or is none.
    pub(crate) fn read(recording: &Path) -> Result<Self, Trouble> {
        let mut dirs: HashMap<PathBuf, usize> = HashMap::new();
        let mut files: HashMap<PathBuf, Uses> = HashMap::new();
        let mut count = 0;
        let read = sheet::read(recording, |path, uses| {
            count = files.len() + dirs.len();
            if count >= PATHS_MAX {
                return;
            }
            let dir = if uses.has(Uses::LISTED) { Some(&*path) } else { path.parent() };
            let dir = dir.filter(|dir| *dir != Path::new(".")).unwrap_or(Path::new(""));
            let next = dirs.len();
            dirs.entry(dir.to_owned()).or_insert(next);
            if !uses.has(Uses::LISTED) {
                note(&mut files, path, uses);
            }
        });
        let shown = recording.display();
        read.map_err(|error| Trouble::failed(format!("{shown} cannot be replayed: {error}")))?;
        if count >= PATHS_MAX {
            return Err(Trouble::failed(format!(
                "{shown} holds more than {PATHS_MAX} paths: record less at a time"
            )));
        }
        Ok(Self::of(&dirs, files))
    }

    fn of(dirs: &HashMap<PathBuf, usize>, files: HashMap<PathBuf, Uses>) -> Self {
        let rank =
            |path: &Path| dirs.get(path.parent().unwrap_or(Path::new(""))).copied().unwrap_or(usize::MAX);
        let wanted = files.into_iter().filter(|(_, uses)| !is_output(*uses));
        let mut files: Vec<(usize, PathBuf)> = wanted.map(|(path, _)| (rank(&path), path)).collect();
        files.sort();
        let mut ranked: Vec<(usize, PathBuf)> = dirs.iter().map(|(dir, rank)| (*rank, dir.clone())).collect();
        ranked.sort();
        let mut plan = Self { dirs: ranked.into_iter().map(|(_, dir)| dir).collect(), ..Self::default() };
        for (_, path) in files {
            match path.into_os_string().into_string() {
                Ok(path) => plan.files.push(path),
                Err(_) => plan.unnamed += 1,
            }
        }
        plan
    }

    /// Lists the directories, through the mount, so that names and attributes are known.
    ///
    /// # Errors
    /// If the system refuses threads.
    pub(crate) fn look_around(&self, mountpoint: &Path, workers: Option<u64>) -> Result<WarmTold, Trouble> {
        let (next, missing, errors) = (AtomicUsize::new(0), AtomicU64::new(0), AtomicU64::new(self.unnamed));
        let list = || {
            while let Some(dir) = self.dirs.get(next.fetch_add(1, Ordering::Relaxed)) {
                let Err(error) = list(&mountpoint.join(dir)) else { continue };
                let gone =
                    matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory);
                let counter = if gone { &missing } else { &errors };
                counter.fetch_add(1, Ordering::Relaxed);
            }
        };
        let workers = usize::try_from(workers.unwrap_or(WORKERS)).unwrap_or(1).min(self.dirs.len());
        let cannot = |error| Trouble::failed(format!("a thread cannot be started: {error}"));
        thread::scope(|scope| -> std::io::Result<()> {
            for _ in 0..workers {
                thread::Builder::new().spawn_scoped(scope, list)?;
            }
            Ok(())
        })
        .map_err(cannot)?;
        let far =
            WarmFar { errors: errors.into_inner(), missing: missing.into_inner(), ..WarmFar::default() };
        Ok(WarmTold { far, ..WarmTold::default() })
    }
}

/// Keeps how a file was used first; bytes that were written before they were read come from the workload itself.
fn note(files: &mut HashMap<PathBuf, Uses>, path: PathBuf, uses: Uses) {
    match files.entry(path) {
        Entry::Vacant(entry) => _ = entry.insert(uses),
        Entry::Occupied(mut entry) => {
            if *entry.get() == Uses::OPENED {
                entry.insert(entry.get().and(uses));
            }
        }
    }
}

/// Opened only may be mapped, which nobody tells.
fn is_output(uses: Uses) -> bool {
    uses.has(Uses::WRITTEN) && !uses.has(Uses::READ)
}

fn list(dir: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(dir)?.take(ENTRIES_MAX) {
        entry?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(lines: &str) -> Plan {
        let file = tempfile::NamedTempFile::new().expect("temp");
        std::fs::write(file.path(), format!("cachefs-record 1\n{lines}")).expect("write");
        Plan::read(file.path()).expect("a recording")
    }

    #[test]
    fn files_come_by_directory_and_name() {
        let plan = plan("or z/2\nor a/1\no z/1\nl .\nor top\n");
        assert_eq!(plan.files, ["z/1", "z/2", "a/1", "top"]);
        assert_eq!(plan.dirs, ["z", "a", ""].map(PathBuf::from));
    }

    #[test]
    fn what_the_workload_writes_itself_is_not_read() {
        let plan = plan("o out\nw out\nor out\no in\nr in\nw in\norw both\nw %ff\nr %fe\n");
        assert_eq!(plan.files, ["both", "in"]);
        assert_eq!(plan.unnamed, 1);
    }
}
