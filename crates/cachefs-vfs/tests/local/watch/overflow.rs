use super::mounts::Mounted;
use super::*;

/// Keeps the thread of the watch from reading until it is let go.
#[derive(Debug, Default)]
pub(super) struct Gate {
    pub(super) log: Log,
    shut: Mutex<bool>,
    opened: Condvar,
    waiting: Mutex<bool>,
    waits: Condvar,
}

impl Watcher for Gate {
    fn notice(&self, notice: &Notice<'_>) {
        let mut shut = self.shut.lock();
        while *shut {
            *self.waiting.lock() = true;
            self.waits.notify_all();
            self.opened.wait(&mut shut);
        }
        drop(shut);
        self.log.notice(notice);
    }
}

impl Gate {
    /// Shuts, and waits until the thread stands at the gate with what `change` brings.
    pub(super) fn hold(&self, change: impl FnOnce()) {
        self.set(true);
        change();
        self.wait_until_reached();
    }

    pub(super) fn set(&self, shut: bool) {
        *self.shut.lock() = shut;
        self.opened.notify_all();
    }

    fn wait_until_reached(&self) {
        let mut waiting = self.waiting.lock();
        while !*waiting {
            assert!(!self.waits.wait_for(&mut waiting, PATIENCE).timed_out(), "nobody came to the gate");
        }
    }
}

/// More than the queue and one buffer hold.
pub(super) fn too_many() -> usize {
    let limit = |path| std::fs::read_to_string(path).ok()?.trim().parse::<usize>().ok();
    let fanotify = limit("/proc/sys/fs/fanotify/max_queued_events");
    let inotify = limit("/proc/sys/fs/inotify/max_queued_events");
    fanotify.max(inotify).unwrap_or(16_384) + 16_384
}

#[test]
fn lost_events_are_told_as_such_and_later_ones_follow() {
    for method in METHODS {
        let dir = tempfile::tempdir().unwrap();
        // A filesystem of its own, so that no other test's events are lost.
        let _mounted = Mounted::at(dir.path().to_path_buf());
        let fs = LocalFs::open(dir.path()).unwrap();
        let gate = Arc::new(Gate::default());
        let watch = match fs.watch(how(method), Arc::clone(&gate) as Arc<dyn Watcher>) {
            Err(error) => {
                println!("skipped: {error}");
                continue;
            }
            watch => watch.unwrap(),
        };
        let root = fs.root().unwrap();
        root.watch(&*watch).unwrap();
        gate.set(true);
        let sh = |script: &str| {
            let done = Command::new("sh").args(["-ec", script]).current_dir(dir.path()).status().unwrap();
            assert!(done.success(), "{script}");
        };
        sh(": > first");
        gate.wait_until_reached();
        sh(&format!("seq {} | xargs touch", too_many()));
        gate.set(false);
        gate.log.wait(|told| told.what == "overflow", "overflow");
        assert!(watch.usage().overflows >= 1);
        let id = root.attr().unwrap().id;
        sh("mv first last");
        let (from, to) = ((id, "first".to_owned()), (id, "last".to_owned()));
        // The halves of a move that is read while it happens may come by themselves.
        let whole = |told: &Told| {
            told.what == "moved" && told.at.as_ref() == Some(&from) && told.to.as_ref() == Some(&to)
        };
        let half = |told: &Told| told.what == "made" && told.at.as_ref() == Some(&to);
        gate.log.wait(|told| whole(told) || half(told), "the move after the overflow");
        assert!(watch.covers(id));
    }
}

#[test]
fn a_watch_that_is_dropped_waits_for_the_notice_under_way_and_for_no_other() {
    for method in METHODS {
        let dir = tempfile::tempdir().unwrap();
        let fs = LocalFs::open(dir.path()).unwrap();
        let gate = Arc::new(Gate::default());
        let Ok(watch) = fs.watch(how(method), Arc::clone(&gate) as Arc<dyn Watcher>) else { continue };
        fs.root().unwrap().watch(&*watch).unwrap();
        gate.set(true);
        let script = "touch a b c d e f g";
        assert!(Command::new("sh").args(["-c", script]).current_dir(dir.path()).status().unwrap().success());
        gate.wait_until_reached();
        let dropping = std::thread::spawn(move || drop(watch));
        assert!(!dropping.is_finished());
        gate.set(false);
        dropping.join().unwrap();
        let told = gate.log.told.lock().len();
        assert_eq!(Arc::strong_count(&gate), 1, "the thread is gone");
        assert!(told >= 1);
    }
}
