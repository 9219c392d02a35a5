//! A kill, and then a loss of power: what was promised is in the file, whichever of its names are back.

use cachefs_vfs::{Access, OpenHow, Privileges, RemoveKind, SyncHow, VfsExt};
use cachefs_writeback::WriteBack;

use crate::world::World;

/// Ways for the power to go.
const SEEDS: u64 = 60;

/// A file with two names, durable.
fn linked() -> World {
    let world = World::new();
    world.backing.create_dir("d").unwrap();
    world.backing.create_dir("e").unwrap();
    world.backing.write("d/a", b"0123456789").unwrap();
    world.backing.link("d/a", "e/b").unwrap();
    world.backing.open("d/a", OpenHow::new(Access::Read)).unwrap().sync(SyncHow::All).unwrap();
    for dir in ["d", "e", ""] {
        world.backing.dir(dir).unwrap().sync().unwrap();
    }
    world
}

fn remove(fs: &WriteBack, path: &str) {
    let (dir, name) = path.split_once('/').unwrap();
    fs.dir(dir).unwrap().remove(cachefs_vfs::Name::new(name).unwrap(), RemoveKind::File).unwrap();
}

/// Removes both names and writes to the file in between, or behind, with a sync; then a kill, a replay, and the power.
fn both_removed(work: impl Fn(&WriteBack)) {
    for seed in 0..SEEDS {
        let world = linked();
        let fs = world.open_quietly();
        work(&fs);
        let world = world.kill();
        drop(fs);
        drop(world.open_quietly());
        let world = world.lose_power(seed);
        drop(world.open());
        for path in ["d/a", "e/b"] {
            if let Ok(bytes) = world.open().0.read(path) {
                assert_eq!(bytes, b"01abc56789", "{path}, seed {seed}");
            }
        }
        assert!(world.beside().is_empty(), "seed {seed}");
    }
}

#[test]
fn a_file_written_to_after_the_last_of_its_names_was_removed() {
    both_removed(|fs| {
        let file = fs.open("d/a", OpenHow::new(Access::ReadWrite)).unwrap();
        remove(fs, "d/a");
        remove(fs, "e/b");
        file.write_at(b"abc", 2, Privileges::Keep).unwrap();
        file.sync(SyncHow::All).unwrap();
    });
}

#[test]
fn a_file_that_lost_a_name_before_it_was_written_to() {
    for open_before in [true, false] {
        both_removed(|fs| {
            let open = || fs.open("e/b", OpenHow::new(Access::ReadWrite)).unwrap();
            let early = open_before.then(open);
            remove(fs, "d/a");
            let file = early.unwrap_or_else(open);
            file.write_at(b"abc", 2, Privileges::Keep).unwrap();
            file.sync(SyncHow::All).unwrap();
            remove(fs, "e/b");
        });
    }
}

#[test]
fn a_file_of_several_names_that_is_dirty_as_they_go() {
    both_removed(|fs| {
        let file = fs.open("e/b", OpenHow::new(Access::ReadWrite)).unwrap();
        file.write_at(b"abc", 2, Privileges::Keep).unwrap();
        file.sync(SyncHow::All).unwrap();
        remove(fs, "d/a");
        remove(fs, "e/b");
    });
}
