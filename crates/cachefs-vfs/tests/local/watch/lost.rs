use super::*;

/// The outer directory, the root in it, and the watch.
type Inner = (TempDir, Arc<dyn VDir>, Arc<Log>, Arc<dyn Watch>);

/// A watch of a directory inside a temporary one, where it can be moved.
fn inner(method: WatchMethod) -> Option<Inner> {
    let outer = tempfile::tempdir().unwrap();
    std::fs::create_dir(outer.path().join("src")).unwrap();
    let fs = LocalFs::open(outer.path().join("src")).unwrap();
    let log = Arc::new(Log::default());
    let watch = fs.watch(how(method), Arc::clone(&log) as Arc<dyn Watcher>);
    let watch = watch.map_err(|error| println!("skipped: {error}")).ok()?;
    let root = fs.root().unwrap();
    root.watch(&*watch).unwrap();
    Some((outer, root, log, watch))
}

#[test]
fn a_source_that_is_moved_away_is_lost() {
    for method in METHODS {
        let Some((outer, root, log, watch)) = inner(method) else { continue };
        let id = root.attr().unwrap().id;
        assert!(watch.covers(id));
        std::fs::rename(outer.path().join("src"), outer.path().join("elsewhere")).unwrap();
        log.wait(|told| told.what == "lost", "lost");
        assert!(!watch.covers(id), "from when it is told");
        assert_eq!(root.watch(&*watch).map_err(|error| error.errno()), Err(Errno::STALE));
        let told = log.told.lock();
        assert_eq!(told.last().unwrap().what, "lost", "nothing follows");
    }
}

#[test]
fn a_source_that_is_replaced_is_lost() {
    let Some((outer, _root, log, _watch)) = inner(WatchMethod::Best) else { return };
    let script = "mkdir new; mv src old; mv new src";
    assert!(Command::new("sh").args(["-ec", script]).current_dir(outer.path()).status().unwrap().success());
    log.wait(|told| told.what == "lost", "lost");
}

#[test]
fn a_source_that_is_elsewhere_already_is_not_watched() {
    let outer = tempfile::tempdir().unwrap();
    std::fs::create_dir(outer.path().join("src")).unwrap();
    let fs = LocalFs::open(outer.path().join("src")).unwrap();
    std::fs::rename(outer.path().join("src"), outer.path().join("elsewhere")).unwrap();
    let watch = fs.watch(WatchHow::default(), Arc::new(Log::default()));
    assert_eq!(watch.map(drop).map_err(|error| error.errno()), Err(Errno::STALE));
}

/// Panics at the first notice.
#[derive(Debug)]
struct Broken;

impl Watcher for Broken {
    fn notice(&self, _: &Notice<'_>) {
        panic!("as this test wants it");
    }
}

#[test]
fn nothing_is_covered_by_a_watch_whose_watcher_panicked() {
    let dir = tempfile::tempdir().unwrap();
    let fs = LocalFs::open(dir.path()).unwrap();
    let watch = fs.watch(how(WatchMethod::Inotify), Arc::new(Broken)).unwrap();
    let root = fs.root().unwrap();
    root.watch(&*watch).unwrap();
    let id = root.attr().unwrap().id;
    std::fs::write(dir.path().join("f"), "x").unwrap();
    let deadline = Instant::now() + PATIENCE;
    while watch.covers(id) {
        assert!(Instant::now() < deadline, "still covered");
        std::thread::yield_now();
    }
}
