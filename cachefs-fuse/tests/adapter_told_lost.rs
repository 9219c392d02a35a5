//! When changes went unseen, nothing the kernel was told before is believed.

#[expect(dead_code, reason = "shared by several tests, each of which uses a part")]
mod support;
#[expect(dead_code, reason = "shared by several tests, each of which uses a part")]
mod watched;

use std::fs::{self, File};
use std::os::unix::fs::FileExt;

use cachefs_fuse::{MountConfig, NoticeKind};
use cachefs_testkit::{CallKind, Rule};
use cachefs_vfs::{Access, Errno, Error, MemFs, OpenHow, Privileges, VfsExt};
use support::{PATIENCE, eventually};
use watched::{Watched, asked, at_once, noticed, told, watched};

const FILES: usize = 200;

fn some(memory: &MemFs) {
    memory.create_dir("d").expect("a file");
    for n in 0..FILES {
        memory.write(format!("d/{n}"), b"first").expect("a file");
    }
}

fn rewrite(fs: &Watched, path: &str, text: &[u8]) {
    let file = fs.outside.open(path, OpenHow::new(Access::Write)).expect("a change by others");
    assert_eq!(file.write_at(text, 0, Privileges::Keep).expect("an answer"), text.len());
}

/// Waits until the kernel believes what it knows of both names. It may ask once more after a read, whose access time it
/// holds to be unknown until it is told of the file at a time at which it forgets no other.
fn believed(fs: &Watched, there: &str, gone: &str) {
    eventually("a kernel that believes it all", || {
        let before = asked(fs.mount());
        assert!(fs::metadata(fs.at(there)).is_ok() && fs::metadata(fs.at(gone)).is_err());
        asked(fs.mount()) == before
    });
}

/// Lets the kernel know everything, and then changes much of it unseen. The file is open.
fn unseen(fs: &Watched) -> File {
    for n in 0..FILES {
        assert_eq!(fs::read(fs.at(format!("d/{n}"))).expect("reading"), b"first");
        assert!(fs::metadata(fs.at(format!("d/none-{n}"))).is_err());
    }
    for _ in 0..2 {
        assert_eq!(fs::read_dir(fs.at("d")).expect("a listing").count(), FILES);
    }
    let held = File::open(fs.at("d/1")).expect("an answer");
    believed(fs, "d/7", "d/none-7");
    fs.fs.hold();
    fs.change_keeping_time("d", || {
        for n in 0..FILES / 4 {
            rewrite(fs, &format!("d/{}", 4 * n), b"other");
            fs.outside.append(format!("d/{}", 4 * n + 1), b"+").expect("a change by others");
            fs.outside.rename(format!("d/{}", 4 * n + 2), format!("d/none-{n}")).expect("a change by others");
            fs.outside.remove_file(format!("d/{}", 4 * n + 3)).expect("a change by others");
        }
    });
    held
}

fn is_right(fs: &Watched, held: &File) -> bool {
    let reads = |path: String| fs::read(fs.at(path)).ok();
    let mut bytes = [0; 8];
    let length = held.read_at(&mut bytes, 0).expect("reading");
    &bytes[..length] == b"first+"
        && (0..FILES / 4).all(|n| {
            reads(format!("d/{}", 4 * n)).is_some_and(|text| text == b"other")
                && reads(format!("d/{}", 4 * n + 1)).is_some_and(|text| text == b"first+")
                && reads(format!("d/{}", 4 * n + 2)).is_none()
                && reads(format!("d/none-{n}")).is_some_and(|text| text == b"first")
                && reads(format!("d/{}", 4 * n + 3)).is_none()
        })
        // Last, as it shows the kernel names.
        && fs::read_dir(fs.at("d")).expect("a listing").count() == FILES - FILES / 4
}

#[test]
fn after_an_overflow_everything_is_asked_for_again_and_then_believed() {
    let fs = watched(told(), some);
    let held = unseen(&fs);
    fs.fs.overflow();
    fs.fs.release();
    eventually("the truth", || is_right(&fs, &held));
    let notices = fs.mount().requests().notices;
    assert_eq!((notices.overflows, notices.failed, notices.lost), (1, 0, false));
    assert!(noticed(fs.mount(), NoticeKind::Epoch) == 1, "this kernel takes all names back at once");
    eventually("the end of all notices", || fs.mount().requests().notices.waiting == 0);
    assert!(is_right(&fs, &held));
    believed(&fs, "d/4", "d/2");
    fs.outside.append("d/4", b"+").unwrap();
    eventually("the next change", || fs::metadata(fs.at("d/4")).unwrap().len() == 6);
}

#[test]
fn after_its_loss_everything_is_asked_for_each_time() {
    let fs = watched(told(), some);
    let held = unseen(&fs);
    fs.fs.lose(Error::new(Errno::STALE));
    fs.fs.release();
    eventually("the truth", || is_right(&fs, &held));
    assert!(fs.mount().requests().notices.lost);
    fs.outside.append("d/4", b"+").unwrap();
    assert_eq!(fs::metadata(fs.at("d/4")).unwrap().len(), 6);
    fs.outside.write("d/2", b"n").unwrap();
    assert_eq!(fs::metadata(fs.at("d/2")).unwrap().len(), 1);
    let listed = fs::read_dir(fs.at("d")).unwrap().count();
    fs.change_keeping_time("d", || fs.outside.write("d/3", b"n").unwrap());
    eventually("a name in the listing", || fs::read_dir(fs.at("d")).unwrap().count() == listed + 1);
}

#[test]
fn more_changes_than_can_wait_are_as_an_overflow() {
    let fs = watched(MountConfig { notices_max: 40, ..told() }, some);
    let held = unseen(&fs);
    // A request that hangs keeps the directory locked, and notices about it waiting.
    let rule = fs.faults.add(Rule::on(CallKind::Open).at("d/hung").hang()).release_on_drop();
    std::thread::scope(|scope| {
        let path = fs.at("d/hung");
        let hung = scope.spawn(move || fs::metadata(path));
        assert!(rule.wait_waiting(1, PATIENCE));
        fs.fs.release();
        assert!(fs.mount().requests().notices.overflows > 0);
        rule.release();
        assert!(hung.join().unwrap().is_err());
    });
    eventually("the truth", || is_right(&fs, &held));
    assert_eq!(fs.mount().requests().notices.failed, 0);
}

/// Overflows one after the other while answers of all kinds are on their way: none of them stays.
#[test]
fn many_overflows_at_about_the_time_of_an_answer() {
    const ROUNDS: u32 = 300;
    let fs = watched(told(), |memory| {
        for round in 0..ROUNDS {
            memory.create_dir(format!("{round}")).unwrap();
            (0..4).for_each(|f| memory.write(format!("{round}/{f}"), b"first").unwrap());
        }
    });
    let at = |round: u32, name: &str| fs.at(format!("{round}/{name}"));
    at_once(
        ROUNDS,
        |round| {
            match round % 3 {
                0 => assert!(fs::read_dir(at(round, "")).expect("a listing").count() >= 3),
                1 => assert!(fs::metadata(at(round, "1")).is_ok() && fs::metadata(at(round, "0")).is_ok()),
                _ => {}
            }
            drop((fs::metadata(at(round, "new")), fs::metadata(at(round, "2"))));
        },
        |round| {
            fs.fs.hold();
            fs.outside.append(format!("{round}/1"), b"+").expect("a change by others");
            fs.outside.write(format!("{round}/new"), b"n").expect("a change by others");
            fs.outside.remove_file(format!("{round}/2")).expect("a change by others");
            fs.fs.overflow();
            fs.fs.release();
        },
        |round| {
            eventually(&format!("round {round}"), || {
                fs::metadata(at(round, "1")).is_ok_and(|m| m.len() == 6)
                    && fs::metadata(at(round, "new")).is_ok()
                    && fs::metadata(at(round, "2")).is_err()
                    && fs::read_dir(at(round, "")).expect("a listing").count() == 4
            });
        },
    );
}
