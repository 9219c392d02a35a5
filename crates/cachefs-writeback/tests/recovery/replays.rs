use cachefs_vfs::{Access, Mode, OpenHow, Privileges, SetAttr, SetTime, SyncHow, Time, VFile, Vfs, VfsExt};

use crate::world::{World, flush};

fn put(file: &dyn VFile, bytes: &[u8], offset: u64) {
    assert_eq!(file.write_at(bytes, offset, Privileges::Keep).unwrap(), bytes.len());
}

#[test]
fn what_was_written_is_there_again_and_goes_to_the_backing() {
    let world = World::new();
    world.backing.create_dir("d").unwrap();
    world.backing.write("d/old", b"0123456789").unwrap();
    let (fs, replayed) = world.open();
    assert!(replayed.is_nothing());
    fs.write("new", b"fresh").unwrap();
    let old = fs.open("d/old", OpenHow::new(Access::ReadWrite)).unwrap();
    put(&*old, b"XY", 4);
    put(&*old, b"beyond", 12);
    assert_eq!(world.backing.read("d/old").unwrap(), b"0123456789", "it is not in the backing yet");

    let world = world.kill();
    drop((old, fs));
    let (fs, replayed) = world.open();
    assert_eq!((replayed.files, replayed.bytes), (2, 13));
    assert_eq!(fs.read("new").unwrap(), b"fresh");
    assert_eq!(fs.read("d/old").unwrap(), b"0123XY6789\0\0beyond");
    assert_eq!(fs.stat("d/old").unwrap().size, 18);
    flush(&fs);
    assert_eq!(world.backing.read("d/old").unwrap(), b"0123XY6789\0\0beyond");
    assert_eq!(world.backing.read("new").unwrap(), b"fresh");
    let world = world.kill();
    drop(fs);
    let (_, replayed) = world.open();
    assert!(replayed.is_nothing(), "{replayed:?}");
}

#[test]
fn replay_upon_replay_loses_nothing() {
    let mut world = World::new();
    let mut expected = Vec::new();
    for n in 0..5_u8 {
        let fs = world.open_quietly();
        if n == 0 {
            fs.write("f", b"").unwrap();
        }
        fs.append("f", &[n; 1000]).unwrap();
        expected.extend([n; 1000]);
        assert_eq!(fs.read("f").unwrap(), expected);
        world = world.kill();
    }
    let fs = world.open_quietly();
    flush(&fs);
    assert_eq!(world.backing.read("f").unwrap(), expected);
}

#[test]
fn names_may_have_moved_before_the_kill() {
    for by_name in [false, true] {
        let world = if by_name { World::by_name_only() } else { World::new() };
        world.backing.create_dir_all("a/b").unwrap();
        world.backing.write("a/b/f", b"....").unwrap();
        let fs = world.open_quietly();
        let file = fs.open("a/b/f", OpenHow::new(Access::ReadWrite)).unwrap();
        put(&*file, b"one", 0);
        fs.rename("a", "c").unwrap();
        fs.rename("c/b/f", "c/g").unwrap();
        put(&*file, b"!", 3);
        let world = world.kill();
        drop((file, fs));
        let fs = world.open_quietly();
        assert_eq!(fs.read("c/g").unwrap(), b"one!");
        flush(&fs);
        assert_eq!(world.backing.read("c/g").unwrap(), b"one!");
    }
}

#[test]
fn what_was_removed_stays_so() {
    let world = World::new();
    let fs = world.open_quietly();
    fs.write("f", b"bytes").unwrap();
    let held = fs.open("f", OpenHow::new(Access::Read)).unwrap();
    fs.remove_file("f").unwrap();
    let world = world.kill();
    drop((held, fs));
    let fs = world.open_quietly();
    assert!(!fs.exists("f").unwrap());
    flush(&fs);
    assert!(world.backing.list("").unwrap().is_empty());
}

#[test]
fn a_truncation_is_between_what_came_before_and_after() {
    let world = World::new();
    world.backing.write("f", &[b'x'; 100]).unwrap();
    let fs = world.open_quietly();
    let file = fs.open("f", OpenHow::new(Access::ReadWrite)).unwrap();
    put(&*file, &[b'a'; 100], 50);
    file.set_len(60, Privileges::Keep).unwrap();
    file.set_len(80, Privileges::Keep).unwrap();
    put(&*file, b"z", 70);
    let mut expected = vec![b'x'; 50];
    expected.extend([b'a'; 10]);
    expected.extend([0; 20]);
    expected[70] = b'z';
    assert_eq!(fs.read("f").unwrap(), expected);
    let world = world.kill();
    drop((file, fs));
    let fs = world.open_quietly();
    assert_eq!(fs.read("f").unwrap(), expected);
    flush(&fs);
    assert_eq!(world.backing.read("f").unwrap(), expected);
}

#[test]
fn verbs_of_ours_are_no_conflict() {
    let world = World::new();
    world.backing.write("f", b"0123456789").unwrap();
    let fs = world.open_quietly();
    let file = fs.open("f", OpenHow::new(Access::ReadWrite)).unwrap();
    put(&*file, b"ab", 0);
    let mode = Some(Mode::new(0o640));
    file.set_attr(&SetAttr { mode, ..SetAttr::default() }).unwrap();
    let past = Time { seconds: 1_000_000, nanos: 5 };
    let mtime = Some(SetTime::To(past));
    file.set_attr(&SetAttr { mtime, ..SetAttr::default() }).unwrap();
    fs.link("f", "g").unwrap();
    put(&*file, b"cd", 2);
    file.set_attr(&SetAttr { mtime, ..SetAttr::default() }).unwrap();
    file.sync(SyncHow::All).unwrap();
    let world = world.kill();
    drop((file, fs));
    let fs = world.open_quietly();
    assert_eq!(fs.read("g").unwrap(), b"abcd456789");
    assert_eq!(fs.stat("g").unwrap().mtime, past, "a time that was set stays set");
    flush(&fs);
    assert_eq!(world.backing.read("f").unwrap(), b"abcd456789");
    let attr = world.backing.stat("f").unwrap();
    assert_eq!((attr.mtime, attr.mode), (past, Mode::new(0o640)));
}

#[test]
fn a_journal_of_another_source_is_refused() {
    let world = World::new();
    world.open_quietly().write("f", b"x").unwrap();
    let world = world.kill();
    let setup = cachefs_writeback::Setup { source: [8; 32], ..world.setup() };
    let backing = std::sync::Arc::clone(&world.backing) as std::sync::Arc<dyn Vfs>;
    let refused = cachefs_writeback::WriteBack::open(backing, world.journal(), setup);
    assert!(matches!(refused, Err(cachefs_writeback::RecoverError::WrongSource)));
    assert_eq!(world.open_quietly().read("f").unwrap(), b"x");
}
