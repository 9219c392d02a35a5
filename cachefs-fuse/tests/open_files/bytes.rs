use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{FileExt as _, MetadataExt as _, OpenOptionsExt as _};

use rustix::fs::{FallocateFlags, OFlags, copy_file_range, fallocate, seek, sendfile};

use super::{Scene, size_of};
use crate::acceptance::program;

pub(super) fn written_is_read(scene: &Scene) {
    let big: Vec<u8> = (0..300_000_u32).flat_map(u32::to_le_bytes).collect();
    scene.put("big", &big);
    scene.is("big", &big);
    let file = scene.open_both("big");
    file.write_all_at(b"changed", 70_001).unwrap();
    let mut changed = big;
    changed[70_001..70_008].copy_from_slice(b"changed");
    let mut part = [0; 7];
    file.read_exact_at(&mut part, 70_001).unwrap();
    assert_eq!(&part, b"changed");
    scene.is("big", &changed);
    file.write_all_at(b"beyond", 2_000_000).unwrap();
    assert_eq!(file.metadata().unwrap().size(), 2_000_006, "while it is open");
    changed.resize(2_000_000, 0);
    changed.extend(b"beyond");
    scene.is("big", &changed);
    drop(file);
    scene.is("big", &changed);
}

pub(super) fn reader_then_writer(scene: &Scene) {
    scene.put("f", "one");
    let reader = scene.open("f");
    let mut bytes = [0; 8];
    assert_eq!(reader.read_at(&mut bytes, 0).unwrap(), 3);
    let mut writer = OpenOptions::new().write(true).open(scene.at("f")).unwrap();
    for round in 0..20_u8 {
        let text = [b'a' + round; 5];
        writer.seek(SeekFrom::Start(0)).unwrap();
        writer.write_all(&text).unwrap();
        assert_eq!(reader.metadata().unwrap().size(), 5);
        assert_eq!(reader.read_at(&mut bytes, 0).unwrap(), 5);
        assert_eq!(bytes[..5], text);
    }
    drop(writer);
    scene.is("f", [b'a' + 19; 5]);
    drop(reader);
    scene.is("f", [b'a' + 19; 5]);
}

pub(super) fn created_then_opened(scene: &Scene) {
    let path = scene.at("new");
    let mut file = OpenOptions::new().read(true).write(true).create_new(true).open(&path).unwrap();
    file.write_all(b"first").unwrap();
    scene.is("new", "first");
    let again = scene.open_both("new");
    again.write_all_at(b"F", 0).unwrap();
    file.write_all(b", second").unwrap();
    scene.is("new", "First, second");
    drop((file, again));
    scene.is("new", "First, second");
    OpenOptions::new().write(true).create_new(true).open(&path).unwrap_err();
    // One that may not be opened again, by its mode.
    let mut hidden = OpenOptions::new().write(true).create_new(true).mode(0o000).open(scene.at("h")).unwrap();
    hidden.write_all(b"hidden").unwrap();
    assert_eq!(hidden.metadata().unwrap().size(), 6);
    assert_eq!(fs::metadata(scene.beneath("h")).unwrap().size(), 6);
}

pub(super) fn appends(scene: &Scene) {
    scene.put("log", "1");
    let mut log = OpenOptions::new().append(true).open(scene.at("log")).unwrap();
    let mut other = OpenOptions::new().append(true).open(scene.at("log")).unwrap();
    log.write_all(b"2").unwrap();
    other.write_all(b"3").unwrap();
    log.write_all(b"4").unwrap();
    scene.is("log", "1234");
    if !scene.asks {
        return;
    }
    let mut beneath = OpenOptions::new().append(true).open(scene.beneath("log")).unwrap();
    beneath.write_all(b"5").unwrap();
    log.write_all(b"6").unwrap();
    beneath.write_all(b"7").unwrap();
    other.write_all(b"8").unwrap();
    scene.is("log", "12345678");
}

pub(super) fn cut(scene: &Scene) {
    let path = scene.put("f", "0123456789");
    let file = scene.open_both("f");
    file.set_len(4).unwrap();
    scene.is("f", "0123");
    file.write_all_at(b"x", 6).unwrap();
    scene.is("f", "0123\0\0x");
    program("truncate").args("-s 3").arg(&path).silent();
    assert_eq!(file.metadata().unwrap().size(), 3);
    scene.is("f", "012");
    file.write_all_at(b"yz", 3).unwrap();
    file.set_len(8).unwrap();
    assert_eq!(size_of(&path), 8);
    scene.is("f", "012yz\0\0\0");
}

pub(super) fn cut_by_opening(scene: &Scene) {
    let path = scene.put("f", "0123456789");
    let reader = scene.open("f");
    let mut writer = File::create(&path).unwrap();
    assert_eq!(reader.metadata().unwrap().size(), 0);
    assert_eq!(reader.read_at(&mut [0; 4], 0).unwrap(), 0);
    writer.write_all(b"ab").unwrap();
    scene.is("f", "ab");
    drop(File::create(&path).unwrap());
    assert_eq!(reader.metadata().unwrap().size(), 0);
    writer.write_all(b"c").unwrap();
    drop(writer);
    scene.is("f", "\0\0c");
}

pub(super) fn space(scene: &Scene) {
    scene.put("f", vec![7_u8; 64 << 10]);
    let file = scene.open_both("f");
    fallocate(&file, FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE, 16 << 10, 16 << 10).unwrap();
    let mut expected = vec![7_u8; 64 << 10];
    expected[16 << 10..32 << 10].fill(0);
    scene.is("f", &expected);
    assert_eq!(seek(&file, rustix::fs::SeekFrom::Hole(0)).unwrap(), 16 << 10);
    assert_eq!(seek(&file, rustix::fs::SeekFrom::Data(16 << 10)).unwrap(), 32 << 10);
    fallocate(&file, FallocateFlags::empty(), 0, 100 << 10).unwrap();
    expected.resize(100 << 10, 0);
    assert_eq!(file.metadata().unwrap().size(), 100 << 10);
    scene.is("f", &expected);
    assert_eq!(seek(&file, rustix::fs::SeekFrom::End(0)).unwrap(), 100 << 10);
}

pub(super) fn copied(scene: &Scene) {
    let bytes: Vec<u8> = (0..100_000_u32).flat_map(u32::to_be_bytes).collect();
    scene.put("from", &bytes);
    let (from, to) = (scene.open("from"), scene.open_both("to"));
    to.write_all_at(b"here before", 0).unwrap();
    let (mut at, mut out) = (0, 4);
    while at < bytes.len() as u64 {
        assert!(copy_file_range(&from, Some(&mut at), &to, Some(&mut out), 1 << 20).unwrap() > 0);
    }
    let mut expected = b"here".to_vec();
    expected.extend(&bytes);
    assert_eq!(to.metadata().unwrap().size(), expected.len() as u64);
    scene.is("to", &expected);
    let sent = scene.open_both("sent");
    let mut at = 0;
    while at < bytes.len() as u64 {
        assert!(sendfile(&sent, &from, Some(&mut at), 1 << 20).unwrap() > 0);
    }
    scene.is("sent", &bytes);
    // From a file that was just written to.
    scene.open_both("from").write_all_at(b"new", 0).unwrap();
    fs::copy(scene.at("from"), scene.at("copy")).unwrap();
    scene.is("copy", [b"new", &bytes[3..]].concat());
}

pub(super) fn direct_and_synced(scene: &Scene) {
    scene.put("f", vec![b'a'; 16 << 10]);
    // The first open file is one of each kind, and others of the other kind come while it is there.
    for direct_first in [false, true] {
        let script = format!(
            "
import mmap, os
kinds = [os.O_RDWR | os.O_DIRECT, os.O_RDWR | os.O_SYNC]
first, second = (kinds if {first} else reversed(kinds))
fds = [os.open('f', first), os.open('f', second)]
direct, synced = fds if {first} else reversed(fds)
page = mmap.mmap(-1, 4096)
for n in range(3):
    page[:] = bytes([65 + n]) * 4096
    assert os.pwritev(direct, [page], 4096) == 4096
    assert os.pread(synced, 4096, 4096) == page[:]
    assert os.pwrite(synced, b'xyz', 4095) == 3
    assert os.preadv(direct, [page], 4096) == 4096
    assert page[:3] == b'yz' + bytes([65 + n]), page[:4]
    os.fdatasync(direct)
try:
    os.preadv(direct, [memoryview(page)[1:513]], 1)
except OSError:
    pass
",
            first = if direct_first { "True" } else { "False" }
        );
        scene.python(&script);
    }
    let mut expected = vec![b'a'; 16 << 10];
    expected[4096..8192].fill(b'C');
    expected[4095..4098].copy_from_slice(b"xyz");
    scene.is("f", &expected);
    let mut synced = OpenOptions::new();
    synced.append(true).custom_flags(i32::try_from(OFlags::DSYNC.bits()).unwrap());
    synced.open(scene.at("f")).unwrap().write_all(b"end").unwrap();
    expected.extend(b"end");
    scene.is("f", &expected);
}

pub(super) fn attributes(scene: &Scene) {
    let path = scene.put("f", "0");
    let mut file = scene.open_both("f");
    let before = fs::metadata(&path).unwrap();
    for size in 1..=50_u64 {
        file.write_all(b"x").unwrap();
        assert_eq!(file.metadata().unwrap().size(), size);
        assert_eq!(size_of(&path), size);
        let listed = fs::read_dir(path.parent().unwrap()).unwrap().next().unwrap().unwrap();
        assert_eq!(listed.metadata().unwrap().size(), size);
    }
    let after = file.metadata().unwrap();
    let time = |data: &fs::Metadata| (data.mtime(), data.mtime_nsec());
    assert!(time(&after) >= time(&before));
    assert_eq!(time(&after), time(&fs::metadata(scene.beneath("f")).unwrap()));
    drop(file);
    let beneath = fs::metadata(scene.beneath("f")).unwrap();
    assert_eq!(time(&fs::metadata(&path).unwrap()), time(&beneath));
    let mut text = String::new();
    scene.open("f").read_to_string(&mut text).unwrap();
    assert_eq!(text.len(), 50);
}
