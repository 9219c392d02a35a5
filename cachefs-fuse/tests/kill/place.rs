use std::path::{Path, PathBuf};

use cachefs_testkit::SplitMix64;
use tempfile::TempDir;

use super::victim::Victim;

/// A source, a mount point, the state of the write-back and a log, all in one directory of the disk.
#[derive(Debug)]
pub(crate) struct Place {
    top: Option<TempDir>,
    pub(crate) source: PathBuf,
    pub(crate) mount: PathBuf,
    pub(crate) log: PathBuf,
    state: PathBuf,
    back: bool,
}

impl Place {
    /// For mounts in this mode of writing.
    pub(crate) fn new(mode: &str) -> Self {
        let top = tempfile::tempdir().unwrap();
        let at = |name: &str| top.path().canonicalize().unwrap().join(name);
        let (source, mount, log, state) = (at("source"), at("mount"), at("log"), at("state"));
        for dir in [&source, &mount] {
            std::fs::create_dir(dir).unwrap();
        }
        Self { top: Some(top), source, mount, log, state, back: mode == "back" }
    }

    /// What a daemon is told: whatever the round's number, or chance, makes of it.
    pub(crate) fn arguments(&self, random: &mut SplitMix64) -> Vec<String> {
        let mut arguments = vec!["--mode".to_owned()];
        if !self.back {
            arguments.push("through".to_owned());
            return arguments;
        }
        arguments.extend(["back".to_owned(), "--state-dir".to_owned(), self.state.display().to_string()]);
        arguments.push(format!("--flush-after={}", random.pick(&["10ms", "50ms", "300ms", "5s"])));
        arguments.push(format!("--durability={}", random.pick(&["journal", "journal", "backing"])));
        arguments.push(format!("--dirty-max={}", random.pick(&["16M", "64M", "1G"])));
        if random.below(4) == 0 {
            arguments.push(format!("--sync={}", random.pick(&["everysec", "never"])));
        }
        if random.below(4) == 0 {
            arguments.push("--flush-on-close".to_owned());
        }
        arguments
    }

    /// Starts a daemon here.
    pub(crate) fn start(&self, arguments: &[String]) -> Victim<'_> {
        Victim::start(&self.source, &self.mount, &self.log, arguments)
    }

    /// Nothing was put beside a file, nowhere.
    pub(crate) fn assert_no_conflict(&self) {
        let mut dirs = vec![self.source.clone()];
        while let Some(dir) = dirs.pop() {
            for entry in std::fs::read_dir(&dir).unwrap().map(Result::unwrap) {
                let name = entry.file_name().into_string().unwrap();
                assert!(
                    !name.contains(".cachefs-conflict-"),
                    "a conflict with nobody: {}",
                    entry.path().display()
                );
                if entry.file_type().unwrap().is_dir() {
                    dirs.push(entry.path());
                }
            }
        }
    }

    /// Where all of it lies.
    fn top(&self) -> Option<&Path> {
        self.top.as_ref().map(TempDir::path)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if std::thread::panicking() && std::env::var_os("CACHEFS_KEEP").is_some() {
            println!("kept: {:?}", self.top());
            if let Some(top) = self.top.take() {
                let _kept = top.keep();
            }
        }
    }
}
