//! A change by others is seen without being asked for, and nothing else is asked twice.

#[expect(dead_code, reason = "shared by several tests, each of which uses a part")]
mod support;
#[expect(dead_code, reason = "shared by several tests, each of which uses a part")]
mod watched;

use std::fs::{self, File};
use std::io::{Read, Seek};
use std::os::unix::fs::MetadataExt;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use cachefs_fuse::{MountConfig, MountError, NoticeKind, Op, Trust};
use cachefs_vfs::{MemFs, VfsExt, WatchMethod};
use support::{MountGuard, config, eventually, run};
use watched::{Watched, asked, asked_of, noticed, told, watched, watched_by};

const FILES: usize = 2000;

fn many(memory: &MemFs) {
    memory.create_dir_all("d/sub").expect("a directory");
    for n in 0..FILES {
        memory.write(format!("d/{n}"), b"bytes").expect("a file");
    }
}

/// Looks at every file, at as many names that do not exist, and at every listing.
fn look(fs: &MountGuard) {
    for n in 0..FILES {
        assert_eq!(fs::metadata(fs.at(format!("d/{n}"))).expect("an answer").len(), 5);
        assert!(fs::metadata(fs.at(format!("d/none-{n}"))).is_err());
    }
    assert_eq!(fs::read_dir(fs.at("d")).expect("a listing").count(), FILES + 1);
}

/// What was asked while `run` ran, by kind.
fn counted(fs: &MountGuard, run: impl FnOnce()) -> Vec<(Op, u64)> {
    let before = fs.mount().requests().ops;
    run();
    let after = fs.mount().requests().ops;
    let asked = before.iter().zip(&after).map(|(b, a)| (a.op, a.received - b.received));
    asked.filter(|(op, count)| *count > 0 && *op != Op::Forget).collect()
}

/// But for the access time of what was listed, which the kernel forgot.
fn second_look_asks_nothing(fs: &MountGuard) {
    look(fs);
    let second = counted(fs, || look(fs));
    assert!(matches!(second[..], [] | [(Op::GetAttr, 1)]), "{second:?}");
    assert_eq!(counted(fs, || look(fs)), []);
}

#[test]
fn a_second_look_at_files_and_missing_names_and_listings_asks_nothing_under_a_watch() {
    second_look_asks_nothing(&watched(told(), many).guard);
}

#[test]
fn the_same_where_nobody_else_writes() {
    let memory = MemFs::new();
    many(&memory);
    let dir = tempfile::tempdir().unwrap();
    let config = MountConfig { trust: Trust::Always, ..told() };
    second_look_asks_nothing(&MountGuard::new(Arc::new(memory), dir, config));
}

#[test]
fn without_trust_every_look_asks() {
    let memory = MemFs::new();
    many(&memory);
    let dir = tempfile::tempdir().unwrap();
    let config = MountConfig { trust: Trust::Never, attr_ttl: Duration::from_secs(9), ..config() };
    let fs = MountGuard::new(Arc::new(memory), dir, config);
    for _ in 0..2 {
        let before = asked(fs.mount());
        look(&fs);
        assert!(asked(fs.mount()) - before >= 2 * FILES as u64);
    }
}

/// The kernel forgets the access time of a directory whose listing it was answered, and asks for the attributes when
/// somebody wants that, once.
#[test]
fn find_asks_once_more_for_each_directory_it_listed_and_then_nothing() {
    const DIRS: u64 = 40;
    let fs = watched(told(), |memory| {
        for d in 0..DIRS {
            memory.create_dir(format!("{d}")).unwrap();
            for f in 0..25 {
                memory.write(format!("{d}/{f}"), b"bytes").unwrap();
            }
        }
    });
    // It also asks what kind of filesystem this is, and the kernel keeps no answer to that.
    let find = || {
        let asked = counted(&fs, || {
            let found = Command::new("find").arg(fs.at("")).args(["-printf", "%s %m\n"]).output().unwrap();
            assert_eq!(found.stdout.iter().filter(|&&b| b == b'\n').count() as u64, 1 + DIRS * 26);
        });
        asked.into_iter().filter(|(op, _)| *op != Op::StatFs).collect::<Vec<_>>()
    };
    let (first, second, third) = (find(), find(), find());
    println!("find asked {first:?}, then {second:?}, then {third:?}");
    assert!(second.iter().all(|&(op, count)| op == Op::GetAttr && count <= DIRS + 1), "{second:?}");
    assert_eq!(third, []);
}

fn every_change_is_seen(fs: &Watched) {
    let at = |path: &str| fs.at(path);
    let length = |path: &str| fs::metadata(at(path)).map(|m| m.len()).ok();
    fs::read_dir(at("d")).expect("a listing").count();
    assert!(length("d/f") == Some(5) && length("d/new").is_none() && length("other").is_some());
    let mut held = File::open(at("d/f")).expect("an answer");

    fs.outside.write("d/f", b"other").expect("a change by others");
    eventually("other bytes of the same length", || {
        let mut text = String::new();
        held.rewind().expect("an answer");
        held.read_to_string(&mut text).expect("reading");
        text == "other"
    });
    fs.outside.write("d/new", b"n").expect("a change by others");
    eventually("a new name", || length("d/new") == Some(1));
    let lists = |name: &str| {
        fs::read_dir(at("d")).expect("a listing").any(|e| e.expect("a listing").file_name() == name)
    };
    eventually("a new entry", || lists("new"));
    fs.outside.rename("d/new", "d/sub/moved").expect("a change by others");
    eventually("a name that left", || length("d/new").is_none() && !lists("new"));
    eventually("a name that came", || length("d/sub/moved") == Some(1));
    fs.outside.rename("other", "d/f").expect("a change by others");
    eventually("another file under the name", || fs::read(at("d/f")).expect("reading") == b"another file");
    let mut text = String::new();
    held.rewind().expect("an answer");
    held.read_to_string(&mut text).expect("reading");
    assert_eq!(text, "other", "who has a file open keeps it");
    let gone = File::open(at("d/f")).expect("an answer");
    fs.outside.remove_file("d/f").expect("a change by others");
    eventually("its last name gone", || gone.metadata().expect("an answer").nlink() == 0);
    eventually("a name that is gone", || length("d/f").is_none());
    fs.outside.remove_file("d/sub/moved").expect("a change by others");
    fs.outside.remove_dir("d/sub").expect("a change by others");
    eventually("a directory that is gone", || length("d/sub").is_none());
    assert_eq!(fs.mount().requests().notices.failed, 0);
}

fn some(memory: &MemFs) {
    memory.create_dir_all("d/sub").expect("a file");
    memory.write("d/f", b"bytes").expect("a file");
    memory.write("other", b"another file").expect("a file");
}

#[test]
fn changes_by_others_are_seen_where_the_whole_filesystem_is_watched() {
    let fs = watched(told(), some);
    every_change_is_seen(&fs);
    // One that the mount may still have open for somebody is told of by its name alone.
    eventually("who watches the mount is told", || {
        fs.outside.write("d/brief", b"bytes").expect("a change by others");
        eventually("a new name", || fs.at("d/brief").exists());
        fs.outside.remove_file("d/brief").expect("a change by others");
        eventually("its end", || !fs.at("d/brief").exists());
        noticed(fs.mount(), NoticeKind::Delete) > 0
    });
    let latency = fs.mount().requests().notices.latency;
    println!("told after {:?} (p99)", latency.quantile(0.99));
    assert!(latency.count > 0);
}

#[test]
fn changes_by_others_are_seen_where_directories_are_watched() {
    every_change_is_seen(&watched_by(WatchMethod::Directories, told(), some));
}

#[test]
fn changes_by_others_are_seen_where_only_names_are_told() {
    every_change_is_seen(&watched_by(WatchMethod::Inotify, told(), some));
}

#[test]
fn a_listing_is_another_also_where_the_time_of_the_directory_is_not() {
    let fs = watched(told(), some);
    for _ in 0..2 {
        assert_eq!(fs::read_dir(fs.at("d")).unwrap().count(), 2);
    }
    fs.fs.hold();
    fs.change_keeping_time("d", || fs.outside.write("d/new", b"n").unwrap());
    fs.fs.release();
    eventually("a new entry", || fs::read_dir(fs.at("d")).unwrap().count() == 3);
}

#[test]
fn what_cannot_be_watched_is_believed_for_its_time_only() {
    let fs = watched_by(WatchMethod::Directories, told(), some);
    fs.fs.refuse_cover(Some(cachefs_vfs::Errno::NOSPC));
    fs::read_dir(fs.at("d")).unwrap().count();
    let length = || fs::metadata(fs.at("d/f")).unwrap().len();
    assert_eq!(length(), 5);
    let before = asked_of(fs.mount(), Op::Lookup);
    assert_eq!(length(), 5);
    assert!(asked_of(fs.mount(), Op::Lookup) > before, "it was believed");
    fs.change_keeping_time("d", || fs.outside.write("d/unseen", b"").unwrap());
    eventually("an entry nobody told of", || fs::read_dir(fs.at("d")).unwrap().count() == 3);
}

#[test]
fn a_mount_that_cannot_be_told_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let refused = cachefs_fuse::Mount::start(Arc::new(MemFs::new()), dir.path(), told()).map(drop);
    assert!(matches!(refused, Err(MountError::Watch(_))), "{refused:?}");
    assert!(run(dir.path(), false, "grep -c \"$PWD\" /proc/self/mountinfo || true") == "0");
}

#[test]
fn the_watch_ends_with_the_mount() {
    let fs = watched(told(), some);
    assert_eq!(fs.fs.watchers(), 1);
    let Watched { guard, fs, .. } = fs;
    drop(guard);
    assert_eq!(fs.watchers(), 0);
}

#[test]
fn appending_beside_others_loses_no_record() {
    let fs = watched(told(), |memory| memory.write("log", b"").unwrap());
    let theirs = fs.outside.open("log", cachefs_vfs::OpenHow::new(cachefs_vfs::Access::Write)).unwrap();
    let record = |who: u8, n: usize| format!("{} {n:06}\n", char::from(who));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            use std::io::Write;
            let mut ours = File::options().append(true).open(fs.at("log")).unwrap();
            (0..FILES).for_each(|n| ours.write_all(record(b'a', n).as_bytes()).unwrap());
        });
        for n in 0..FILES {
            let written = theirs.append(record(b'b', n).as_bytes(), cachefs_vfs::Privileges::Keep);
            assert_eq!(written.unwrap(), 9);
        }
    });
    let all: Vec<_> =
        [b'a', b'b'].into_iter().flat_map(|who| (0..FILES).map(move |n| record(who, n))).collect();
    eventually("all records", || {
        let text = fs::read_to_string(fs.at("log")).unwrap_or_default();
        let mut lines: Vec<_> = text.lines().collect();
        lines.sort_unstable();
        lines.iter().copied().eq(all.iter().map(|line| line.trim_end()))
    });
}
