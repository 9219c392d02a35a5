//! How other caches write over what somebody else wrote, or keep to themselves that the source takes nothing; and ours
//! does not.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod back;
mod disks;
mod site;

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use back::{Faulty, foreground, mount, pattern, text, told};
use cachefs_testkit::{CallKind, Rule};
use cachefs_vfs::Errno;
use disks::SmallDisk;
use site::{Daemon, Site, is_root, run, wait_until};

/// What is kept beside files of the source.
fn beside(site: &Site) -> Vec<PathBuf> {
    let paths = fs::read_dir(site.source()).unwrap().map(|entry| entry.unwrap().path());
    paths.filter(|path| path.display().to_string().contains(".cachefs-conflict-")).collect()
}

fn write(site: &Site, bytes: &[u8], offset: u64) {
    let file = File::options().write(true).open(site.mountpoint().join("f")).unwrap();
    file.write_all_at(bytes, offset).unwrap();
}

/// Peers' failure o: what somebody else wrote meanwhile is written over, and nobody is told.
#[test]
fn what_others_changed_meanwhile_is_kept_and_so_is_ours() {
    type Change = fn(&Site);
    let changes: [(&str, Change); 4] = [
        ("written into", |site| {
            let file = File::options().write(true).open(site.source().join("f")).unwrap();
            file.write_all_at(b"THEIRS", 50_000).unwrap();
        }),
        ("rewritten", |site| fs::write(site.source().join("f"), b"theirs").unwrap()),
        ("appended to", |site| {
            let mut file = File::options().append(true).open(site.source().join("f")).unwrap();
            io::Write::write_all(&mut file, b"theirs").unwrap();
        }),
        ("cut", |site| {
            File::options().write(true).open(site.source().join("f")).unwrap().set_len(10).unwrap();
        }),
    ];
    for (what, change) in changes {
        let site = Site::with_file("f", &pattern(100_000, 1));
        fs::set_permissions(site.source().join("f"), fs::Permissions::from_mode(0o640)).unwrap();
        let mut daemon = foreground(&site, &[]);
        write(&site, b"ours", 90_000);
        site.settle();
        change(&site);
        let theirs = fs::read(site.source().join("f")).unwrap();
        let (code, outcome) = told("umount", &[&site.mountpoint()]);
        assert_eq!((code, outcome["conflicts"].as_u64()), (11, Some(1)), "{what}: {outcome}");
        assert_eq!(daemon.exit_code(), Some(11), "{what}");
        assert!(fs::read(site.source().join("f")).unwrap() == theirs, "{what}: theirs stays");
        let kept = beside(&site);
        assert_eq!(kept.len(), 1, "{what}: {kept:?}");
        assert_eq!(fs::read(&kept[0]).unwrap()[90_000..90_004], *b"ours", "{what}");
        let (one, other) = (fs::metadata(&kept[0]).unwrap(), fs::metadata(site.source().join("f")).unwrap());
        assert_eq!((one.mode(), one.uid()), (other.mode(), other.uid()), "{what}");
        let log = site.wait_logged(kept[0].file_name().unwrap().to_str().unwrap());
        assert!(log.contains("WARN"), "{what}: {log}");
    }
}

/// While the mount serves on: a status tells of it, and what is written next is no conflict any more.
#[test]
fn a_conflict_is_told_while_the_mount_serves() {
    let site = Site::with_file("f", b"before, and long enough");
    let _daemon = mount(&site, &["--coherence", "open"]);
    write(&site, b"ours", 0);
    site.settle();
    fs::write(site.source().join("f"), b"theirs").unwrap();
    assert_eq!(told("flush", &[&site.mountpoint()]).1["conflicts"], 1);
    let (_, status) = told("status", &[&site.mountpoint()]);
    assert_eq!(
        (&status["write_back"]["conflicts"], &status["write_back"]["dirty_bytes"]),
        (&1.into(), &0.into())
    );
    assert_eq!(beside(&site).len(), 1);
    wait_until("the mount shows theirs", || fs::read(site.mountpoint().join("f")).unwrap() == b"theirs");
    write(&site, b"OURS", 0);
    assert_eq!(told("flush", &[&site.mountpoint()]).1["conflicts"], 1, "no other one");
    assert_eq!(fs::read(site.source().join("f")).unwrap(), b"OURSrs");
}

/// Removed by others while it was dirty: what was written is kept all the same.
#[test]
fn what_others_removed_meanwhile_is_kept_beside() {
    let site = Site::with_file("f", &pattern(10_000, 1));
    let _daemon = mount(&site, &[]);
    write(&site, b"ours", 5_000);
    site.settle();
    fs::remove_file(site.source().join("f")).unwrap();
    assert_eq!(told("umount", &[&site.mountpoint()]).0, 11);
    let kept = beside(&site);
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert_eq!(fs::read(&kept[0]).unwrap()[5_000..5_004], *b"ours");
}

/// What lets a source that does not take bytes for a moment be told of soon.
const SOON: [&str; 6] = ["--flush-after", "10ms", "--dirty-age", "200ms", "--drain-patience", "1s"];

/// The error comes at the next write or fsync; in a status; and in the log.
fn check_told(site: &Site, file: &File, errno: Errno, by_fsync: bool) {
    let raw = errno.raw_os_error();
    let mut answers = Vec::new();
    wait_until("somebody is answered what keeps the source from taking it", || {
        let answer = if by_fsync { file.sync_all() } else { file.write_all_at(&pattern(1, 1), 0) };
        answers.extend(answer.err().and_then(|error| error.raw_os_error()));
        answers.len() == 1
    });
    assert_eq!(answers, [raw]);
    let text = io::Error::from_raw_os_error(raw).to_string();
    let text = text.split(" (os").next().unwrap();
    let (_, status) = told("status", &[&site.mountpoint()]);
    let failing = &status["write_back"]["failing"][0];
    assert!(failing["path"] == "f" && failing["error"].as_str().unwrap().contains(text), "{status}");
    site.wait_logged(text);
}

/// Peers' failure p: the source takes nothing, and nobody hears of it. Here a source that is read-only or broken.
#[test]
fn who_writes_hears_that_the_source_takes_nothing() {
    for (errno, by_fsync) in
        [(Errno::ROFS, true), (Errno::IO, false), (Errno::DQUOT, true), (Errno::ACCESS, false)]
    {
        let faulty = Faulty::new(0);
        let site = &faulty.site;
        let _daemon = mount(site, &SOON);
        let broken = faulty.faults.add(Rule::on(CallKind::Write).fail(errno)).release_on_drop();
        let file = File::create(site.mountpoint().join("f")).unwrap();
        file.write_all_at(&pattern(100_000, 1), 0).unwrap();
        check_told(site, &file, errno, by_fsync);
        assert_eq!(told("flush", &[&site.mountpoint()]).0, 10);
        // It was told; what is written next waits with the rest, and all of it gets there once it can.
        file.write_all_at(b"at last", 0).unwrap();
        let mut expected = pattern(100_000, 1);
        expected[..7].copy_from_slice(b"at last");
        assert!(fs::read(site.mountpoint().join("f")).unwrap() == expected, "{errno:?}");
        drop(broken);
        assert_eq!(told("flush", &[&site.mountpoint()]).0, 0, "{errno:?}");
        file.sync_all().unwrap();
        assert!(fs::read(faulty.beneath("f")).unwrap() == expected, "{errno:?}");
        let (_, status) = told("status", &[&site.mountpoint()]);
        assert_eq!(status["write_back"]["failing"], serde_json::json!([]), "{status}");
    }
}

/// The same with fsync that promises the source, and a close that flushes: they answer what kept the bytes out.
#[test]
fn fsync_and_close_answer_what_kept_the_bytes_out() {
    let faulty = Faulty::new(0);
    let site = &faulty.site;
    let arguments = ["--durability", "backing", "--flush-on-close", "--drain-patience", "1s"];
    let _daemon: Daemon = mount(site, &arguments);
    let full = faulty.faults.add(Rule::on(CallKind::Write).fail(Errno::NOSPC)).release_on_drop();
    let file = File::create(site.mountpoint().join("f")).unwrap();
    file.write_all_at(b"text", 0).unwrap();
    assert_eq!(file.sync_all().unwrap_err().raw_os_error(), Some(Errno::NOSPC.raw_os_error()));
    file.write_all_at(b"TEXT", 0).or_else(|_| file.write_all_at(b"TEXT", 0)).unwrap();
    // A file closed by a program that looks what close(2) answers.
    let close = "import os, sys\nfd = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT)\nos.write(fd, b'more')\nos.close(fd)";
    let path = site.mountpoint().join("g");
    let output = run(Command::new("python3").args(["-c", close]).arg(path).stdin(Stdio::null()));
    assert!(!output.status.success() && text(&output).contains("No space left"), "{output:?}");
    drop(full);
    assert_eq!(told("flush", &[&site.mountpoint()]).0, 0);
    assert_eq!(fs::read(faulty.beneath("f")).unwrap(), b"TEXT");
    assert_eq!(fs::read(faulty.beneath("g")).unwrap(), b"more");
}

/// A source that is really full, and gets room.
#[test]
fn a_full_source_is_told_and_flushed_to_once_it_has_room() {
    if !is_root() {
        return;
    }
    let site = Site::new();
    let disk = SmallDisk::on(&site.source(), 2 << 20);
    let _daemon = mount(&site, &SOON);
    let file = File::create(site.mountpoint().join("f")).unwrap();
    file.write_all_at(&pattern(5 << 20, 1), 0).unwrap();
    check_told(&site, &file, Errno::NOSPC, true);
    let (code, outcome) = told("flush", &[&site.mountpoint()]);
    assert!(code == 10 && outcome["left"][0]["path"] == "f", "{outcome}");
    let expected = pattern(5 << 20, 1);
    assert!(fs::read(site.mountpoint().join("f")).unwrap() == expected, "nothing is lost");
    disk.resize(16 << 20);
    // By itself, without anybody asking.
    wait_until("it is in the source", || fs::read(site.source().join("f")).unwrap() == expected);
    drop(file);
    assert_eq!(told("umount", &[&site.mountpoint()]).0, 0);
    assert!(fs::read(site.source().join("f")).unwrap() == expected);
}
