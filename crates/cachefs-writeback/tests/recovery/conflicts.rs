use std::path::Path;

use cachefs_vfs::{Mode, OpenHow, SetAttr, VfsExt};

use crate::world::{World, flush};

/// One dirty file `d/f`: three bytes at 2 over `0123456789`; killed.
fn killed(world: World) -> World {
    world.backing.create_dir("d").unwrap();
    world.backing.write("d/f", b"0123456789").unwrap();
    let file = world.backing.open("d/f", OpenHow::new(cachefs_vfs::Access::Write)).unwrap();
    file.set_attr(&SetAttr { mode: Some(Mode::new(0o640)), ..SetAttr::default() }).unwrap();
    let fs = world.open_quietly();
    let file = fs.open("d/f", OpenHow::new(cachefs_vfs::Access::ReadWrite)).unwrap();
    file.write_at(b"abc", 2, cachefs_vfs::Privileges::Keep).unwrap();
    world.kill()
}

#[test]
fn what_others_changed_stays_and_ours_goes_beside_it() {
    let world = killed(World::new());
    world.backing.write("d/f", b"theirs, longer").unwrap();
    let (fs, replayed) = world.open();
    assert_eq!(replayed.conflicts.len(), 1, "{replayed:?}");
    let kept = &replayed.conflicts[0];
    assert_eq!((kept.path.as_deref(), kept.bytes), (Some(Path::new("d/f")), 3));
    assert_eq!(fs.read("d/f").unwrap(), b"theirs, longer");
    assert_eq!(fs.read(&kept.beside).unwrap(), b"thabcs, longer");
    assert_eq!(fs.stat(&kept.beside).unwrap().mode, Mode::new(0o640));
    assert_eq!(kept.beside.parent(), Some(Path::new("d")));
    flush(&fs);
    assert_eq!(world.backing.read("d/f").unwrap(), b"theirs, longer");
    let world = world.kill();
    let (_, replayed) = world.open();
    assert!(replayed.is_nothing(), "once is enough: {replayed:?}");
}

#[test]
fn what_others_removed_comes_back_under_another_name() {
    let world = killed(World::new());
    world.backing.remove_file("d/f").unwrap();
    let (fs, replayed) = world.open();
    assert_eq!(replayed.conflicts.len(), 1, "{replayed:?}");
    assert!(!fs.exists("d/f").unwrap());
    assert_eq!(world.beside(), [(replayed.conflicts[0].beside.clone(), b"\0\0abc".to_vec())]);
}

#[test]
fn where_the_directory_is_gone_the_nearest_one_above_takes_it() {
    let world = killed(World::new());
    world.backing.remove_dir_all("d").unwrap();
    let (_, replayed) = world.open();
    let kept = &replayed.conflicts[0];
    assert_eq!(kept.beside.parent(), Some(Path::new("")));
    assert!(kept.beside.to_string_lossy().starts_with("f.cachefs-conflict-"));
}

#[test]
fn a_file_that_replaced_ours_is_never_written_to() {
    for by_name in [false, true] {
        let world = killed(if by_name { World::by_name_only() } else { World::new() });
        world.backing.write("d/new", b"0123456789").unwrap();
        world.backing.rename("d/new", "d/f").unwrap();
        let (fs, replayed) = world.open();
        assert_eq!(replayed.conflicts.len(), 1);
        flush(&fs);
        assert_eq!(world.backing.read("d/f").unwrap(), b"0123456789");
        assert_eq!(world.beside()[0].1, b"\0\0abc");
    }
}

/// A rename by others moves the ctime; that the bytes are the same nobody can tell.
#[test]
fn a_file_that_others_moved_is_found_and_ours_goes_beside_it() {
    for by_name in [false, true] {
        let world = killed(if by_name { World::by_name_only() } else { World::new() });
        world.backing.create_dir("e").unwrap();
        world.backing.rename("d/f", "e/g").unwrap();
        let (fs, replayed) = world.open();
        assert_eq!(replayed.conflicts.len(), 1);
        flush(&fs);
        assert_eq!(world.backing.read("e/g").unwrap(), b"0123456789");
        assert_eq!(world.beside()[0].1, b"01abc56789");
    }
}

#[test]
fn a_directory_that_others_moved_takes_its_files_along() {
    for by_name in [false, true] {
        let world = killed(if by_name { World::by_name_only() } else { World::new() });
        world.backing.rename("d", "e").unwrap();
        let fs = world.open_quietly();
        assert_eq!(fs.read("e/f").unwrap(), b"01abc56789");
        flush(&fs);
        assert_eq!(world.backing.read("e/f").unwrap(), b"01abc56789");
    }
}

#[test]
fn after_a_loss_of_power_a_file_that_is_gone_is_let_go() {
    let mut world = killed(World::new());
    world.backing.remove_file("d/f").unwrap();
    world.boot = 2;
    let (_, replayed) = world.open();
    assert!(replayed.conflicts.is_empty() && world.beside().is_empty());
    assert_eq!(replayed.dropped.len(), 1);
    assert!(!replayed.dropped[0].removed && replayed.dropped[0].bytes == 3);
}

#[test]
fn after_a_loss_of_power_a_ctime_that_moved_alone_is_no_conflict() {
    let mut world = killed(World::new());
    let file = world.backing.open("d/f", OpenHow::new(cachefs_vfs::Access::Write)).unwrap();
    file.set_attr(&SetAttr { mode: Some(Mode::new(0o600)), ..SetAttr::default() }).unwrap();
    world.boot = 2;
    let fs = world.open_quietly();
    assert_eq!(fs.read("d/f").unwrap(), b"01abc56789");
}

#[test]
fn names_that_are_taken_are_passed_over() {
    let world = killed(World::new());
    world.backing.write("d/f", b"theirs").unwrap();
    let (_, replayed) = world.open();
    let first = replayed.conflicts[0].beside.clone();
    let world = world.kill();
    let fs = world.open_quietly();
    fs.write("d/f", b"ours").unwrap();
    let world = world.kill();
    world.backing.write("d/f", b"theirs again").unwrap();
    let (_, replayed) = world.open();
    assert_ne!(replayed.conflicts[0].beside, first);
    assert_eq!(world.beside().len(), 2);
}
