//! Every verb, on a mounted real directory, compared with that directory.

#[expect(dead_code, reason = "shared by several tests, each of which uses a part")]
mod support;

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{FileExt, FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt, symlink};
use std::time::{Duration, SystemTime};

use rustix::fs::{CWD, FallocateFlags, RenameFlags, XattrFlags, fallocate, renameat_with};
use rustix::io::Errno;
use support::{config, local, run, uncached};

#[test]
fn files_are_created_read_written_cut_and_removed() {
    let fs = local(config());
    let data: Vec<u8> = (0..3_000_000_u32).flat_map(u32::to_le_bytes).collect();
    fs::write(fs.at("a"), &data).unwrap();
    assert!(fs::read(fs.beneath("a")).unwrap() == data, "the bytes are beneath");
    assert!(fs::read(fs.at("a")).unwrap() == data, "and come back");

    let file = OpenOptions::new().read(true).write(true).open(fs.at("a")).unwrap();
    file.write_all_at(b"hello", 1_000_000).unwrap();
    file.set_len(1_000_003).unwrap();
    let mut tail = [0; 8];
    assert_eq!(file.read_at(&mut tail, 1_000_000).unwrap(), 3);
    assert_eq!(&tail[..3], b"hel");
    file.sync_all().unwrap();
    file.sync_data().unwrap();
    assert_eq!(fs::metadata(fs.beneath("a")).unwrap().len(), 1_000_003);
    fs::remove_file(fs.at("a")).unwrap();
    assert!(!fs.beneath("a").exists() && !fs.at("a").exists());
}

#[test]
fn directories_are_made_listed_and_removed() {
    let fs = local(config());
    fs::create_dir_all(fs.at("d/e/f")).unwrap();
    for n in 0..100 {
        fs::write(fs.at(format!("d/file-{n}")), [n]).unwrap();
    }
    let list = |root| {
        let mut names: Vec<_> = fs::read_dir(root)
            .unwrap()
            .map(|e| e.unwrap())
            .map(|e| (e.file_name(), e.file_type().unwrap()))
            .collect();
        names.sort_by(|a, b| a.0.cmp(&b.0));
        names
    };
    assert_eq!(list(fs.at("d")), list(fs.beneath("d")));
    assert_eq!(list(fs.at("d")).len(), 101);
    let refused = fs::remove_dir(fs.at("d/e")).unwrap_err();
    assert_eq!(refused.raw_os_error(), Some(Errno::NOTEMPTY.raw_os_error()));
    fs::remove_dir(fs.at("d/e/f")).unwrap();
    fs::remove_dir_all(fs.at("d")).unwrap();
    assert!(!fs.beneath("d").exists());
}

#[test]
fn inode_numbers_and_kinds_of_a_listing_are_those_of_stat() {
    let fs = local(config());
    run(&fs.at(""), false, "mkdir d; touch f; ln -s f l; mkfifo p; mkdir d/sub; touch d/sub/x");
    for dir in ["", "d", "d/sub"] {
        for entry in fs::read_dir(fs.at(dir)).unwrap() {
            let entry = entry.unwrap();
            let stat = fs::symlink_metadata(entry.path()).unwrap();
            let beneath = fs::symlink_metadata(fs.beneath(dir).join(entry.file_name())).unwrap();
            assert_eq!(std::os::unix::fs::DirEntryExt::ino(&entry), stat.ino());
            assert_eq!(entry.file_type().unwrap(), stat.file_type());
            assert_eq!(stat.ino(), beneath.ino(), "numbers are those beneath");
        }
    }
}

#[test]
fn attributes_are_set_and_shown() {
    let fs = local(config());
    let file = File::create(fs.at("f")).unwrap();
    fs::set_permissions(fs.at("f"), PermissionsExt::from_mode(0o4751)).unwrap();
    let past = SystemTime::UNIX_EPOCH - Duration::from_millis(1_500);
    let future = SystemTime::UNIX_EPOCH + Duration::new(5_000_000_000, 123_456_789);
    file.set_times(fs::FileTimes::new().set_accessed(past).set_modified(future)).unwrap();
    std::os::unix::fs::chown(fs.at("f"), Some(7), Some(8)).unwrap();
    for path in [fs.at("f"), fs.beneath("f")] {
        let stat = fs::metadata(&path).unwrap();
        assert_eq!(stat.mode() & 0o7777, 0o751, "a chown strips the set-id bit");
        assert_eq!((stat.uid(), stat.gid()), (7, 8));
        assert_eq!(stat.accessed().unwrap(), past, "{path:?}");
        assert_eq!(stat.modified().unwrap(), future, "{path:?}");
    }
}

#[test]
fn links_symlinks_and_special_files() {
    let fs = local(config());
    fs::write(fs.at("f"), "x").unwrap();
    fs::create_dir(fs.at("d")).unwrap();
    fs::hard_link(fs.at("f"), fs.at("d/g")).unwrap();
    let (f, g) = (fs::metadata(fs.at("f")).unwrap(), fs::metadata(fs.at("d/g")).unwrap());
    assert_eq!((f.ino(), f.nlink()), (g.ino(), 2));
    fs::rename(fs.at("f"), fs.at("d/h")).unwrap();
    fs::write(fs.at("d/h"), "longer").unwrap();
    assert_eq!(fs::read_to_string(fs.at("d/g")).unwrap(), "longer");
    assert_eq!(fs::metadata(fs.at("d/g")).unwrap().ino(), f.ino());
    fs::remove_file(fs.at("d/g")).unwrap();
    assert_eq!(fs::metadata(fs.at("d/h")).unwrap().nlink(), 1);

    symlink("d/h", fs.at("l")).unwrap();
    assert_eq!(fs::read_link(fs.at("l")).unwrap().to_str(), Some("d/h"));
    assert_eq!(fs::read_to_string(fs.at("l")).unwrap(), "longer");
    run(&fs.at(""), false, "mkfifo p; mknod c c 1 3; mknod b b 259 4660");
    let kind = |name: &str| fs::metadata(fs.beneath(name)).unwrap();
    assert!(kind("p").file_type().is_fifo());
    assert!(kind("c").file_type().is_char_device() && kind("b").file_type().is_block_device());
    assert_eq!(fs::metadata(fs.at("b")).unwrap().rdev(), kind("b").rdev());
    fs::write(fs.at("c"), "into nothing").unwrap();
    run(&fs.at(""), false, "cat p & echo through > p; wait");
}

#[test]
fn rename_has_its_flags() {
    let fs = local(config());
    fs::write(fs.at("a"), "a").unwrap();
    fs::write(fs.at("b"), "b").unwrap();
    let rename = |from: &str, to: &str, flags| renameat_with(CWD, fs.at(from), CWD, fs.at(to), flags);
    assert_eq!(rename("a", "b", RenameFlags::NOREPLACE), Err(Errno::EXIST));
    rename("a", "b", RenameFlags::EXCHANGE).unwrap();
    assert_eq!(fs::read_to_string(fs.at("a")).unwrap(), "b");
    assert_eq!(fs::read_to_string(fs.at("b")).unwrap(), "a");
    rename("a", "c", RenameFlags::NOREPLACE).unwrap();
    rename("c", "b", RenameFlags::empty()).unwrap();
    assert_eq!(fs::read_to_string(fs.at("b")).unwrap(), "b");
    assert_eq!(rename("b", "w", RenameFlags::WHITEOUT), Err(Errno::INVAL));
    assert_eq!(fs::read_dir(fs.at("")).unwrap().count(), 1);
}

#[test]
fn xattrs_follow_the_size_protocol() {
    let fs = local(config());
    fs::write(fs.at("f"), "").unwrap();
    let path = fs.at("f");
    rustix::fs::setxattr(&path, "user.a", b"12345", XattrFlags::CREATE).unwrap();
    assert_eq!(rustix::fs::setxattr(&path, "user.a", b"x", XattrFlags::CREATE), Err(Errno::EXIST));
    assert_eq!(rustix::fs::setxattr(&path, "user.b", b"x", XattrFlags::REPLACE), Err(Errno::NODATA));
    let mut room = [0_u8; 16];
    assert_eq!(
        run(&fs.at(""), false, "getfattr --only-values -n user.a f"),
        "12345",
        "asks for the size first"
    );
    assert_eq!(rustix::fs::getxattr(&path, "user.a", &mut room[..3]), Err(Errno::RANGE));
    assert_eq!(rustix::fs::getxattr(&path, "user.a", &mut room[..]), Ok(5));
    assert_eq!(&room[..5], b"12345");
    let mut names = [0_u8; 64];
    let length = rustix::fs::listxattr(&path, &mut names[..]).unwrap();
    assert!(names[..length].split(|&b| b == 0).any(|n| n == b"user.a"));
    rustix::fs::removexattr(&path, "user.a").unwrap();
    assert_eq!(rustix::fs::getxattr(&path, "user.a", &mut room[..]), Err(Errno::NODATA));
}

#[test]
fn space_is_allocated_punched_sought_and_copied() {
    let fs = local(config());
    let file = OpenOptions::new().read(true).write(true).create_new(true).open(fs.at("f")).unwrap();
    fallocate(&file, FallocateFlags::empty(), 0, 1 << 20).unwrap();
    assert_eq!(file.metadata().unwrap().len(), 1 << 20);
    file.write_all_at(&[7; 1 << 20], 0).unwrap();
    fallocate(&file, FallocateFlags::KEEP_SIZE | FallocateFlags::PUNCH_HOLE, 256 << 10, 256 << 10).unwrap();
    let mut piece = [1; 16];
    file.read_exact_at(&mut piece, 300 << 10).unwrap();
    assert_eq!(piece, [0; 16]);
    let hole = rustix::fs::seek(&file, rustix::fs::SeekFrom::Hole(0)).unwrap();
    assert_eq!(hole, 256 << 10);
    assert_eq!(rustix::fs::seek(&file, rustix::fs::SeekFrom::Data(hole)).unwrap(), 512 << 10);

    let copy = File::create(fs.at("g")).unwrap();
    let (mut from, mut to) = (0, 0);
    while rustix::fs::copy_file_range(&file, Some(&mut from), &copy, Some(&mut to), 1 << 20).unwrap() > 0 {}
    assert!(fs::read(fs.beneath("g")).unwrap() == fs::read(fs.beneath("f")).unwrap());
}

#[test]
fn the_filesystem_tells_how_full_it_is() {
    let fs = local(config());
    let (ours, theirs) =
        (rustix::fs::statvfs(fs.at("")).unwrap(), rustix::fs::statvfs(fs.beneath("")).unwrap());
    assert_eq!(
        (ours.f_blocks, ours.f_frsize, ours.f_namemax),
        (theirs.f_blocks, theirs.f_frsize, theirs.f_namemax)
    );
}

#[test]
fn appends_land_at_the_real_end_beside_others_who_append() {
    let fs = local(config());
    let mut ours = OpenOptions::new().append(true).create(true).open(fs.at("log")).unwrap();
    let mut theirs = OpenOptions::new().append(true).open(fs.beneath("log")).unwrap();
    for n in 0..50 {
        writeln!(ours, "ours {n}").unwrap();
        writeln!(theirs, "theirs {n}").unwrap();
    }
    assert_eq!(fs::read_to_string(fs.beneath("log")).unwrap().lines().count(), 100);
    assert!(fs::read_to_string(fs.beneath("log")).unwrap().ends_with("ours 49\ntheirs 49\n"));
}

#[test]
fn direct_reads_come_from_beneath() {
    let fs = local(config());
    fs::write(fs.at("f"), [1; 8192]).unwrap();
    let direct = OpenOptions::new()
        .read(true)
        .custom_flags(rustix::fs::OFlags::DIRECT.bits().cast_signed())
        .open(fs.at("f"))
        .unwrap();
    let mut buffer = cachefs_sys::AlignedBuf::new(4096, 4096);
    assert_eq!(direct.read_at(&mut buffer, 0).unwrap(), 4096);
    assert!(buffer.iter().all(|&b| b == 1));
    fs::write(fs.beneath("f"), [2; 8192]).unwrap();
    assert_eq!(direct.read_at(&mut buffer, 4096).unwrap(), 4096);
    assert!(buffer.iter().all(|&b| b == 2), "a direct read sees the change at once");
}

#[test]
fn a_name_that_does_not_exist_is_remembered_for_its_time_only() {
    let fs = local(config());
    let lookups = || {
        let snapshot = fs.mount().requests();
        snapshot.ops.iter().find(|o| o.op == cachefs_fuse::Op::Lookup).map_or(0, |o| o.received)
    };
    assert!(!fs.at("nothing").exists());
    let before = lookups();
    for _ in 0..20 {
        assert!(!fs.at("nothing").exists());
    }
    assert!(lookups() - before <= 1, "the kernel remembered");
    fs::write(fs.beneath("nothing"), "").unwrap();
    support::eventually("the file", || fs.at("nothing").exists());
}

#[test]
fn a_change_beneath_is_seen() {
    let fs = local(uncached());
    fs::write(fs.at("f"), "one").unwrap();
    let mut open = File::open(fs.at("f")).unwrap();
    let mut text = String::new();
    open.read_to_string(&mut text).unwrap();
    assert_eq!(text, "one");
    fs::write(fs.beneath("f"), "another").unwrap();
    text.clear();
    open.seek(SeekFrom::Start(0)).unwrap();
    open.read_to_string(&mut text).unwrap();
    assert_eq!(text, "another");
    assert_eq!(fs::read_to_string(fs.at("f")).unwrap(), "another");
    fs::rename(fs.beneath("f"), fs.beneath("g")).unwrap();
    assert!(!fs.at("f").exists());
    assert_eq!(fs::read_to_string(fs.at("g")).unwrap(), "another");
}
