//! What a watch tells of, by each of its methods. Changes are made by child processes: own ones are left out.

mod covers;
mod ends;
mod links;
mod load;
mod lost;
mod mounts;
mod overflow;
mod own;
mod verbs;
mod writers;

use std::fmt;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cachefs_vfs::{Errno, FileId, LocalFs, Notice, Touch, VDir, Vfs, Watch, WatchHow, WatchMethod, Watcher};
use parking_lot::{Condvar, Mutex};
use tempfile::TempDir;

use super::name;

/// How long a notice may take before a test gives up on it.
const PATIENCE: Duration = Duration::from_secs(10);

const METHODS: [WatchMethod; 3] = [WatchMethod::Filesystem, WatchMethod::Directories, WatchMethod::Inotify];

fn how(method: WatchMethod) -> WatchHow {
    WatchHow { method, ..WatchHow::default() }
}

/// A notice that was kept.
#[derive(Clone, PartialEq)]
struct Told {
    what: &'static str,
    id: Option<FileId>,
    at: Option<(FileId, String)>,
    to: Option<(FileId, String)>,
}

impl fmt::Debug for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = |place: &Option<(FileId, String)>| place.clone().map(|(dir, name)| (dir.inode, name));
        write!(
            f,
            "{} {:?} {:?} {:?}",
            self.what,
            self.id.map(|id| id.inode),
            place(&self.at),
            place(&self.to)
        )
    }
}

impl Told {
    fn new(notice: &Notice<'_>) -> Self {
        let at = |(dir, name): &(FileId, cachefs_vfs::Name<'_>)| Some((*dir, name.to_string()));
        let told = |what, id: &Option<FileId>, at, to| Self { what, id: *id, at, to };
        match notice {
            Notice::Inode { whose, touch } => {
                let what = match touch {
                    Touch::Data => "data",
                    Touch::Attr => "attr",
                    Touch::Opened => "opened",
                    Touch::Gone => "gone",
                };
                told(what, &whose.id, whose.at.as_ref().and_then(at), None)
            }
            Notice::Made { dir, name, child } => told("made", child, at(&(*dir, *name)), None),
            Notice::Removed { dir, name, child } => told("removed", child, at(&(*dir, *name)), None),
            Notice::Moved { from, to, child } => told("moved", child, at(from), at(to)),
            Notice::Overflow => told("overflow", &None, None, None),
            Notice::Lost(_) => told("lost", &None, None, None),
        }
    }
}

/// Keeps what it is told.
#[derive(Debug, Default)]
struct Log {
    told: Mutex<Vec<Told>>,
    more: Condvar,
}

impl Watcher for Log {
    fn notice(&self, notice: &Notice<'_>) {
        self.told.lock().push(Told::new(notice));
        self.more.notify_all();
    }
}

impl Log {
    /// Waits until something told is as wanted.
    fn wait(&self, wanted: impl Fn(&Told) -> bool, what: &str) -> Told {
        let deadline = Instant::now() + PATIENCE;
        let mut told = self.told.lock();
        let mut seen = 0;
        loop {
            // Others on this machine do much that is told as well.
            if let Some(found) = told.iter().skip(seen).find(|told| wanted(told)) {
                return found.clone();
            }
            seen = told.len();
            let late = self.more.wait_until(&mut told, deadline).timed_out();
            let last = &told[told.len().saturating_sub(40)..];
            assert!(!late, "not told: {what}; last of {}: {last:#?}", told.len());
        }
    }

    fn clear(&self) {
        self.told.lock().clear();
    }
}

/// A directory, a filesystem over it, and a watch of its root and of `sub` in it.
struct Watched {
    dir: TempDir,
    fs: LocalFs,
    root: Arc<dyn VDir>,
    log: Arc<Log>,
    watch: Arc<dyn Watch>,
}

impl Watched {
    /// `None`, with the reason printed, where the method is not to be had.
    fn new(method: WatchMethod) -> Option<Self> {
        Self::over(tempfile::tempdir().unwrap(), how(method))
    }

    fn over(dir: TempDir, how: WatchHow) -> Option<Self> {
        std::fs::create_dir(dir.path().join("sub")).unwrap();
        let fs = LocalFs::open(dir.path()).unwrap();
        let root = fs.root().unwrap();
        let log = Arc::new(Log::default());
        let watch = match fs.watch(how, Arc::clone(&log) as Arc<dyn Watcher>) {
            Err(error)
                if matches!(error.errno(), Errno::PERM | Errno::OPNOTSUPP | Errno::NODEV | Errno::XDEV) =>
            {
                println!("skipped: {error}");
                return None;
            }
            watch => watch.unwrap(),
        };
        assert!(how.method == WatchMethod::Best || watch.method() == how.method);
        let watched = Self { dir, fs, root, log, watch };
        watched.root.watch(&*watched.watch).unwrap();
        watched.add("sub");
        Some(watched)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn dir(&self, path: &str) -> Arc<dyn VDir> {
        path.split('/')
            .filter(|part| !part.is_empty())
            .fold(Arc::clone(&self.root), |dir, part| dir.dir(name(part)).unwrap().handle)
    }

    fn add(&self, dir: &str) {
        self.dir(dir).watch(&*self.watch).unwrap();
    }

    fn id(&self, path: &str) -> FileId {
        let (dir, last) = path.rsplit_once('/').unwrap_or(("", path));
        if last.is_empty() {
            return self.dir(dir).attr().unwrap().id;
        }
        self.dir(dir).stat(name(last)).unwrap().id
    }

    /// Lets another process do something in the directory.
    fn sh(&self, script: &str) {
        let done = Command::new("sh").args(["-ec", script]).current_dir(self.dir.path()).status().unwrap();
        assert!(done.success(), "{script}");
    }

    fn names_children(&self) -> bool {
        self.watch.method() != WatchMethod::Inotify
    }

    /// Waits for a notice about an inode that is, or was, `id` and called `path`.
    fn expect(&self, what: &'static str, path: &str, id: FileId) {
        let at = self.place(path);
        let told = self.log.wait(
            |told| {
                told.what == what
                    && (told.id.is_some() || told.at.is_some())
                    && told.id.is_none_or(|told| told == id)
                    && told.at.as_ref().is_none_or(|told| *told == at)
            },
            &format!("{what} {path} by {:?}", self.watch.method()),
        );
        assert!(told.id.is_some() || !self.names_children(), "whose: {told:?}");
    }

    /// Waits for a notice about the inode `id`, by whatever name.
    fn expect_id(&self, what: &'static str, id: FileId) {
        self.log.wait(|told| told.what == what && told.id == Some(id), &format!("{what} {id:?}"));
    }

    fn place(&self, path: &str) -> (FileId, String) {
        let (dir, last) = path.rsplit_once('/').unwrap_or(("", path));
        (self.id(&format!("{dir}/")), last.to_owned())
    }

    /// Everything told before this moment; by a change of its own that comes after it.
    fn settle(&self) -> Vec<Told> {
        self.sh("echo x > sub/settled; rm sub/settled");
        let (dir, name) = (self.id("sub"), "settled".to_owned());
        self.log.wait(|told| told.what == "removed" && told.at == Some((dir, name.clone())), "settled");
        let mut told = std::mem::take(&mut *self.log.told.lock());
        told.retain(|told| told.at.as_ref().is_none_or(|(_, at)| *at != name) && told.id != Some(dir));
        told
    }
}
