use cachefs_vfs::{Access, OpenHow, Privileges, VfsExt};
use cachefs_writeback::inspect;

use crate::world::World;
use crate::written::{Written, reopen, segments, told};

/// Cut off in the middle, all before it is there.
#[test]
fn what_lies_before_a_cut_is_kept() {
    let whole = Written::new(5, 2, 60);
    let segment = segments(&whole.world).pop().unwrap();
    let length = whole.world.state.stat(&segment).unwrap().size;
    let mut missing_before = 0;
    for part in (1..=20).rev() {
        let written = Written::new(5, 2, 60);
        let segment = segments(&written.world).pop().unwrap();
        written.world.state.set_len(&segment, length * part / 20).unwrap();
        let (missing, _) = written.missing(&format!("{part} of 20 parts"));
        assert!(missing >= missing_before, "less is left, more is missing");
        missing_before = missing;
    }
    assert!(missing_before > 0);
}

/// Writes to fill several segments: one in the middle is taken away.
#[test]
fn a_segment_that_is_missing_takes_only_its_own() {
    let count = segments(&Written::new(9, 4, 600).world).len();
    assert!(count > 3, "{count} segments");
    for n in 1..count - 1 {
        let written = Written::new(9, 4, 600);
        let segment = segments(&written.world).remove(n);
        written.world.state.remove_file(&segment).unwrap();
        let (_, replayed) = written.missing(&format!("segment {n}"));
        let (_, records) = told(&replayed);
        assert!(records > 10, "{replayed:?}");
    }
}

/// The first segment says which files there are: without it, the bytes are still there, by whatever name.
#[test]
fn bytes_whose_file_is_unknown_are_kept_under_a_name_of_their_own() {
    let world = World::new();
    let fs = world.open_quietly();
    fs.write("f", b"").unwrap();
    let file = fs.open("f", OpenHow::new(Access::ReadWrite)).unwrap();
    for n in 0..100_u64 {
        file.write_at(&[7; 4096], n * 4096, Privileges::Keep).unwrap();
    }
    let world = world.kill();
    let segments = segments(&world);
    assert!(segments.len() > 3);
    world.state.remove_file(&segments[0]).unwrap();
    let report = inspect(&world.journal()).unwrap();
    assert_eq!(report.files.len(), 1);
    assert!(report.files[0].id.is_none() && report.bytes() > 100_000, "{report:?}");
    let (_fs, replayed) = reopen(&world);
    assert_eq!(replayed.conflicts.len(), 1, "{replayed:?}");
    assert!(replayed.conflicts[0].path.is_none());
    let kept = world.backing.read(&replayed.conflicts[0].beside).unwrap();
    assert_eq!(kept.iter().filter(|byte| **byte == 7).count() as u64, replayed.conflicts[0].bytes);
    assert_eq!(world.backing.read("f").unwrap(), b"", "nobody can say that they belong there");
}

/// What was flushed and overwritten since is not written over newer bytes because the end of the flush is lost.
#[test]
fn old_bytes_do_not_come_back_when_records_between_are_lost() {
    let mut harmed = 0;
    for n in 0..40 {
        let world = World::new();
        world.backing.write("f", &[0; 100]).unwrap();
        let fs = world.open_quietly();
        let file = fs.open("f", OpenHow::new(Access::ReadWrite)).unwrap();
        file.write_at(&[1; 100], 0, Privileges::Keep).unwrap();
        // Keeps the segments.
        fs.write("other", b"dirty").unwrap();
        fs.flush_path("f".as_ref()).unwrap();
        file.write_at(&[2; 100], 0, Privileges::Keep).unwrap();
        fs.flush_path("f".as_ref()).unwrap();
        fs.append("other", b"!").unwrap();
        let world = world.kill();
        let segment = segments(&world).pop().unwrap();
        let mut bytes = world.state.read(&segment).unwrap();
        let used = bytes.iter().rposition(|byte| *byte != 0).unwrap_or(0) + 1;
        let from = (256 + n * 24).min(used);
        let until = (from + 400).min(used);
        bytes[from..until].fill(0xFF);
        world.state.write(&segment, &bytes).unwrap();
        let (fs, replayed) = reopen(&world);
        crate::world::flush(&fs);
        assert_eq!(world.backing.read("f").unwrap(), [2; 100], "hole at {from}: {replayed:?}");
        harmed += usize::from(!replayed.damaged.is_empty());
    }
    assert!(harmed > 10, "{harmed}");
}
