//! Notices wait for what hangs, and for nothing else.

#[expect(dead_code, reason = "shared by several tests, each of which uses a part")]
mod support;
#[expect(dead_code, reason = "shared by several tests, each of which uses a part")]
mod watched;

use std::fs;
use std::time::{Duration, Instant};

use cachefs_fuse::MountConfig;
use cachefs_testkit::{CallKind, ReleaseOnDrop, Rule};
use cachefs_vfs::{MemFs, VfsExt};
use support::{PATIENCE, eventually};
use watched::{Watched, told, watched};

/// Within this a notice about a file nobody is slow with must come, on a busy machine.
const SOON: Duration = Duration::from_millis(300);

fn dirs(memory: &MemFs) {
    for dir in 0..40 {
        memory.create_dir(format!("{dir}")).expect("a file");
        memory.write(format!("{dir}/f"), b"first").expect("a file");
    }
}

fn length(fs: &Watched, path: &str) -> Option<u64> {
    fs::metadata(fs.at(path)).map(|m| m.len()).ok()
}

/// Look-ups in these directories hang, with the directories locked in the kernel, while `run` runs, and a notice waits
/// for each of them.
fn hung(fs: &Watched, dirs: std::ops::Range<usize>, run: impl FnOnce(&ReleaseOnDrop)) {
    let rule = fs.faults.add(Rule::on(CallKind::Open).named("hung").hang()).release_on_drop();
    for dir in dirs.clone() {
        assert_eq!(length(fs, &format!("{dir}/f")), Some(5));
    }
    std::thread::scope(|scope| {
        for (n, dir) in dirs.clone().enumerate() {
            let path = fs.at(format!("{dir}/hung"));
            scope.spawn(move || drop(fs::metadata(path)));
            assert!(rule.wait_waiting(n + 1, PATIENCE));
        }
        for dir in dirs {
            fs.outside.write(format!("{dir}/new"), b"n").expect("a change by others");
            fs.outside.append(format!("{dir}/f"), b"+").expect("a change by others");
        }
        run(&rule);
        rule.release();
    });
}

fn soon(what: &str, done: impl FnMut() -> bool) {
    let since = Instant::now();
    eventually(what, done);
    assert!(since.elapsed() < SOON, "{what} came after {:?}", since.elapsed());
}

fn config(notifiers_max: usize) -> MountConfig {
    MountConfig { notifiers_max, readers: 2, deadline: Duration::from_secs(60), ..told() }
}

#[test]
fn slow_directories_delay_no_other() {
    let fs = watched(config(8), dirs);
    assert_eq!(length(&fs, "30/f"), Some(5));
    assert_eq!(length(&fs, "30/new"), None);
    // Each holds up one thread; one is left.
    hung(&fs, 0..7, |_| {
        for dir in 0..7 {
            soon("a change of a known file in a slow directory", || {
                length(&fs, &format!("{dir}/f")) == Some(6)
            });
        }
        fs.outside.append("30/f", b"+").unwrap();
        soon("a change elsewhere", || length(&fs, "30/f") == Some(6));
        fs.outside.write("30/new", b"n").unwrap();
        soon("a name elsewhere", || length(&fs, "30/new") == Some(1));
    });
    eventually("what waited", || (0..7).all(|dir| length(&fs, &format!("{dir}/new")) == Some(1)));
}

/// With more of them than threads, names elsewhere are told when the first of the slow ones is over, attributes at once,
/// and nothing is lost.
#[test]
fn more_slow_directories_than_threads_delay_names_until_one_is_answered() {
    let fs = watched(config(4), dirs);
    assert_eq!((length(&fs, "30/f"), length(&fs, "30/new")), (Some(5), None));
    hung(&fs, 0..8, |rule| {
        eventually("four threads that wait", || fs.mount().requests().notices.waiting > 0);
        fs.outside.append("30/f", b"+").unwrap();
        soon("a change elsewhere", || length(&fs, "30/f") == Some(6));
        fs.outside.write("30/new", b"n").unwrap();
        assert_eq!(length(&fs, "30/new"), None, "nobody is left to tell");
        rule.release();
        eventually("a name elsewhere", || length(&fs, "30/new") == Some(1));
    });
    eventually("what waited", || (0..8).all(|dir| length(&fs, &format!("{dir}/new")) == Some(1)));
}

#[test]
fn more_slow_reads_than_threads_delay_no_attributes() {
    let fs = watched(config(4), dirs);
    let rule = fs.faults.add(Rule::on(CallKind::Read).named("f").hang()).release_on_drop();
    assert_eq!(length(&fs, "30/f"), Some(5));
    std::thread::scope(|scope| {
        for dir in 0..8 {
            let path = fs.at(format!("{dir}/f"));
            scope.spawn(move || fs::read(path).unwrap());
            assert!(rule.wait_waiting(dir + 1, PATIENCE));
            fs.outside.append(format!("{dir}/f"), b"+").unwrap();
        }
        eventually("four threads that wait", || fs.mount().requests().notices.waiting > 0);
        fs.outside.append("30/f", b"+").unwrap();
        soon("a change elsewhere", || length(&fs, "30/f") == Some(6));
        rule.release();
    });
    eventually("the bytes", || (0..8).all(|dir| fs::read(fs.at(format!("{dir}/f"))).unwrap() == b"first+"));
}

/// (Who asks for the attributes of that file waits with the reader: the kernel cuts its pages to the new length.)
#[test]
fn slow_reads_delay_no_other_file() {
    let fs = watched(config(8), dirs);
    let rule = fs.faults.add(Rule::on(CallKind::Read).at("0/f").hang()).release_on_drop();
    assert_eq!((length(&fs, "0/f"), length(&fs, "1/f")), (Some(5), Some(5)));
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| fs::read(fs.at("0/f")).unwrap());
        assert!(rule.wait_waiting(1, PATIENCE));
        fs.outside.append("0/f", b"+").unwrap();
        fs.outside.append("1/f", b"+").unwrap();
        soon("a change elsewhere", || length(&fs, "1/f") == Some(6));
        rule.release();
        assert!(reader.join().unwrap().starts_with(b"first"));
    });
    eventually("the bytes", || fs::read(fs.at("0/f")).unwrap() == b"first+");
}

#[test]
fn a_mount_with_notices_that_hang_can_be_removed() {
    let fs = watched(config(4), dirs);
    let rule = fs.faults.add(Rule::on(CallKind::Open).named("hung").hang()).release_on_drop();
    assert_eq!(length(&fs, "0/f"), Some(5));
    let Watched { guard, fs: source, outside, .. } = fs;
    let path = guard.at("0/hung");
    let caller = std::thread::spawn(move || fs::metadata(path));
    assert!(rule.wait_waiting(1, PATIENCE));
    outside.write("0/new", b"n").unwrap();
    eventually("a notice that is under way", || {
        guard.mount().requests().notices.sent.iter().any(|sent| sent.count > 0)
    });
    let started = Instant::now();
    drop(guard);
    assert!(started.elapsed() < Duration::from_secs(5), "it took {:?}", started.elapsed());
    assert_eq!(source.watchers(), 0);
    rule.release();
    assert!(caller.join().is_ok());
}
