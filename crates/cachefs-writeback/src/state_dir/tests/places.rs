use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

use super::World;
use crate::state_dir::{Source, StateDir, StateError, list};

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

#[test]
fn nobody_else_may_look_into_it() {
    let world = World::new();
    let state = world.open().unwrap();
    assert_eq!(mode(&world.root()), 0o700);
    assert_eq!(mode(state.path()), 0o700);
    assert_eq!(mode(&state.path().join("journal")), 0o700);
    for name in ["lock", "source.json"] {
        assert_eq!(mode(&state.path().join(name)), 0o600, "{name}");
    }
}

#[test]
fn one_that_others_may_look_into_is_refused() {
    let world = World::new();
    let path = world.open().unwrap().path().to_path_buf();
    chmod(&path, 0o750);
    let refused = world.open().unwrap_err();
    assert_eq!(refused, StateError::Open { path: path.clone(), mode: 0o750, wanted: 0o700 });
    let text = refused.to_string();
    assert!(text.contains("(mode 0750)") && text.contains("chmod it to 0700"), "{text}");
    chmod(&path, 0o700);
    world.open().unwrap();
}

#[test]
fn a_root_that_others_may_write_to_is_refused_unless_it_is_as_tmp() {
    let world = World::new();
    drop(world.open().unwrap());
    chmod(&world.root(), 0o775);
    let refused = world.open().unwrap_err();
    assert_eq!(refused, StateError::Open { path: world.root(), mode: 0o775, wanted: 0o755 });
    for fine in [0o755, 0o1777] {
        chmod(&world.root(), fine);
        world.open().unwrap();
    }
}

#[test]
fn one_that_somebody_else_made_is_refused() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let world = World::new();
    let path = world.open().unwrap().path().to_path_buf();
    for (place, uid) in [(&path, 12345), (&world.root(), 12345)] {
        std::os::unix::fs::chown(place, Some(uid), None).unwrap();
        let refused = world.open().unwrap_err();
        assert_eq!(refused, StateError::Foreign { path: place.clone(), uid });
        assert!(refused.to_string().contains("belongs to user 12345"), "{refused}");
        std::os::unix::fs::chown(place, Some(0), None).unwrap();
    }
}

#[test]
fn a_symlink_in_its_place_is_not_followed() {
    let world = World::new();
    let path = world.open().unwrap().path().to_path_buf();
    let elsewhere = world.dir.path().join("elsewhere");
    fs::rename(&path, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
    assert!(matches!(world.open(), Err(StateError::Io(_))));
}

#[test]
fn the_journal_is_not_kept_in_what_it_is_of() {
    let world = World::new();
    let source = world.source();
    for inside in [world.source_path(), world.source_path().join("a/b")] {
        let refused = StateDir::open(&inside, &source, None, Duration::ZERO, |_| ()).unwrap_err();
        assert!(matches!(refused, StateError::Inside { .. }), "{refused:?}");
    }
    assert_eq!(fs::read_dir(world.source_path()).unwrap().count(), 0, "nothing is left behind");
    let root = world.root();
    let refused = StateDir::open(&root, &source, Some(world.dir.path()), Duration::ZERO, |_| ()).unwrap_err();
    assert!(matches!(refused, StateError::Inside { .. }), "{refused:?}");
}

#[test]
fn all_of_a_root_are_listed_and_can_be_taken_without_their_source() {
    let world = World::new();
    assert_eq!(list(&world.root()), Ok(vec![]), "there is no root yet");
    let other = world.dir.path().join("other");
    fs::create_dir(&other).unwrap();
    let second = Source::of(&other).unwrap();
    let mut paths = vec![
        world.open().unwrap().path().to_path_buf(),
        StateDir::open(&world.root(), &second, None, Duration::ZERO, |_| ()).unwrap().path().to_path_buf(),
    ];
    paths.sort_unstable();
    fs::remove_dir(&other).unwrap();
    fs::write(world.root().join("a-file"), "").unwrap();
    fs::create_dir_all(world.root().join("not-ours")).unwrap();
    chmod(&world.root().join("not-ours"), 0o700);

    let found: Vec<_> = list(&world.root()).unwrap().into_iter().map(Result::unwrap).collect();
    assert_eq!(found.iter().map(|found| found.path.clone()).collect::<Vec<_>>(), paths);
    assert!(found.iter().all(|found| !found.held && found.holder.is_none() && found.drain.is_none()));
    let gone = found.iter().find(|found| found.source.path() == second.path()).unwrap();
    let state = StateDir::open_found(&gone.path).unwrap();
    assert_eq!(state.source(), &second);
    assert!(list(&world.root()).unwrap().iter().any(|found| found.as_ref().unwrap().held));

    chmod(&paths[0], 0o755);
    let refused = list(&world.root()).unwrap();
    assert_eq!(
        refused.iter().filter(|found| found.is_err()).count(),
        1,
        "it is told, and the others as well"
    );
}

#[test]
fn errors_of_the_system_say_what_and_where() {
    let missing = Path::new("/nowhere/at/all");
    let refused = Source::of(missing).unwrap_err().to_string();
    assert_eq!(refused, "opening the source /nowhere/at/all: No such file or directory");
    let refused = StateDir::open_found(missing).unwrap_err().to_string();
    assert_eq!(refused, "opening /nowhere/at/all: No such file or directory");
}
