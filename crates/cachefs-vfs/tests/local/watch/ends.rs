//! Marks that end with what they are on.

use super::mounts::Mounted;
use super::overflow::Gate;
use super::*;

fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::yield_now();
    }
}

#[test]
fn directories_take_their_marks_along_whoever_removes_them() {
    for method in METHODS {
        let Some(watched) = Watched::new(method) else { continue };
        let marks = || watched.watch.usage().marks;
        let before = marks();
        for (number, dir) in (1..).zip(["ours", "theirs", "held"]) {
            watched.sh(&format!("mkdir {dir}"));
            watched.add(dir);
            assert_eq!(marks(), before + number);
        }
        std::fs::remove_dir(watched.path("ours")).unwrap();
        watched.sh("rmdir theirs");
        wait_until("one is left", || marks() == before + 1);
        let held = watched.dir("held");
        let id = held.attr().unwrap().id;
        watched.sh("rmdir held");
        drop(held);
        watched.expect_id("gone", id);
        wait_until("none is left", || marks() == before);
        assert!(!watched.watch.covers(id) || method == WatchMethod::Filesystem);
    }
}

#[test]
fn marks_whose_end_went_unheard_are_given_back() {
    for method in METHODS {
        let dir = tempfile::tempdir().unwrap();
        let Some(_mounted) = Mounted::at(dir.path().to_path_buf()) else { return };
        let Some((gate, fs, watch)) = gated(&dir, method) else { continue };
        let root = fs.root().unwrap();
        root.watch(&*watch).unwrap();
        let before = watch.usage().marks;
        run(&dir, "mkdir d");
        root.dir(name("d")).unwrap().handle.watch(&*watch).unwrap();
        gate.hold(|| run(&dir, ": > first"));
        run(&dir, &format!("seq {} | xargs touch; rmdir d", super::overflow::too_many()));
        assert_eq!(watch.usage().marks, before + 1);
        gate.set(false);
        gate.log.wait(|told| told.what == "overflow", "overflow");
        wait_until("the kernel was asked what is left", || watch.usage().marks == before);
        assert!(watch.covers(root.attr().unwrap().id), "what is left is covered");
    }
}

/// Where inodes have no generation, a number says little.
#[test]
fn a_directory_made_again_is_watched_though_its_number_was() {
    for method in METHODS {
        let dir = tempfile::tempdir().unwrap();
        let Some(_mounted) = Mounted::overlay(dir.path()) else { return };
        let Some((gate, fs, watch)) = gated(&dir, method) else { continue };
        let root = fs.root().unwrap();
        root.watch(&*watch).unwrap();
        run(&dir, "mkdir d");
        let add = || {
            let found = root.dir(name("d")).unwrap();
            found.handle.watch(&*watch).unwrap();
            found.attr.id
        };
        let first = add();
        gate.hold(|| run(&dir, ": > first"));
        // Another test may get the number first, and give it back.
        let again = "rmdir d; mkdir d; if [ $(stat -c %i d) = NUMBER ]; then break; fi";
        run(
            &dir,
            &format!("for i in $(seq 100); do {again}; done").replace("NUMBER", &first.inode.to_string()),
        );
        let second = add();
        if first != second {
            println!("weak: the number was not used again");
        }
        gate.set(false);
        run(&dir, ": > d/f");
        gate.log.wait(|told| told.at == Some((second, "f".to_owned())), "what happens in the second");
        assert!(watch.covers(second), "{method:?}");
    }
}

#[test]
fn a_filesystem_that_is_replaced_behind_the_back_is_watched_once_it_is_met_again() {
    for method in METHODS {
        let dir = tempfile::tempdir().unwrap();
        run(&dir, "mkdir inner");
        let Some(mounted) = Mounted::at(dir.path().join("inner")) else { return };
        let Some((gate, fs, watch)) = gated(&dir, method) else { continue };
        let root = fs.root().unwrap();
        root.watch(&*watch).unwrap();
        let add = || {
            let found = root.dir(name("inner")).unwrap();
            found.handle.watch(&*watch).unwrap();
            found.attr.id
        };
        add();
        gate.hold(|| run(&dir, ": > first"));
        // The next one has the same number, place and device as the first, most of the time.
        drop(mounted);
        let _mounted = Mounted::at(dir.path().join("inner")).unwrap();
        gate.set(false);
        gate.log.wait(|told| told.what == "overflow", "that it was replaced");
        let second = add();
        run(&dir, ": > inner/f");
        gate.log.wait(|told| told.at == Some((second, "f".to_owned())), "what happens in the second");
        assert!(watch.covers(second), "{method:?}");
    }
}

fn gated(dir: &TempDir, method: WatchMethod) -> Option<(Arc<Gate>, LocalFs, Arc<dyn Watch>)> {
    let fs = LocalFs::open(dir.path()).unwrap();
    let gate = Arc::new(Gate::default());
    let watch = fs.watch(how(method), Arc::clone(&gate) as Arc<dyn Watcher>);
    let watch = watch.map_err(|error| println!("skipped: {error}")).ok()?;
    Some((gate, fs, watch))
}

fn run(dir: &TempDir, script: &str) {
    let done = Command::new("sh").args(["-ec", script]).current_dir(dir.path()).status().unwrap();
    assert!(done.success(), "{script}");
}
