//! Handles opened for attributes only.

use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};

use cachefs_vfs::{
    Access, Errno, FileKind, Mode, OpenHow, Privileges, SetAttr, SetTime, SyncHow, Time, XattrHow,
};

use super::{Fixture, chmod, errno, is_root, name};

#[test]
fn a_symlink_has_times_and_xattrs_but_no_mode() {
    let fixture = Fixture::new();
    symlink("nowhere", fixture.dir.path().join("link")).unwrap();
    let link = fixture.open("link", Access::Path);
    assert_eq!(link.attr().unwrap().kind, FileKind::Symlink);
    let time = Time { seconds: -5, nanos: 7 };
    let set = SetAttr { mtime: Some(SetTime::To(time)), ..Default::default() };
    let attr = link.set_attr(&set).unwrap();
    assert_eq!(attr.mtime, time);
    let mode = SetAttr { mode: Some(Mode::new(0o600)), ..Default::default() };
    assert_eq!(errno(link.set_attr(&mode)), Some(Errno::OPNOTSUPP));
    assert_eq!(errno(link.set_xattr("user.a".as_ref(), b"x", XattrHow::Set)), Some(Errno::PERM));
    if is_root() {
        link.set_xattr("trusted.a".as_ref(), b"x", XattrHow::Set).unwrap();
        assert_eq!(link.xattr("trusted.a".as_ref()).unwrap(), b"x");
        let owner = SetAttr { uid: Some(1001), ..Default::default() };
        assert_eq!(link.set_attr(&owner).unwrap().uid, 1001);
        assert_eq!(fixture.root.read_link(name("link")).unwrap().to_str(), Some("nowhere"));
    }
}

#[test]
fn a_file_changes_through_one_without_being_opened() {
    let fixture = Fixture::new();
    fixture.write("file", "0123456789");
    chmod(&fixture.dir.path().join("file"), 0o600);
    let file = fixture.open("file", Access::Path);
    let set = SetAttr { mode: Some(Mode::new(0o640)), atime: Some(SetTime::Now), ..Default::default() };
    let before = file.attr().unwrap();
    let after = file.set_attr(&set).unwrap();
    assert_eq!(after.mode.bits(), 0o640);
    assert!(after.atime >= before.atime && after.mtime == before.mtime);
    assert_eq!(file.set_len(4, Privileges::Drop).unwrap().size, 4);
    file.sync(SyncHow::All).unwrap();
    assert_eq!(errno(file.read_at(&mut [0; 4], 0)), Some(Errno::BADF));
    assert_eq!(errno(file.append(b"x", Privileges::Drop)), Some(Errno::BADF));
    assert_eq!(fixture.read("file"), b"0123");
    let reader = fixture.open("file", Access::Read);
    assert_eq!(reader.set_len(2, Privileges::Drop).unwrap().size, 2, "a reader's handle cuts, too");
}

#[test]
fn xattrs_are_the_same_through_every_handle() {
    let fixture = Fixture::new();
    fixture.write("file", "x");
    let handles = [fixture.open("file", Access::Path), fixture.open("file", Access::ReadWrite)];
    let (key, long) = ("user.long".as_ref(), vec![b'v'; 3000]);
    for (writer, reader) in [(&handles[0], &handles[1]), (&handles[1], &handles[0])] {
        match writer.set_xattr(key, &long, XattrHow::Create) {
            Err(error) if error.errno() == Errno::OPNOTSUPP => return println!("skipped: no user xattrs"),
            done => done.unwrap(),
        }
        assert_eq!(reader.xattr(key).unwrap(), long);
        assert!(reader.xattrs().unwrap().iter().any(|name| name == "user.long"));
        assert_eq!(errno(writer.set_xattr(key, b"", XattrHow::Create)), Some(Errno::EXIST));
        reader.set_xattr(key, b"", XattrHow::Replace).unwrap();
        assert_eq!(writer.xattr(key).unwrap(), b"");
        writer.remove_xattr(key).unwrap();
        assert_eq!(errno(reader.xattr(key)), Some(Errno::NODATA));
        assert_eq!(errno(writer.set_xattr(key, b"", XattrHow::Replace)), Some(Errno::NODATA));
    }
}

#[test]
fn a_handle_outlives_every_name() {
    let fixture = Fixture::new();
    fixture.write("file", "0123");
    let file = fixture.open("file", Access::ReadWrite);
    fixture.root.remove(name("file"), cachefs_vfs::RemoveKind::File).unwrap();
    file.append(b"45", Privileges::Drop).unwrap();
    let mut bytes = [0; 8];
    assert_eq!(file.read_at(&mut bytes, 0).unwrap(), 6);
    assert_eq!((&bytes[..6], file.attr().unwrap().links), (&b"012345"[..], 0));
}

#[test]
fn a_running_program_reopens_to_be_read_and_not_to_be_written() {
    let fixture = Fixture::new();
    let program = fixture.dir.path().join("program");
    // By another process: a descriptor for writing that a child of ours inherits would be busy, too.
    assert!(Command::new("cp").arg("/bin/cat").arg(&program).status().unwrap().success());
    let mut child = Command::new(&program).stdin(Stdio::piped()).spawn().unwrap();
    let path = fixture.open("program", Access::Path);
    std::fs::remove_file(&program).unwrap();
    for access in [Access::Write, Access::ReadWrite] {
        assert_eq!(errno(path.reopen(OpenHow::new(access))), Some(Errno::TXTBSY));
    }
    assert!(path.reopen(OpenHow::new(Access::Read)).unwrap().read_at(&mut [0; 4], 0).unwrap() == 4);
    drop(child.stdin.take());
    child.wait().unwrap();
    path.reopen(OpenHow::new(Access::ReadWrite)).unwrap();
}

#[test]
fn a_pipe_reopens_for_attributes_and_blocks_nobody() {
    let fixture = Fixture::new();
    let made = Command::new("mkfifo").arg(fixture.dir.path().join("pipe")).status().unwrap();
    assert!(made.success());
    let path = fixture.open("pipe", Access::Path);
    assert_eq!(path.reopen(OpenHow::new(Access::Path)).unwrap().attr().unwrap().kind, FileKind::Fifo);
    for access in [Access::Read, Access::Write, Access::ReadWrite] {
        assert_eq!(errno(path.reopen(OpenHow::new(access))), Some(Errno::OPNOTSUPP));
    }
}
