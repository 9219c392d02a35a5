//! Set-id bits under writes.

use cachefs_vfs::{Access, AllocateHow, CreateHow, Mode, OpenHow, Owner, Privileges, VFile};

use super::{Fixture, chmod, creation, is_root, name};

type Change = fn(&dyn VFile, Privileges) -> u64;

/// Every way to change contents.
const CHANGES: [(&str, Change); 5] = [
    ("write", |file, privileges| file.write_at(b"x", 0, privileges).unwrap() as u64),
    ("append", |file, privileges| file.append(b"x", privileges).unwrap() as u64),
    ("set_len", |file, privileges| file.set_len(1, privileges).map(|_| 1).unwrap()),
    ("allocate", |file, privileges| {
        file.allocate(AllocateHow::Grow, 0, 8192, privileges).map(|()| 1).unwrap()
    }),
    ("copy_range", |file, privileges| file.copy_range(0, file, 2, 2, privileges).unwrap()),
];

fn modes_after(privileges: Privileges) -> Vec<(&'static str, u32)> {
    let fixture = Fixture::new();
    let mut modes = Vec::new();
    for (what, change) in CHANGES {
        fixture.write("file", "0123456789");
        chmod(&fixture.dir.path().join("file"), 0o6755);
        let file = fixture.open("file", Access::ReadWrite);
        assert!(change(file.as_ref(), privileges) > 0, "{what}");
        modes.push((what, file.attr().unwrap().mode.bits()));
    }
    modes
}

#[test]
fn they_go_when_they_are_to_go() {
    for (what, mode) in modes_after(Privileges::Drop) {
        assert_eq!(mode, 0o755, "{what}");
    }
}

#[test]
fn they_stay_when_they_are_to_stay_and_the_process_may() {
    if !is_root() {
        return;
    }
    for (what, mode) in modes_after(Privileges::Keep) {
        assert_eq!(mode, 0o6755, "{what}");
    }
}

#[test]
fn the_last_word_counts_on_one_thread() {
    if !is_root() {
        return;
    }
    for _ in 0..3 {
        assert!(modes_after(Privileges::Keep).iter().all(|(_, mode)| *mode == 0o6755));
        assert!(modes_after(Privileges::Drop).iter().all(|(_, mode)| *mode == 0o755));
    }
}

#[test]
fn a_mode_is_set_as_asked_also_after_a_write_that_dropped() {
    if !is_root() {
        return;
    }
    let fixture = Fixture::new();
    fixture.write("file", "x");
    let file = fixture.open("file", Access::ReadWrite);
    file.write_at(b"y", 0, Privileges::Drop).unwrap();
    let set = cachefs_vfs::SetAttr {
        mode: Some(Mode::new(0o6755)),
        uid: Some(1001),
        gid: Some(2002),
        ..Default::default()
    };
    let attr = file.set_attr(&set).unwrap();
    assert_eq!((attr.mode.bits(), attr.uid, attr.gid), (0o6755, 1001, 2002));
}

#[test]
fn a_caller_who_cuts_a_file_while_creating_loses_the_bits() {
    if !is_root() {
        return;
    }
    let fixture = Fixture::impersonating();
    fixture.write("file", "x");
    chmod(&fixture.dir.path().join("file"), 0o6777);
    let mut how = CreateHow { exclusive: false, ..creation(0o600) };
    how.open.truncate = true;
    let owner = Owner { uid: Some(1001), gid: Some(2002), ..Owner::process() };
    let opened = fixture.root.create(name("file"), how, &owner).unwrap();
    assert_eq!((opened.attr.size, opened.attr.mode.bits()), (0, 0o777));
}

#[test]
fn what_the_process_creates_and_cuts_keeps_its_bits_also_after_a_write_that_dropped() {
    if !is_root() {
        return;
    }
    let fixture = Fixture::new();
    std::os::unix::fs::chown(fixture.dir.path(), Some(0), Some(4242)).unwrap();
    chmod(fixture.dir.path(), 0o2777);
    fixture.write("other", "x");
    fixture.open("other", Access::Write).write_at(b"y", 0, Privileges::Drop).unwrap();
    let made =
        fixture.create("file", 0o6755, &Owner { umask: Some(Mode::new(0)), ..Owner::process() }).unwrap();
    assert_eq!((made.attr.gid, made.attr.mode.bits()), (4242, 0o6755));
    fixture.open("other", Access::Write).write_at(b"y", 0, Privileges::Drop).unwrap();
    let how = OpenHow { truncate: true, ..OpenHow::new(Access::Write) };
    assert_eq!(fixture.root.open(name("file"), how).unwrap().attr.mode.bits(), 0o6755);
}
