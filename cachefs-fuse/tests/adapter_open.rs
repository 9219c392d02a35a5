//! Files that are open while their names change or go.

mod support;

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt, PermissionsExt};

use cachefs_fuse::{How, MountConfig, MountError};
use rustix::fs::{AtFlags, Mode, OFlags, Timespec, Timestamps, openat, statat};
use rustix::io::Errno;
use support::{config, local, run, shell, uncached};

fn read_write(path: &std::path::Path) -> File {
    OpenOptions::new().read(true).write(true).open(path).expect("opening")
}

#[test]
fn an_unlinked_file_lives_until_it_is_closed() {
    let fs = local(uncached());
    fs::write(fs.at("f"), "before").unwrap();
    let file = read_write(&fs.at("f"));
    fs::remove_file(fs.at("f")).unwrap();
    fs::write(fs.at("f"), "another file").unwrap();
    file.write_all_at(b"after!", 3).unwrap();
    let mut text = [0; 16];
    assert_eq!(file.read_at(&mut text, 0).unwrap(), 9);
    assert_eq!(&text[..9], b"befafter!");
    let stat = file.metadata().unwrap();
    assert_eq!((stat.nlink(), stat.len()), (0, 9));
    file.set_len(2).unwrap();
    file.set_permissions(PermissionsExt::from_mode(0o600)).unwrap();
    assert_eq!(file.metadata().unwrap().len(), 2);
    file.sync_all().unwrap();
    assert_eq!(fs::read_to_string(fs.at("f")).unwrap(), "another file");
    assert_eq!(fs.mount().requests().pinned, 1);
    drop(file);
    support::eventually("the end of the file", || fs.mount().requests().pinned == 0);
}

#[test]
fn a_file_that_was_renamed_over_is_still_read_by_who_has_it_open() {
    let fs = local(uncached());
    for round in 0..20 {
        fs::write(fs.at("f"), format!("old {round}")).unwrap();
        let mut old = File::open(fs.at("f")).unwrap();
        fs::write(fs.at("new"), format!("new {round}")).unwrap();
        fs::rename(fs.at("new"), fs.at("f")).unwrap();
        let mut text = String::new();
        old.read_to_string(&mut text).unwrap();
        assert_eq!(text, format!("old {round}"));
        assert_eq!(old.metadata().unwrap().nlink(), 0);
        assert_eq!(fs::read_to_string(fs.at("f")).unwrap(), format!("new {round}"));
    }
}

#[test]
fn an_open_file_follows_its_renames_and_those_of_its_directories() {
    let fs = local(MountConfig { handles_max: 4, ..uncached() });
    fs::create_dir_all(fs.at("a/b/c")).unwrap();
    let mut file = File::create(fs.at("a/b/c/f")).unwrap();
    fs::rename(fs.at("a/b"), fs.at("x")).unwrap();
    fs::rename(fs.at("x/c/f"), fs.at("x/g")).unwrap();
    fs::rename(fs.at("x"), fs.at("a/y")).unwrap();
    // Others need the few handles there may be.
    for n in 0..32 {
        fs::create_dir_all(fs.at(format!("other/{n}"))).unwrap();
        fs::write(fs.at(format!("other/{n}/f")), "").unwrap();
    }
    file.write_all(b"here").unwrap();
    assert_eq!(fs::read_to_string(fs.beneath("a/y/g")).unwrap(), "here");
    assert!(fs.mount().requests().handles <= 4);
}

#[test]
fn what_was_unlinked_still_has_attributes() {
    let fs = local(uncached());
    run(&fs.at(""), false, "mkfifo p; ln -s target l; touch f; mkdir d");
    let open = |name: &str| {
        let flags = OFlags::PATH | OFlags::NOFOLLOW;
        rustix::fs::open(fs.at(name), flags, Mode::empty()).expect("a handle for its attributes")
    };
    let held: Vec<_> = ["p", "l", "f", "d"].map(|n| (n, open(n))).into();
    run(&fs.at(""), false, "rm p l f; rmdir d");
    for (name, file) in &held {
        let stat = rustix::fs::fstat(file).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(stat.st_nlink < 2, "{name} has {} names", stat.st_nlink);
    }
    let dir = &held[3].1;
    let created = openat(dir, "x", OFlags::CREATE | OFlags::WRONLY, Mode::from_raw_mode(0o644));
    assert_eq!(created.map(drop), Err(Errno::NOENT), "nothing can be made in a directory that is gone");
    assert_eq!(statat(dir, "x", AtFlags::empty()).map(drop), Err(Errno::NOENT));
    drop(held);
    support::eventually("their end", || fs.mount().requests().pinned == 0);
}

#[test]
fn a_removed_working_directory_is_empty() {
    let fs = local(uncached());
    fs::create_dir(fs.at("d")).unwrap();
    let out = run(&fs.at("d"), false, "rmdir ../d; ls -A | wc -l; stat -c %h .");
    assert_eq!(out, "0\n0");
}

#[test]
fn hard_links_to_an_open_file_outlive_its_first_name() {
    let fs = local(uncached());
    fs::write(fs.at("a"), "one").unwrap();
    fs::hard_link(fs.at("a"), fs.at("b")).unwrap();
    let file = read_write(&fs.at("a"));
    fs::remove_file(fs.at("a")).unwrap();
    file.write_all_at(b"two", 0).unwrap();
    assert_eq!(fs::read_to_string(fs.at("b")).unwrap(), "two");
    fs::remove_file(fs.at("b")).unwrap();
    file.write_all_at(b"six", 0).unwrap();
    let mut text = [0; 3];
    file.read_exact_at(&mut text, 0).unwrap();
    assert_eq!(&text, b"six");
}

#[test]
fn a_file_created_without_permissions_is_usable_by_its_creator() {
    let fs = local(uncached());
    fs::set_permissions(fs.beneath(""), PermissionsExt::from_mode(0o777)).unwrap();
    let mut file =
        OpenOptions::new().read(true).write(true).create_new(true).mode(0o000).open(fs.at("f")).unwrap();
    file.write_all(b"x").unwrap();
    assert_eq!(fs::read(fs.beneath("f")).unwrap(), b"x");
    run(&fs.at(""), true, "umask 777; echo secret > g; ls -l g | grep -q '^----------'");
    assert_eq!(fs::read_to_string(fs.beneath("g")).unwrap(), "secret\n");
    assert!(!shell(&fs.at(""), true, "cat g").status.success());
}

#[test]
fn a_store_through_a_mapping_reaches_the_file_and_moves_its_time() {
    let fs = local(config());
    fs::write(fs.at("f"), [b'a'; 8192]).unwrap();
    let past = Timespec { tv_sec: 1_000_000, tv_nsec: 0 };
    let file = read_write(&fs.at("f"));
    rustix::fs::futimens(file.as_fd(), &Timestamps { last_access: past, last_modification: past }).unwrap();
    drop(file);
    let script = "python3 -c \"
import mmap
with open('f', 'r+b') as f, mmap.mmap(f.fileno(), 0) as m:
    m[4096:4101] = b'store'
    m.flush()
\"";
    run(&fs.at(""), false, script);
    assert_eq!(&fs::read(fs.beneath("f")).unwrap()[4095..4102], b"astorea");
    assert!(fs::metadata(fs.at("f")).unwrap().mtime() > 1_000_000);
}

#[test]
fn a_file_opened_past_the_caches_can_be_mapped() {
    let fs = local(config());
    fs::write(fs.at("f"), [b'a'; 8192]).unwrap();
    let script = "python3 -c \"
import mmap, os
f = os.open('f', os.O_RDWR | os.O_DIRECT)
with mmap.mmap(f, 8192, mmap.MAP_SHARED) as m:
    m[0:5] = b'store'
    m.flush()
\"";
    run(&fs.at(""), false, script);
    assert_eq!(&fs::read(fs.beneath("f")).unwrap()[..6], b"storea");
}

#[test]
fn a_busy_mount_says_so_and_can_be_detached() {
    let mut fs = local(config());
    fs::write(fs.at("f"), "x").unwrap();
    let file = File::open(fs.at("f")).unwrap();
    let unmounter = fs.mount().unmounter();
    assert!(matches!(unmounter.unmount(How::Plain), Err(MountError::Busy { .. })));
    unmounter.unmount(How::Lazy).unwrap();
    assert!(!fs.at("f").exists());
    let mut byte = [0];
    file.read_exact_at(&mut byte, 0).unwrap();
    unmounter.unmount(How::Plain).unwrap();
    let mount = fs.take();
    let waiter = std::thread::spawn(move || mount.wait());
    drop(file);
    waiter.join().unwrap().unwrap();
}
