use std::path::PathBuf;
use std::sync::Arc;

use cachefs_vfs::{Access, OpenHow, Privileges, Vfs, VfsExt};
use cachefs_writeback::{discard, export, inspect};

use crate::world::World;

fn killed() -> World {
    let world = World::new();
    world.backing.create_dir("d").unwrap();
    world.backing.write("d/f", b"0123456789").unwrap();
    let fs = world.open_quietly();
    let file = fs.open("d/f", OpenHow::new(Access::ReadWrite)).unwrap();
    for (bytes, offset) in [(&b"ab"[..], 2), (b"cd", 4), (b"z", 20)] {
        file.write_at(bytes, offset, Privileges::Keep).unwrap();
    }
    fs.write("new", b"fresh").unwrap();
    world.kill()
}

#[test]
fn a_journal_tells_what_it_holds_and_stays_as_it_is() {
    let world = killed();
    for _ in 0..2 {
        let report = inspect(&world.journal()).unwrap();
        assert_eq!((report.files.len(), report.bytes()), (2, 10));
        let file = report.files.iter().find(|file| file.paths == [PathBuf::from("d/f")]).unwrap();
        assert_eq!(file.ranges, [(2, 4), (20, 1)]);
        assert!(file.written.is_some() && file.truncated.is_none() && !file.removed && !file.flushing);
        assert!(report.damaged.is_empty());
    }
    assert_eq!(world.open_quietly().read("d/f").unwrap().len(), 21);
}

#[test]
fn an_export_has_the_dirty_bytes_over_those_of_the_backing() {
    let world = killed();
    let to = tempfile::tempdir().unwrap();
    let out = to.path().join("out");
    let backing = Arc::clone(&world.backing) as Arc<dyn Vfs>;
    let exported = export(&world.journal(), Some(&backing), &out).unwrap();
    assert_eq!((exported.files, exported.bytes, exported.without_base), (2, 10, 0));
    let read = |path: &str| std::fs::read(out.join("files").join(path)).unwrap();
    assert_eq!(read("d/f"), b"01abcd6789\0\0\0\0\0\0\0\0\0\0z");
    assert_eq!(read("new"), b"fresh");
    let manifest = std::fs::read_to_string(out.join("manifest.json")).unwrap();
    assert!(manifest.contains("files/d/f") && manifest.contains("\"backing\""), "{manifest}");
    assert!(export(&world.journal(), Some(&backing), &out).is_err(), "nothing that exists is replaced");
    assert_eq!(world.backing.read("d/f").unwrap(), b"0123456789");
    assert_eq!(inspect(&world.journal()).unwrap().bytes(), 10, "the journal keeps them");
}

#[test]
fn an_export_without_a_backing_is_over_holes() {
    let world = killed();
    let to = tempfile::tempdir().unwrap();
    let exported = export(&world.journal(), None, to.path()).unwrap();
    assert_eq!((exported.files, exported.without_base), (2, 2));
    let bytes = std::fs::read(to.path().join("files/d/f")).unwrap();
    assert_eq!(bytes, b"\0\0abcd\0\0\0\0\0\0\0\0\0\0\0\0\0\0z");
}

#[test]
fn what_is_discarded_is_gone() {
    let world = killed();
    let discarded = discard(&world.journal()).unwrap();
    assert_eq!((discarded.files, discarded.bytes), (2, 10));
    assert!(discarded.segments >= 1);
    let (fs, replayed) = world.open();
    assert!(replayed.is_nothing());
    assert_eq!(fs.read("d/f").unwrap(), b"0123456789");
}
