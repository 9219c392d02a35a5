//! What this machine's kernel and filesystems do not show by themselves.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use cachefs_sys::fanotify::Detail;
use parking_lot::Mutex;
use tempfile::TempDir;

use super::*;
use crate::local::LocalFs;
use crate::local::generation::Scheme;
use crate::local::watch::source::Counts;
use crate::{Errno, Notice, Watcher};

#[derive(Debug, Default)]
struct Log(Mutex<Vec<String>>);

impl Watcher for Log {
    fn notice(&self, notice: &Notice<'_>) {
        let text = match notice {
            Notice::Inode { whose, touch } => {
                format!("{touch:?} {} {:?}", whose.id.is_some(), whose.at.map(|(_, name)| name))
            }
            Notice::Made { name, child, .. } => format!("Made {} {name}", child.is_some()),
            Notice::Removed { name, child, .. } => format!("Removed {} {name}", child.is_some()),
            Notice::Moved { from, to, child } => format!("Moved {} {} {}", child.is_some(), from.1, to.1),
            other => format!("{other:?}"),
        };
        self.0.lock().push(text);
    }
}

/// A directory, and what is told of changes in it.
struct Fixture {
    dir: TempDir,
    fs: LocalFs,
    fan: Fan,
}

impl Fixture {
    fn new(scheme: Option<Scheme>, detail: Detail) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let fs = LocalFs::open(dir.path()).unwrap();
        let device = fs.shared.stat_fd(fs.shared.root()).unwrap().id.device;
        if let Some(scheme) = scheme {
            fs.shared.generations.pretend(device, scheme);
        }
        // Not to be had on every machine; the tests of the whole say so aloud.
        let mut fan = Fan::by_directory(&fs.shared, false).ok()?;
        fan.detail = detail;
        fan.group = Group::new(detail).unwrap();
        Some(Self { dir, fs, fan })
    }

    fn add(&self, name: &str, kind: FileKind) {
        let fd = fs::File::open(self.dir.path().join(name)).unwrap().into();
        self.fan.add(&Node { fd, by_path: false, kind, shared: Arc::clone(&self.fs.shared) }).unwrap();
    }

    fn told(&self) -> Vec<String> {
        let (log, counts, stopping) = (Log::default(), Counts::default(), AtomicBool::new(false));
        let teller = Teller { watcher: &log, counts: &counts, stopping: &stopping, silent: None };
        while self.fan.read(&mut vec![0; 1 << 16], &teller).unwrap() > 0 {}
        log.0.into_inner()
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.dir.path().join(name)
    }
}

#[test]
fn kernels_that_tell_less_are_understood() {
    let Some(fixture) = Fixture::new(None, Detail::Names) else { return };
    fixture.add("", FileKind::Directory);
    fs::create_dir(fixture.path("d")).unwrap();
    fs::rename(fixture.path("d"), fixture.path("e")).unwrap();
    fs::remove_dir(fixture.path("e")).unwrap();
    fs::write(fixture.path("f"), "x").unwrap();
    let told = fixture.told();
    for wanted in ["Made false d", "Removed false d", "Made false e", "Removed false e", "Made false f"] {
        assert!(told.iter().any(|told| told == wanted), "{wanted}: {told:#?}");
    }
    assert!(told.contains(&"Data true Some(\"f\")".to_owned()), "{told:#?}");
}

#[test]
fn directories_whose_handles_nobody_understands_are_known_by_them() {
    let Some(fixture) = Fixture::new(Some(Scheme::Opaque), Detail::Target) else { return };
    fixture.add("", FileKind::Directory);
    fs::create_dir(fixture.path("d")).unwrap();
    fs::write(fixture.path("f"), "x").unwrap();
    assert!(fixture.told().contains(&"Data false Some(\"f\")".to_owned()));
    fixture.add("d", FileKind::Directory);
    fs::rename(fixture.path("f"), fixture.path("d/g")).unwrap();
    fs::rename(fixture.path("d"), fixture.path("e")).unwrap();
    let told = fixture.told();
    let moved: Vec<_> = told.iter().filter(|told| told.starts_with("Moved")).collect();
    assert_eq!(moved, ["Moved false f g", "Moved true d e"], "{told:#?}");
    assert!(told.iter().all(|told| told != "Overflow"), "{told:#?}");
}

#[test]
fn a_link_where_nobody_watches_is_no_riddle_if_the_file_is_known() {
    let Some(fixture) = Fixture::new(Some(Scheme::Opaque), Detail::Target) else { return };
    fs::create_dir(fixture.path("hidden")).unwrap();
    fs::write(fixture.path("f"), "x").unwrap();
    fs::hard_link(fixture.path("f"), fixture.path("hidden/f")).unwrap();
    fixture.add("f", FileKind::Regular);
    fs::write(fixture.path("hidden/f"), "yy").unwrap();
    let told = fixture.told();
    assert!(told.iter().any(|told| told.starts_with("Data true")), "{told:#?}");
    assert!(told.iter().all(|told| told != "Overflow"), "{told:#?}");
}

#[test]
fn a_filesystem_whose_handles_nobody_understands_is_not_watched_as_a_whole() {
    let Some(fixture) = Fixture::new(Some(Scheme::Opaque), Detail::Target) else { return };
    let refused = Fan::whole(&fixture.fs.shared, false).unwrap_err();
    assert_eq!(refused.errno(), Errno::OPNOTSUPP, "{refused}");
}
