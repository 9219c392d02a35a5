//! Bytes at the wrong place, too many of them, or old ones.

use cachefs_vfs::{Access, Errno, OpenHow, Privileges, SeekTo, Vfs, VfsExt};

use super::desk::{Desk, bytes, write};

const BLOCK: usize = 64 << 10;

#[test]
fn a_write_goes_to_its_offset_and_not_to_the_end() {
    let desk = Desk::with_file("f", b"0123456789");
    write(&*desk.open("f"), b"AB", 4);
    assert_eq!(desk.backing.read("f").unwrap(), b"0123456789", "it is dirty");
    desk.check("f", b"0123AB6789");
    assert_eq!(desk.written(), 2);
}

#[test]
fn writes_in_any_order_go_to_their_offsets() {
    let desk = Desk::new();
    desk.cache.write("f", b"").unwrap();
    let file = desk.open("f");
    for (data, offset) in [(b"cc", 4), (b"aa", 0), (b"ee", 12), (b"bb", 2), (b"CC", 4)] {
        write(&*file, data, offset);
    }
    desk.check("f", b"aabbCC\0\0\0\0\0\0ee");
}

#[test]
fn a_flush_does_not_cut_an_existing_file() {
    let mut expected = bytes(1, 1 << 20);
    let desk = Desk::with_file("f", &expected);
    write(&*desk.open("f"), b"ten bytes!", 500_000);
    expected[500_000..500_010].copy_from_slice(b"ten bytes!");
    desk.check("f", &expected);
    assert_eq!(desk.written(), 10);
}

#[test]
fn an_open_that_cuts_cuts() {
    let cut = OpenHow { truncate: true, ..OpenHow::new(Access::ReadWrite) };
    for dirty in [false, true] {
        let desk = Desk::with_file("f", &bytes(1, 3 * BLOCK));
        if dirty {
            write(&*desk.open("f"), &bytes(2, BLOCK), BLOCK as u64);
        }
        desk.cache.read("f").unwrap();
        let file = desk.cache.open("f", cut).unwrap();
        assert_eq!((file.attr().unwrap().size, desk.cache.read("f").unwrap()), (0, vec![]), "{dirty}");
        assert_eq!(desk.backing.stat("f").unwrap().size, 0, "at once: {dirty}");
        write(&*file, b"new", 0);
        desk.check("f", b"new");
    }
}

#[test]
fn what_was_cut_off_does_not_come_back() {
    let desk = Desk::with_file("f", &bytes(1, 2 * BLOCK));
    let file = desk.open("f");
    write(&*file, &bytes(2, BLOCK), BLOCK as u64);
    let mut expected = desk.cache.read("f").unwrap();
    file.set_len(BLOCK as u64 + 100, Privileges::Keep).unwrap();
    file.set_len(BLOCK as u64 + 200, Privileges::Keep).unwrap();
    expected.truncate(BLOCK + 100);
    expected.resize(BLOCK + 200, 0);
    desk.check("f", &expected);
}

#[test]
fn appends_go_to_the_end_of_what_is_dirty() {
    let desk = Desk::with_file("f", b"clean,");
    let file = desk.open("f");
    for part in [&b"dirty,"[..], b"and", b" more"] {
        assert_eq!(file.append(part, Privileges::Keep).unwrap(), part.len());
    }
    desk.check("f", b"clean,dirty,and more");
}

#[test]
fn a_read_in_part_is_not_the_whole_file() {
    let mut expected = bytes(1, 5 * BLOCK + 77);
    let desk = Desk::with_file("f", &expected);
    let file = desk.open("f");
    let mut buffer = [0; 10];
    assert_eq!(file.read_at(&mut buffer, 7).unwrap(), 10);
    assert_eq!(buffer, expected[7..17]);
    write(&*file, b"few", 3 * BLOCK as u64 + 1);
    expected[3 * BLOCK + 1..][..3].copy_from_slice(b"few");
    assert_eq!(file.read_at(&mut buffer, 3 * BLOCK as u64).unwrap(), 10);
    assert_eq!(buffer, expected[3 * BLOCK..][..10]);
    desk.check("f", &expected);
}

#[test]
fn what_was_read_before_a_write_is_not_served_after_it() {
    let mut expected = bytes(1, 3 * BLOCK);
    let desk = Desk::with_file("f", &expected);
    let (writer, reader) = (desk.open("f"), desk.open("f"));
    desk.backing.link("f", "other").unwrap();
    for round in 0..50_u8 {
        assert!(desk.cache.read("f").unwrap() == expected, "all of it is known");
        // Within a block, and over the border of two.
        let (offset, data) = (usize::from(round) * 2_600, vec![round; 5_000]);
        write(&*writer, &data, offset as u64);
        expected[offset..offset + data.len()].copy_from_slice(&data);
        let mut buffer = vec![0; expected.len()];
        assert_eq!(reader.read_at(&mut buffer, 0).unwrap(), expected.len());
        assert!(buffer == expected, "by another handle, round {round}");
        assert!(desk.cache.read("other").unwrap() == expected, "by another name, round {round}");
        if round % 10 == 9 {
            desk.flush();
        }
    }
    desk.check("f", &expected);
}

#[test]
fn a_seek_finds_what_is_dirty() {
    let desk = Desk::new();
    desk.cache.write("f", b"").unwrap();
    let file = desk.open("f");
    write(&*file, b"data", 1 << 20);
    let length = (1 << 20) + 4;
    assert_eq!(file.seek(1 << 20, SeekTo::Data).unwrap(), 1 << 20);
    assert!(file.seek(0, SeekTo::Data).unwrap() <= 1 << 20);
    assert!(file.seek(0, SeekTo::Hole).unwrap() <= length);
    assert_eq!(file.seek(1 << 20, SeekTo::Hole).unwrap(), length);
    assert_eq!(file.seek(length, SeekTo::Data).unwrap_err().errno(), Errno::NXIO);
}

#[test]
fn nothing_is_read_to_write_in_the_midst_of_a_file() {
    const LENGTH: u64 = 1 << 30;
    let desk = Desk::with_file("f", b"");
    desk.backing.set_len("f", LENGTH).unwrap();
    desk.counts.reset();
    write(&*desk.open("f"), b"ten bytes!", LENGTH / 2 + 12_345);
    desk.flush();
    let counts = desk.counts.snapshot();
    assert_eq!((counts.bytes_read, counts.bytes_written), (0, 10), "{:?}", counts.called());
    let mut found = [0; 12];
    let file =
        desk.backing.root().unwrap().open(cachefs_vfs::Name::new("f").unwrap(), OpenHow::new(Access::Read));
    file.unwrap().handle.read_at(&mut found, LENGTH / 2 + 12_344).unwrap();
    assert_eq!(&found, b"\0ten bytes!\0");
    assert_eq!(desk.backing.stat("f").unwrap().size, LENGTH);
}
