use std::sync::Arc;
use std::thread;
use std::time::Duration;

use cachefs_testkit::{CallKind, FaultFs, Rule};
use cachefs_vfs::{Access, Errno, Mode, OpenHow, Privileges, ReadOnly, SetAttr, VFile, Vfs, VfsExt};
use cachefs_writeback::WriteBack;

use crate::world::{World, flush};

/// More than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

fn killed() -> World {
    let world = World::new();
    world.backing.write("f", b"0123456789").unwrap();
    world.backing.write("g", b"0123456789").unwrap();
    let fs = world.open_quietly();
    for name in ["f", "g"] {
        let file = fs.open(name, OpenHow::new(Access::ReadWrite)).unwrap();
        file.write_at(b"abc", 2, Privileges::Keep).unwrap();
    }
    world.kill()
}

#[test]
fn a_backing_that_takes_no_writes_makes_it_wait() {
    let world = killed();
    let read_only = Arc::new(ReadOnly::new(Arc::clone(&world.backing) as Arc<dyn Vfs>));
    let (fs, replayed) = world.open_over(read_only);
    assert_eq!(replayed.waiting.len(), 2, "{replayed:?}");
    assert!(
        replayed.waiting.iter().all(|waiting| waiting.error.errno() == Errno::ROFS && waiting.bytes == 3)
    );
    assert_eq!(fs.read("f").unwrap(), b"01abc56789", "it is read as it will be");
    let world = world.kill();
    drop(fs);
    assert!(world.beside().is_empty());
    let fs = world.open_quietly();
    flush(&fs);
    assert_eq!(world.backing.read("f").unwrap(), b"01abc56789");
    assert_eq!(world.backing.read("g").unwrap(), b"01abc56789");
}

/// A truncation of a dirty file of which nobody knows whether it was done; it was not.
fn lose_cut(faults: &FaultFs, fs: &WriteBack, length: u64) -> Arc<dyn VFile> {
    let file = fs.open("f", OpenHow::new(Access::ReadWrite)).unwrap();
    file.write_at(b"abc", 0, Privileges::Keep).unwrap();
    faults.add(Rule::on(CallKind::Attr).fail(Errno::TIMEDOUT));
    faults.add(Rule::on(CallKind::SetLen).fail(Errno::TIMEDOUT));
    assert!(file.set_len(length, Privileges::Keep).is_err());
    faults.release();
    file
}

#[test]
fn a_lost_truncation_is_made_up_for_also_where_other_verbs_came_after_it() {
    let world = World::new();
    world.backing.write("f", b"0123456789").unwrap();
    let faults = Arc::new(FaultFs::new(Arc::clone(&world.backing) as Arc<dyn Vfs>));
    let (fs, _) = world.open_over(Arc::clone(&faults) as Arc<dyn Vfs>);
    let file = lose_cut(&faults, &fs, 5);
    file.set_attr(&SetAttr { mode: Some(Mode::new(0o600)), ..SetAttr::default() }).unwrap();
    assert_eq!(fs.read("f").unwrap(), b"abc34");
    let world = world.kill();
    let fs = world.open_quietly();
    assert_eq!(fs.read("f").unwrap(), b"abc34");
    flush(&fs);
    assert_eq!(world.backing.read("f").unwrap(), b"abc34");
}

#[test]
fn a_lost_truncation_is_over_when_it_was_made_up_for() {
    let world = World::new();
    world.backing.write("f", b"0123456789").unwrap();
    let faults = Arc::new(FaultFs::new(Arc::clone(&world.backing) as Arc<dyn Vfs>));
    let (fs, _) = world.open_over(Arc::clone(&faults) as Arc<dyn Vfs>);
    // As long as this is dirty the journal keeps what was noted of the other file.
    fs.write("keeps", b"the journal").unwrap();
    drop(lose_cut(&faults, &fs, 5));
    let world = world.kill();
    drop(fs);
    let faults = Arc::new(FaultFs::new(Arc::clone(&world.backing) as Arc<dyn Vfs>));
    faults.add(Rule::on(CallKind::SetLen).fail(Errno::TIMEDOUT));
    let (fs, replayed) = world.open_over(Arc::clone(&faults) as Arc<dyn Vfs>);
    assert_eq!(replayed.waiting.len(), 1, "{replayed:?}");
    faults.release();
    let file = fs.open("f", OpenHow::new(Access::ReadWrite)).unwrap();
    assert!(file.write_at(b"xyz", 7, Privileges::Keep).is_err(), "why it waits is told once");
    file.write_at(b"xyz", 7, Privileges::Keep).unwrap();
    // Something is written while it is flushed, so that it is not clean after that.
    let hang = faults.add(Rule::on(CallKind::SetAttr).hang()).release_on_drop();
    thread::scope(|scope| {
        let flush = scope.spawn(|| fs.flush_path("f".as_ref()));
        assert!(hang.wait_waiting(1, PATIENCE));
        file.write_at(b"A", 0, Privileges::Keep).unwrap();
        hang.release();
        flush.join().unwrap().unwrap();
    });
    let world = world.kill();
    let fs = world.open_quietly();
    assert_eq!(fs.read("f").unwrap(), b"Abc34\0\0xyz");
}

#[test]
fn one_file_that_cannot_be_reached_does_not_hold_up_the_others() {
    let world = killed();
    let faulty = Arc::new(FaultFs::new(Arc::clone(&world.backing) as Arc<dyn Vfs>));
    faulty.add(Rule::on(CallKind::Stat).or(CallKind::Open).at("f").fail(Errno::IO));
    faulty.add(Rule::on(CallKind::OpenId).fail(Errno::IO));
    let (fs, replayed) = world.open_over(Arc::clone(&faulty) as Arc<dyn Vfs>);
    assert_eq!((replayed.waiting.len(), replayed.files), (1, 1), "{replayed:?}");
    assert_eq!(fs.read("g").unwrap(), b"01abc56789");
    faulty.release();
    assert_eq!(fs.read("f").unwrap(), b"01abc56789", "the backing is back");
    flush(&fs);
    assert_eq!(world.backing.read("f").unwrap(), b"01abc56789");
    assert!(world.beside().is_empty());
}

#[test]
fn a_copy_that_does_not_fit_is_tried_again() {
    let world = killed();
    world.backing.write("f", b"theirs").unwrap();
    let faulty = Arc::new(FaultFs::new(Arc::clone(&world.backing) as Arc<dyn Vfs>));
    faulty.add(Rule::on(CallKind::Create).or(CallKind::Write).fail(Errno::NOSPC));
    let (fs, replayed) = world.open_over(Arc::clone(&faulty) as Arc<dyn Vfs>);
    assert_eq!((replayed.waiting.len(), replayed.conflicts.len()), (1, 0), "{replayed:?}");
    assert!(world.beside().is_empty());
    faulty.release();
    flush(&fs);
    assert_eq!(world.backing.read("f").unwrap(), b"theirs");
    assert_eq!(world.beside()[0].1, b"thabcs");
}
