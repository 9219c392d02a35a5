use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use super::{World, files, leave};
use crate::state_dir::{Source, StateDir, StateError, list};

/// Another directory at the path of the source, as where a filesystem is not mounted.
fn replace_source(world: &World) {
    fs::rename(world.source_path(), world.dir.path().join("unmounted")).unwrap();
    fs::create_dir(world.source_path()).unwrap();
}

#[test]
fn the_same_source_comes_back_to_its_journal() {
    let world = World::new();
    let journal = leave(world.open().unwrap(), false);
    let left = files(&journal);
    let again = world.open().unwrap();
    assert_eq!(again.path().join("journal"), journal);
    assert_eq!(files(&journal), left);
    assert_eq!(again.source(), &world.source());
    assert_eq!(again.devices(), [world.source().id().device]);
}

#[test]
fn a_source_by_a_symlink_is_the_same() {
    let world = World::new();
    let link = world.dir.path().join("link");
    std::os::unix::fs::symlink(world.source_path(), &link).unwrap();
    assert_eq!(Source::of(&link).unwrap(), world.source());
}

#[test]
fn an_empty_mount_point_is_not_the_source_that_was_there() {
    let world = World::new();
    let journal = leave(world.open().unwrap(), false);
    let (path, left) = (journal.parent().unwrap(), files(&journal));
    replace_source(&world);
    let refused = world.open().unwrap_err();
    assert!(
        matches!(&refused, StateError::OtherSource { path: at, source_path, .. }
            if at == path && *source_path == world.source().path()),
        "{refused:?}"
    );
    let text = refused.to_string();
    assert!(text.contains("is not the directory that it was"), "{text}");
    assert!(text.contains("mount the filesystem that was there"), "{text}");
    assert_eq!(files(&journal), left, "nothing is touched");

    fs::remove_dir(world.source_path()).unwrap();
    fs::rename(world.dir.path().join("unmounted"), world.source_path()).unwrap();
    world.open().unwrap();
}

#[test]
fn a_state_directory_with_nothing_in_it_follows_the_path() {
    let world = World::new();
    let before = world.source();
    let journal = leave(world.open().unwrap(), true);
    replace_source(&world);
    let state = world.open().unwrap();
    assert_eq!(files(&journal), 0, "what was of the other is gone");
    assert_ne!(before.digest(), world.source().digest());
    assert_eq!(state.source(), &world.source());
}

#[test]
fn another_device_of_the_same_source_is_noted() {
    let world = World::new();
    let path = world.open().unwrap().path().join("source.json");
    let text = fs::read_to_string(&path).unwrap();
    let device = world.source().id().device;
    let moved = text.replace(&device.to_string(), "4242");
    assert_ne!(text, moved);
    fs::write(&path, moved).unwrap();
    assert_eq!(world.open().unwrap().devices(), [device, 4242]);
    assert_eq!(world.open().unwrap().devices(), [device, 4242], "and kept");
}

#[test]
fn a_path_that_is_no_text_is_kept_to_the_byte() {
    let world = World::new();
    let odd = world.dir.path().join(OsStr::from_bytes(b"odd\xff\xfe"));
    fs::create_dir(&odd).unwrap();
    let source = Source::of(&odd).unwrap();
    for _ in 0..2 {
        let state = StateDir::open(&world.root(), &source, Some(&odd), Duration::ZERO, |_| ()).unwrap();
        let found = list(&world.root()).unwrap().remove(0).unwrap();
        assert_eq!((&found.source, found.holder.unwrap().mount), (state.source(), Some(odd.clone())));
    }
}

#[test]
fn what_a_later_version_wrote_is_left_alone() {
    let world = World::new();
    let path = world.open().unwrap().path().join("source.json");
    fs::write(&path, r#"{"format": 2, "of": "something else"}"#).unwrap();
    assert!(matches!(world.open(), Err(StateError::Later { format: 2, .. })));
}

#[test]
fn what_makes_no_sense_is_not_guessed_at() {
    let world = World::new();
    let path = world.open().unwrap().path().join("source.json");
    fs::write(&path, "{").unwrap();
    let refused = world.open().unwrap_err().to_string();
    assert!(refused.contains("source.json that cannot be read"), "{refused}");
    fs::remove_file(&path).unwrap();
    let refused = world.open().unwrap_err().to_string();
    assert!(refused.contains("has a journal, but no source.json"), "{refused}");
}

#[test]
fn the_journal_is_a_directory_to_write_in() {
    let world = World::new();
    let state = world.open().unwrap();
    let journal = state.journal().unwrap();
    let name = cachefs_vfs::Name::new("00000001.journal").unwrap();
    journal.stat(name).unwrap_err();
    fs::write(state.path().join("journal/00000001.journal"), "x").unwrap();
    assert_eq!(journal.stat(name).unwrap().size, 1);
}
