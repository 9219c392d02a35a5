//! Contents.

use std::io::IoSliceMut;
use std::sync::Arc;

use cachefs_vfs::{
    Access, AllocateHow, CreateHow, Errno, OpenHow, Owner, Privileges, SeekTo, SyncHow, VFile, Vfs,
};

use super::{Fixture, errno, name};

const KEEP: Privileges = Privileges::Keep;

fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|i| u8::try_from(i * 31 % 251).unwrap()).collect()
}

#[test]
fn reads_are_short_only_at_the_end() {
    let fixture = Fixture::new();
    let content = pattern(10_000);
    fixture.write("file", &content);
    let file = fixture.open("file", Access::Read);
    let mut buffer = vec![0; 7000];
    assert_eq!(file.read_at(&mut buffer, 100).unwrap(), 7000);
    assert_eq!(buffer, content[100..7100]);
    assert_eq!(file.read_at(&mut buffer, 9999).unwrap(), 1);
    assert_eq!(file.read_at(&mut buffer, 10_000).unwrap(), 0);
    assert_eq!(errno(file.read_at(&mut buffer, u64::MAX)), Some(Errno::INVAL));
}

#[test]
fn many_buffers_are_filled_one_after_the_other() {
    let fixture = Fixture::new();
    let content = pattern(5000);
    fixture.write("file", &content);
    let file = fixture.open("file", Access::Read);
    let mut parts: Vec<Vec<u8>> = (0..2000).map(|i| vec![0; i % 5]).collect();
    let mut slices: Vec<_> = parts.iter_mut().map(|part| IoSliceMut::new(part)).collect();
    assert_eq!(file.read_many(&mut slices, 0).unwrap(), 4000);
    assert_eq!(parts.concat(), content[..4000]);
    let (mut a, mut b) = (vec![0; 900], vec![0; 900]);
    let read = file.read_many(&mut [IoSliceMut::new(&mut a), IoSliceMut::new(&mut b)], 4000).unwrap();
    assert_eq!((read, &a[..], &b[..100]), (1000, &content[4000..4900], &content[4900..]));
}

#[test]
fn appenders_never_overwrite_each_other() {
    let fixture = Fixture::new();
    fixture.write("file", "");
    let handles = [fixture.open("file", Access::Write), fixture.open("file", Access::ReadWrite)];
    std::thread::scope(|scope| {
        for (handle, byte) in handles.iter().zip(*b"ab") {
            scope.spawn(move || {
                (0..500).for_each(|_| assert_eq!(handle.append(&[byte; 10], KEEP).unwrap(), 10))
            });
        }
    });
    let content = fixture.read("file");
    assert_eq!(content.len(), 10_000);
    assert!(content.chunks(10).all(|chunk| chunk.iter().all(|byte| *byte == chunk[0])));
    assert_eq!(handles[0].write_at(b"!", 3, KEEP).unwrap(), 1);
    assert_eq!(fixture.read("file")[3], b'!', "a write goes where it is told");
}

#[test]
fn holes_are_found_and_ranges_allocated() {
    let fixture = Fixture::new();
    fixture.write("file", "");
    let file = fixture.open("file", Access::ReadWrite);
    let size = 64 << 10;
    file.write_at(&[1; 4096], size, KEEP).unwrap();
    let data = file.seek(0, SeekTo::Data).unwrap();
    assert_eq!(file.seek(0, SeekTo::Hole).unwrap(), if data == 0 { size + 4096 } else { 0 });
    assert_eq!(file.seek(size, SeekTo::Hole).unwrap(), size + 4096);
    assert_eq!(errno(file.seek(size + 4096, SeekTo::Data)), Some(Errno::NXIO));
    let allocate = |how, offset, length| file.allocate(how, offset, length, KEEP);
    allocate(AllocateHow::PunchHole, size, 4096).unwrap();
    assert_eq!(errno(file.seek(0, SeekTo::Data)), Some(Errno::NXIO));
    allocate(AllocateHow::KeepSize, 0, 1 << 20).unwrap();
    assert_eq!(file.attr().unwrap().size, size + 4096);
    allocate(AllocateHow::Grow, 0, 1 << 20).unwrap();
    assert_eq!(file.attr().unwrap().size, 1 << 20);
    assert_eq!(errno(allocate(AllocateHow::Grow, 0, 0)), Some(Errno::INVAL));
    file.sync(SyncHow::Data).unwrap();
}

#[test]
fn ranges_are_zeroed_taken_out_and_put_in() {
    let fixture = Fixture::new();
    fixture.write("file", [[1_u8; 4096], [2; 4096], [3; 4096]].concat());
    let file = fixture.open("file", Access::ReadWrite);
    let firsts = || fixture.read("file").chunks(4096).map(|block| block[0]).collect::<Vec<_>>();
    match file.allocate(AllocateHow::Collapse, 4096, 4096, KEEP) {
        Err(error) if matches!(error.errno(), Errno::OPNOTSUPP | Errno::INVAL) => {
            return println!("skipped: no collapsing here");
        }
        done => done.unwrap(),
    }
    assert_eq!(firsts(), [1, 3]);
    file.allocate(AllocateHow::Insert, 4096, 4096, KEEP).unwrap();
    assert_eq!(firsts(), [1, 0, 3]);
    file.allocate(AllocateHow::ZeroKeepSize, 8192, 8192, KEEP).unwrap();
    assert_eq!(firsts(), [1, 0, 0]);
    file.allocate(AllocateHow::Zero, 8192, 8192, KEEP).unwrap();
    assert_eq!(firsts(), [1, 0, 0, 0]);
}

#[test]
fn a_range_is_copied_within_the_filesystem() {
    let fixture = Fixture::new();
    let content = pattern(20_000);
    fixture.write("from", &content);
    fixture.write("to", "head");
    let (from, to) = (fixture.open("from", Access::Read), fixture.open("to", Access::Write));
    let mut done = 0;
    while done < 15_000 {
        let copied = from.copy_range(1000 + done, to.as_ref(), 4 + done, 15_000 - done, KEEP).unwrap();
        assert!(copied > 0);
        done += copied;
    }
    assert_eq!(fixture.read("to"), [b"head", &content[1000..16_000]].concat());
    assert_eq!(from.copy_range(20_000, to.as_ref(), 0, 10, KEEP).unwrap(), 0, "nothing beyond the end");
    let memory = cachefs_vfs::MemFs::new();
    let other = memory.root().unwrap();
    let foreign = other.create(name("f"), super::creation(0o600), &Owner::process()).unwrap();
    assert_eq!(errno(from.copy_range(0, foreign.handle.as_ref(), 0, 1, KEEP)), Some(Errno::XDEV));
}

#[test]
fn direct_reads_take_any_range() {
    direct_reads(&Fixture::new());
    Fixture::in_memory().iter().for_each(direct_reads);
}

fn direct_reads(fixture: &Fixture) {
    let content = pattern((1 << 20) + 123);
    fixture.write("file", &content);
    let how = OpenHow { direct: true, ..OpenHow::new(Access::ReadWrite) };
    let file: Arc<dyn VFile> = fixture.root.open(name("file"), how).unwrap().handle;
    let ranges = [(0, 1), (1, 4095), (4095, 2), (4096, 4096), (511, 700_000), (1 << 20, 4096), (0, 2 << 20)];
    for (offset, length) in ranges {
        let mut buffer = vec![0; length];
        let read = file.read_at(&mut buffer, offset as u64).unwrap();
        let expected = &content[offset..(offset + length).min(content.len())];
        assert_eq!((read, &buffer[..read] == expected), (expected.len(), true), "{length} at {offset}");
    }
    let mut aligned = cachefs_sys::AlignedBuf::pages(2 << 20);
    assert_eq!(file.read_at(&mut aligned, 0).unwrap(), content.len());
    assert!(aligned[..content.len()] == content);
    assert_eq!(file.read_at(&mut aligned, (1 << 20) + 123).unwrap(), 0);
    assert_eq!(file.read_at(&mut aligned, (1 << 20) + 4096).unwrap(), 0);
    file.write_at(b"odd", 4097, KEEP).unwrap();
    let (mut a, mut b) = ([0; 4], [0; 2]);
    assert_eq!(file.read_many(&mut [IoSliceMut::new(&mut a), IoSliceMut::new(&mut b)], 4096).unwrap(), 6);
    assert_eq!((&a[1..], b[0]), (&b"odd"[..], content[4100]), "what was written is read back");
    let created = CreateHow { open: how, ..super::creation(0o600) };
    let file = fixture.root.create(name("new"), created, &Owner::process()).unwrap().handle;
    file.append(b"odd", KEEP).unwrap();
    assert_eq!((file.read_at(&mut a, 1).unwrap(), &a[..2]), (2, &b"dd"[..]));
}
