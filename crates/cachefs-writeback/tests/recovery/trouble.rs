use std::sync::Arc;

use cachefs_testkit::{CallKind, FaultFs, Rule};
use cachefs_vfs::{Access, Errno, OpenHow, Privileges, ReadOnly, Vfs, VfsExt};

use crate::world::{World, flush};

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
