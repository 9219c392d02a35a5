use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use super::World;
use crate::state_dir::{Drain, HolderState, StateDir, StateError, list};

const LONG: Duration = Duration::from_secs(60);

/// Another process that has the lock, and is killed when dropped.
struct Other(Child);

impl Other {
    fn holding(dir: &Path) -> Self {
        let mut command = Command::new("flock");
        command.arg("--no-fork").arg(dir.join("lock")).args(["sh", "-c", "echo held; exec sleep 1000"]);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut said = [0; 5];
        std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut said).unwrap();
        Self(child)
    }

    fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[test]
fn a_second_one_is_told_who_has_it() {
    let world = World::new();
    let first = world.open().unwrap();
    let refused = world.open_waiting(LONG, |_| panic!("it does not drain")).unwrap_err();
    let StateError::Held { path, holder: Some(holder) } = &refused else { panic!("{refused:?}") };
    assert_eq!(path, first.path());
    assert_eq!((holder.pid, holder.state), (std::process::id(), HolderState::Serving));
    assert_eq!(holder.mount.as_deref(), Some(Path::new("/mnt/here")));
    let text = refused.to_string();
    assert!(text.ends_with("which serves /mnt/here: unmount /mnt/here first"), "{text}");
    assert!(StateDir::open_found(first.path()).is_err(), "also for those who recover");
    let lock = first.path().join("lock");
    drop(first);
    assert_eq!(std::fs::read(lock).unwrap(), b"", "nobody is named any more");
    world.open().unwrap();
}

#[test]
fn who_drains_is_waited_for_and_watched() {
    let world = World::new();
    let first = world.open().unwrap();
    first.begin_drain().unwrap();
    let left = |files_left| Drain { files_left, bytes_left: 500, bytes_done: 10, bytes_per_second: 100 };
    first.publish(&left(2)).unwrap();
    let (sender, told) = mpsc::channel();
    thread::scope(|scope| {
        let second = scope.spawn(|| world.open_waiting(LONG, |drain| sender.send(drain).unwrap()));
        assert_eq!(told.recv(), Ok(Some(left(2))));
        first.publish(&left(1)).unwrap();
        while told.recv().unwrap() != Some(left(1)) {}
        drop(first);
        let second = second.join().unwrap().unwrap();
        assert!(!second.path().join("drain.json").exists(), "that was of the first");
        let holder = list(&world.root()).unwrap().remove(0).unwrap().holder.unwrap();
        assert_eq!(holder.state, HolderState::Serving);
    });
    assert_eq!(left(1).time_left(), Some(Duration::from_secs(5)));
    assert_eq!(Drain { bytes_per_second: 0, ..left(1) }.time_left(), None);
}

#[test]
fn the_wait_for_a_drain_ends() {
    let world = World::new();
    let first = world.open().unwrap();
    first.begin_drain().unwrap();
    let mut looks = 0;
    let refused = world.open_waiting(Duration::from_millis(400), |_| looks += 1).unwrap_err();
    assert_eq!(looks, 4, "ten times a second");
    let StateError::Held { holder: Some(holder), .. } = &refused else { panic!("{refused:?}") };
    assert!(holder.is_draining());
    assert!(refused.to_string().ends_with("writing back what remains: wait until it has ended"), "{refused}");
}

#[test]
fn a_killed_holder_holds_nothing() {
    let world = World::new();
    let path = world.open().unwrap().path().to_path_buf();
    let mut other = Other::holding(&path);
    let refused = world.open().unwrap_err();
    assert!(matches!(refused, StateError::Held { holder: None, .. }), "{refused:?}");
    assert!(refused.to_string().contains("by a process that does not say who it is"), "{refused}");
    assert!(list(&world.root()).unwrap()[0].as_ref().unwrap().held);
    other.kill();
    let state = world.open().unwrap();
    assert!(state.path().join("journal").is_dir());
}

#[test]
fn what_a_killed_holder_said_is_not_believed() {
    let world = World::new();
    let path = world.open().unwrap().path().to_path_buf();
    let said =
        r#"{"pid":1,"started":1,"mount":"/a/very/long/way/to/some/mount/point/of/old","state":"draining"}"#;
    std::fs::write(path.join("lock"), said).unwrap();
    std::fs::write(path.join("drain.json"), "{}").unwrap();
    let found = list(&world.root()).unwrap().remove(0).unwrap();
    assert_eq!((found.held, found.holder, found.drain), (false, None, None));
    let state = world.open().unwrap();
    let found = list(&world.root()).unwrap().remove(0).unwrap();
    assert_eq!(found.holder.unwrap().pid, std::process::id());
    assert!(!state.path().join("drain.json").exists());
}

#[test]
fn those_who_only_look_keep_nobody_out() {
    let world = World::new();
    drop(world.open().unwrap());
    let end = Instant::now() + Duration::from_millis(500);
    thread::scope(|scope| {
        let looking = scope.spawn(|| {
            while Instant::now() < end {
                list(&world.root()).unwrap();
            }
        });
        while !looking.is_finished() {
            world.open().unwrap();
        }
    });
}

#[test]
fn a_lock_that_lost_its_name_keeps_the_next_one_from_nothing() {
    let world = World::new();
    let first = world.open().unwrap();
    std::fs::remove_file(first.path().join("lock")).unwrap();
    let second = world.open().unwrap();
    assert!(matches!(world.open(), Err(StateError::Held { .. })));
    drop((first, second));
}
