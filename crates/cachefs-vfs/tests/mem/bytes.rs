use std::io::IoSliceMut;

use cachefs_vfs::{Access, AllocateHow, Errno, MemFs, OpenHow, Privileges::Keep, SeekTo, SyncHow, VFile};

use super::{create, n, refused, root};

const PAGE: u64 = 4096;

fn all(file: &dyn VFile) -> Vec<u8> {
    let mut bytes = vec![255; usize::try_from(file.attr().unwrap().size).unwrap() + 1];
    let read = file.read_at(&mut bytes, 0).unwrap();
    bytes.truncate(read);
    bytes
}

#[test]
fn reads_are_short_only_at_the_end() {
    let file = create(&*root(&MemFs::new()), "f");
    file.write_at(&[1; 100_000], 0, Keep).unwrap();
    let (mut a, mut b) = ([0; 70_000], [0; 70_000]);
    let read = file.read_many(&mut [IoSliceMut::new(&mut a), IoSliceMut::new(&mut b)], 10).unwrap();
    assert_eq!(read, 99_990);
    assert_eq!((a[69_999], b[29_989], b[29_990]), (1, 1, 0));
    assert_eq!(file.read_at(&mut a, 100_000), Ok(0));
    assert_eq!(file.read_at(&mut a, u64::MAX), Ok(0));
}

#[test]
fn appends_go_to_the_end_whatever_it_is_by_then() {
    let fs = MemFs::new();
    let (one, other) = (create(&*root(&fs), "f"), root(&fs));
    let other = other.open(n("f"), OpenHow::new(Access::Write)).unwrap().handle;
    one.append(b"ab", Keep).unwrap();
    other.append(b"cd", Keep).unwrap();
    one.append(b"ef", Keep).unwrap();
    assert_eq!(all(&*one), b"abcdef");
}

#[test]
fn what_was_cut_off_is_zero_when_the_file_grows_again() {
    let file = create(&*root(&MemFs::new()), "f");
    file.write_at(b"abcdef", 0, Keep).unwrap();
    file.set_len(2, Keep).unwrap();
    assert_eq!(file.set_len(5, Keep).unwrap().size, 5);
    assert_eq!(all(&*file), b"ab\0\0\0");
}

#[test]
fn space_is_allocated_punched_and_moved() {
    let file = create(&*root(&MemFs::new()), "f");
    let size = || file.attr().unwrap().size;
    file.allocate(AllocateHow::KeepSize, 0, 4 * PAGE, Keep).unwrap();
    assert_eq!((size(), file.attr().unwrap().blocks), (0, 4 * PAGE / 512));
    file.allocate(AllocateHow::Grow, 0, 4 * PAGE, Keep).unwrap();
    assert_eq!(size(), 4 * PAGE);
    for page in 0..4_u8 {
        file.write_at(&[page + 1; PAGE as usize], u64::from(page) * PAGE, Keep).unwrap();
    }
    file.allocate(AllocateHow::PunchHole, PAGE, PAGE, Keep).unwrap();
    assert_eq!(file.attr().unwrap().blocks, 3 * PAGE / 512);
    assert_eq!(file.seek(0, SeekTo::Hole), Ok(PAGE));
    assert_eq!(file.seek(PAGE, SeekTo::Data), Ok(2 * PAGE));
    file.allocate(AllocateHow::Collapse, PAGE, PAGE, Keep).unwrap();
    file.allocate(AllocateHow::Insert, 0, PAGE, Keep).unwrap();
    let firsts: Vec<u8> = all(&*file).chunks(PAGE as usize).map(|page| page[0]).collect();
    assert_eq!(firsts, [0, 1, 3, 4]);
    file.allocate(AllocateHow::Zero, 3 * PAGE, 2 * PAGE, Keep).unwrap();
    file.allocate(AllocateHow::ZeroKeepSize, 5 * PAGE, PAGE, Keep).unwrap();
    assert_eq!((size(), all(&*file)[3 * PAGE as usize]), (5 * PAGE, 0));
    refused(file.allocate(AllocateHow::Collapse, 1, PAGE, Keep), Errno::INVAL);
    refused(file.allocate(AllocateHow::Collapse, 4 * PAGE, PAGE, Keep), Errno::INVAL);
    refused(file.allocate(AllocateHow::Insert, 5 * PAGE, PAGE, Keep), Errno::INVAL);
    refused(file.allocate(AllocateHow::Grow, 0, 0, Keep), Errno::INVAL);
}

#[test]
fn ranges_are_copied_within_the_filesystem_only() {
    let fs = MemFs::new();
    let (from, to) = (create(&*root(&fs), "from"), create(&*root(&fs), "to"));
    let bytes: Vec<u8> = (0..300_000_u32).map(|i| (i % 251) as u8).collect();
    from.write_at(&bytes, 0, Keep).unwrap();
    assert_eq!(from.copy_range(1000, &*to, 5, u64::MAX, Keep), Ok(299_000));
    assert!(all(&*to)[5..] == bytes[1000..]);
    assert_eq!(from.copy_range(300_000, &*to, 0, 1, Keep), Ok(0));
    refused(from.copy_range(0, &*from, 10, 11, Keep), Errno::INVAL);
    assert_eq!(from.copy_range(0, &*from, 10, 10, Keep), Ok(10));
    let elsewhere = create(&*root(&MemFs::new()), "to");
    refused(from.copy_range(0, &*elsewhere, 0, 1, Keep), Errno::XDEV);
}

#[test]
fn a_handle_does_what_it_was_opened_for() {
    let fs = MemFs::new();
    create(&*root(&fs), "f");
    let open = |access| root(&fs).open(n("f"), OpenHow::new(access)).unwrap().handle;
    refused(open(Access::Write).read_at(&mut [0], 0), Errno::BADF);
    refused(open(Access::Read).write_at(b"x", 0, Keep), Errno::BADF);
    refused(open(Access::Read).append(b"x", Keep), Errno::BADF);
    refused(open(Access::Read).allocate(AllocateHow::Grow, 0, 1, Keep), Errno::BADF);
    refused(open(Access::Read).set_len(0, Keep), Errno::INVAL);
    refused(open(Access::Path).read_at(&mut [0], 0), Errno::BADF);
    refused(open(Access::Path).sync(SyncHow::All), Errno::BADF);
    assert_eq!(open(Access::Path).set_len(3, Keep).map(|attr| attr.size), Ok(3));
    let cut = OpenHow { truncate: true, ..OpenHow::new(Access::Read) };
    refused(root(&fs).open(n("f"), cut), Errno::INVAL);
    let cut = OpenHow { truncate: true, ..OpenHow::new(Access::Write) };
    assert_eq!(root(&fs).open(n("f"), cut).unwrap().attr.size, 0);
}
