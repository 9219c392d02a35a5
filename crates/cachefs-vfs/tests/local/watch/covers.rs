use super::*;

#[test]
fn what_was_put_under_watch_is_covered() {
    for method in METHODS {
        let Some(watched) = Watched::new(method) else { continue };
        watched.sh("mkdir other");
        let (sub, other) = (watched.id("sub"), watched.id("other"));
        assert!(watched.watch.covers(sub) && watched.watch.covers(FileId { generation: 0, ..sub }));
        assert_eq!(watched.watch.covers(other), method == WatchMethod::Filesystem);
        watched.add("other");
        assert!(watched.watch.covers(other));
        let marks = watched.watch.usage().marks;
        assert!(marks >= 3, "{marks}");
        assert!(!watched.watch.covers(FileId { device: 1 << 40, ..sub }), "another filesystem");
    }
}

#[test]
fn the_watch_of_another_filesystem_is_refused() {
    let Some(watched) = Watched::new(WatchMethod::Inotify) else { return };
    let other = LocalFs::open(watched.dir.path()).unwrap();
    let refused = other.root().unwrap().watch(&*watched.watch);
    assert_eq!(refused.map_err(|error| error.errno()), Err(Errno::OPNOTSUPP));
    let same = watched.fs.clone().root().unwrap();
    same.watch(&*watched.watch).unwrap();
}

#[test]
fn the_best_method_works_anywhere() {
    for dir in [tempfile::tempdir().ok(), TempDir::new_in("/dev/shm").ok()].into_iter().flatten() {
        let watched = Watched::over(dir, WatchHow::default()).unwrap();
        watched.sh("echo x > sub/f");
        watched.expect("made", "sub/f", watched.id("sub/f"));
        println!("best: {:?}", watched.watch.method());
    }
}

#[test]
fn memory_is_watched_as_disks_are() {
    for method in METHODS {
        let Ok(dir) = TempDir::new_in("/dev/shm") else { return println!("skipped: no tmpfs here") };
        let Some(watched) = Watched::over(dir, how(method)) else { continue };
        watched.sh("echo x > f; mkdir d");
        watched.expect("made", "f", watched.id("f"));
        watched.expect("data", "f", watched.id("f"));
        watched.sh("chmod 600 f; mv f sub/g");
        watched.log.wait(|told| told.what == "moved", "moved");
        watched.expect("attr", "f", watched.id("sub/g"));
    }
}
