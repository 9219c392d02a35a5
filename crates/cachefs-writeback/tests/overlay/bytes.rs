use std::sync::Arc;

use cachefs_testkit::CallKind;
use cachefs_vfs::{
    Access, AllocateHow, CreateHow, Errno, Mode, Object, OpenHow, Owner, Privileges, SeekTo, SetAttr,
    SetTime, SyncHow, Time, VFile, Vfs, XattrHow,
};

use crate::bench::{Bench, bytes, name, read};

const KEEP: Privileges = Privileges::Keep;

#[test]
fn a_small_write_into_a_large_file_costs_what_it_is() {
    let bench = Bench::new();
    let file = bench.dirty("f", &vec![7; 4 << 20]);
    bench.settle();
    let before = bench.counted.snapshot();
    file.write_at(b"0123456789", 1 << 20, KEEP).unwrap();
    bench.settle();
    let counts = bench.counted.snapshot().since(&before);
    assert_eq!((counts.bytes_read, counts.bytes_written), (0, 10));
    assert_eq!(&bytes(&*bench.bare, "f")[(1 << 20) - 1..(1 << 20) + 11], b"\x070123456789\x07");
}

#[test]
fn opening_to_cut_a_dirty_file_cuts_what_is_dirty() {
    for create in [false, true] {
        let bench = Bench::new();
        let file = bench.dirty("f", b"abc");
        let how = OpenHow { truncate: true, ..OpenHow::new(Access::Write) };
        let opened = if create {
            let how = CreateHow { open: how, mode: Mode::new(0o600), exclusive: false };
            bench.root.create(name("f"), how, &Owner::process()).unwrap()
        } else {
            bench.root.open(name("f"), how).unwrap()
        };
        assert_eq!((opened.attr.size, file.attr().unwrap().size, read(&*file)), (0, 0, vec![]));
        opened.handle.append(b"x", KEEP).unwrap();
        assert_eq!(read(&*file), b"x");
        bench.settle();
        assert_eq!(bytes(&*bench.bare, "f"), b"x");
    }
}

#[test]
fn creating_what_is_there_and_dirty_opens_it() {
    let bench = Bench::new();
    bench.dirty("f", b"abc");
    let how = CreateHow { open: OpenHow::new(Access::ReadWrite), mode: Mode::new(0o600), exclusive: false };
    let opened = bench.root.create(name("f"), how, &Owner::process()).unwrap();
    assert_eq!((opened.attr.size, read(&*opened.handle)), (3, b"abc".to_vec()));
    let refused = bench.root.create(name("f"), CreateHow { exclusive: true, ..how }, &Owner::process());
    assert_eq!(refused.unwrap_err().errno(), Errno::EXIST);
}

#[test]
fn a_dirty_file_is_cut_and_extended_at_once() {
    let bench = Bench::new();
    let file = bench.dirty("f", b"0123456789");
    assert_eq!(file.set_len(4, KEEP).unwrap().size, 4);
    assert_eq!((read(&*file), bench.stat("f").size), (b"0123".to_vec(), 4));
    assert_eq!(file.set_len(6, KEEP).unwrap().size, 6);
    assert_eq!(read(&*file), b"0123\0\0");
    file.append(b"!", KEEP).unwrap();
    bench.settle();
    assert_eq!(bytes(&*bench.bare, "f"), b"0123\0\0!");
}

#[test]
fn the_backing_has_all_bytes_before_it_works_on_them() {
    let bench = Bench::new();
    let (from, to) = (bench.dirty("f", b"0123456789"), bench.dirty("g", b"abcdefghij"));
    assert_eq!(from.copy_range(2, &*to, 4, 3, KEEP).unwrap(), 3);
    assert_eq!((read(&*to), bytes(&*bench.bare, "g")), (b"abcd234hij".to_vec(), b"abcd234hij".to_vec()));
    from.write_at(b"X", 0, KEEP).unwrap();
    from.allocate(AllocateHow::PunchHole, 1, 2, KEEP).unwrap();
    assert_eq!(read(&*from), b"X\0\x003456789");
    to.write_at(b"Y", 20, KEEP).unwrap();
    assert_eq!(to.seek(0, SeekTo::Data).unwrap(), 0);
    let direct = OpenHow { direct: true, ..OpenHow::new(Access::Read) };
    from.write_at(b"Z", 0, KEEP).unwrap();
    assert_eq!(read(&*bench.root.open(name("f"), direct).unwrap().handle), b"Z\0\x003456789");
    assert_eq!(read(&*from.reopen(direct).unwrap()), b"Z\0\x003456789");
    bench.settle();
}

/// Who reads and writes past all caches does so past ours, too.
#[test]
fn a_direct_write_is_in_the_backing_at_once() {
    let bench = Bench::new();
    let file = bench.dirty("f", b"0123456789");
    let how = OpenHow { direct: true, ..OpenHow::new(Access::ReadWrite) };
    let direct = bench.root.open(name("f"), how).unwrap().handle;
    assert_eq!(direct.write_at(b"AB", 4, KEEP).unwrap(), 2);
    assert_eq!((bytes(&*bench.bare, "f"), read(&*file)), (b"0123AB6789".to_vec(), b"0123AB6789".to_vec()));
    file.write_at(b"cd", 0, KEEP).unwrap();
    assert_eq!(direct.append(b"!", KEEP).unwrap(), 1);
    assert_eq!((bytes(&*bench.bare, "f"), read(&*file)), (b"cd23AB6789!".to_vec(), b"cd23AB6789!".to_vec()));
    bench.settle();
}

#[test]
fn times_that_were_set_are_not_undone_by_the_flush() {
    let bench = Bench::new();
    let file = bench.dirty("f", b"abc");
    let past = Time { seconds: 1_000_000_000, nanos: 7 };
    let set = SetAttr { mtime: Some(SetTime::To(past)), ..SetAttr::default() };
    let answered = file.set_attr(&set).unwrap();
    assert_eq!((answered.mtime, answered.size, file.attr().unwrap().mtime), (past, 3, past));
    bench.settle();
    assert_eq!((file.attr().unwrap().mtime, bench.bare.stat(name("f")).unwrap().mtime), (past, past));
}

#[test]
fn set_id_bits_and_labels_outlive_what_was_written_before_them() {
    let bench = Bench::new();
    let file = bench.dirty("f", b"abc");
    let set = SetAttr { mode: Some(Mode::new(0o4755)), ..SetAttr::default() };
    assert_eq!(file.set_attr(&set).unwrap().mode.bits(), 0o4755);
    bench.settle();
    assert_eq!(bench.bare.stat(name("f")).unwrap().mode.bits(), 0o4755);
    assert_eq!(file.write_at(b"X", 0, Privileges::Drop).unwrap(), 1);
    assert_eq!(bench.stat("f").mode.bits(), 0o755, "gone with the write, not with its flush");
    file.set_xattr("security.test".as_ref(), b"x", XattrHow::Set).unwrap();
    bench.settle();
}

#[test]
fn attributes_change_beside_what_is_dirty() {
    let bench = Bench::new();
    let file = bench.dirty("f", b"abc");
    let set = SetAttr { mode: Some(Mode::new(0o600)), ..SetAttr::default() };
    let attr = file.set_attr(&set).unwrap();
    assert_eq!((attr.mode.bits(), attr.size), (0o600, 3));
    file.set_xattr("user.a".as_ref(), b"x", XattrHow::Set).unwrap();
    assert_eq!(bench.writes(), 0);
    assert_eq!(bench.stat("f").size, 3);
    bench.settle();
    assert_eq!(bytes(&*bench.bare, "f"), b"abc");
}

#[test]
fn a_file_found_by_its_identity_shows_what_is_dirty() {
    let bench = Bench::new();
    let file = bench.dirty("f", b"abc");
    let found = bench.fs.open_id(file.attr().unwrap().id).unwrap();
    let Object::File(found_file) = found.handle else { panic!("no file") };
    assert_eq!((found.attr.size, read(&*found_file)), (3, b"abc".to_vec()));
    drop(file);
    found_file.append(b"d", KEEP).unwrap();
    bench.rename("f", "g", cachefs_vfs::RenameHow::Replace);
    bench.settle();
    assert_eq!(bytes(&*bench.bare, "g"), b"abcd");
}

#[test]
fn a_listing_shows_what_is_dirty() {
    let bench = Bench::new();
    bench.dirty("f", b"abc");
    let mut size = None;
    bench
        .root
        .read_dir(cachefs_vfs::Cookie::START, &mut |entry| {
            size = entry.attr.map(|attr| attr.size);
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(size, Some(3));
}

#[test]
fn a_write_further_than_the_backing_goes_is_refused_at_once() {
    let bench = Bench::new();
    let file = bench.dirty("f", b"abc");
    let refused = file.write_at(b"x", 1 << 62, KEEP).unwrap_err();
    assert!(matches!(refused.errno(), Errno::FBIG | Errno::NOSPC), "{refused:?}");
    assert_eq!(file.attr().unwrap().size, 3);
}

#[test]
fn handles_keep_to_what_they_were_opened_for() {
    let bench = Bench::new();
    let file = bench.dirty("f", b"abc");
    let reader = bench.root.open(name("f"), OpenHow::new(Access::Read)).unwrap().handle;
    assert_eq!(reader.write_at(b"x", 0, KEEP).unwrap_err().errno(), Errno::BADF);
    assert_eq!(reader.append(b"x", KEEP).unwrap_err().errno(), Errno::BADF);
    let writer = file.reopen(OpenHow::new(Access::Write)).unwrap();
    assert_eq!(writer.read_at(&mut [0; 1], 0).unwrap_err().errno(), Errno::BADF);
    assert_eq!(reader.as_fd().is_none(), reader.descriptor().is_err());
    let other = Bench::new();
    let strange: Arc<dyn VFile> = other.dirty("f", b"abc");
    assert_eq!(file.copy_range(0, &*strange, 0, 1, KEEP).unwrap_err().errno(), Errno::XDEV);
}

#[test]
fn a_sync_of_a_dirty_file_asks_the_backing_for_no_bytes() {
    let bench = Bench::new();
    let file = bench.dirty("f", b"abc");
    file.sync(SyncHow::All).unwrap();
    bench.root.sync().unwrap();
    assert_eq!(bench.writes(), 0);
    assert_eq!(bench.counted.snapshot().of(CallKind::SyncDir), 1);
    bench.settle();
}
