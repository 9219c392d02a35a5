//! What is mounted below the mount stays mounted when changes went unseen, and nothing that was known before is
//! believed there either.

#[expect(dead_code, reason = "shared by several tests, each of which uses a part")]
mod support;
#[expect(dead_code, reason = "shared by several tests, each of which uses a part")]
mod watched;

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use cachefs_fuse::NoticeKind;
use cachefs_vfs::{MemFs, VfsExt};
use support::{PATIENCE, eventually, is_root};
use watched::{Watched, asked, noticed, told, watched};

/// A filesystem in memory, mounted there until this is dropped.
struct Mounted(PathBuf);

impl Mounted {
    fn at(path: PathBuf) -> Self {
        let status = Command::new("mount").args(["-t", "tmpfs", "none"]).arg(&path).status().expect("mount");
        assert!(status.success());
        Self(path)
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _gone = Command::new("umount").args(["-l", "-q"]).arg(&self.0).status();
    }
}

fn some(memory: &MemFs) {
    for dir in ["way", "way/to", "way/to/sub", "way/beside", "work", "work/deep"] {
        memory.create_dir(dir).expect("a file");
    }
    for file in ["old", "way/old", "way/to/old", "way/beside/old", "work/deep/old"] {
        memory.write(file, b"first").expect("a file");
    }
}

/// Directories on the way to what is mounted, and others.
const DIRS: [&str; 5] = ["", "way", "way/to", "way/beside", "work/deep"];

fn exist(fs: &Watched, name: &str) -> [bool; 5] {
    DIRS.map(|dir| fs::metadata(fs.at(dir).join(name)).is_ok())
}

fn changed_unseen(fs: &Watched) {
    eventually("belief", || {
        let before = asked(fs.mount());
        assert!(exist(fs, "old") == [true; 5] && exist(fs, "new") == [false; 5]);
        asked(fs.mount()) == before
    });
    fs.fs.hold();
    for dir in DIRS {
        let at = |name: &str| PathBuf::from(dir).join(name);
        fs.outside.rename(at("old"), at("new")).expect("a change by others");
    }
}

#[test]
fn an_overflow_unmounts_nothing_and_leaves_nothing_believed() {
    if !is_root() {
        return;
    }
    let fs = watched(told(), some);
    let _mounted = Mounted::at(fs.at("way/to/sub"));
    let mine = fs.at("way/to/sub/mine");
    fs::write(&mine, b"m").unwrap();
    let held = fs::File::open(fs.at("work/deep/old")).unwrap();
    for _ in 0..2 {
        changed_unseen(&fs);
        fs.fs.overflow();
        fs.fs.release();
        eventually("the truth", || exist(&fs, "old") == [false; 5] && exist(&fs, "new") == [true; 5]);
        eventually("the end of all notices", || fs.mount().requests().notices.waiting == 0);
        assert!(mine.exists(), "still mounted");
        for dir in DIRS {
            let at = |name: &str| PathBuf::from(dir).join(name);
            fs.outside.rename(at("new"), at("old")).unwrap();
        }
        eventually("the watch goes on", || exist(&fs, "old") == [true; 5] && exist(&fs, "new") == [false; 5]);
    }
    assert_eq!(noticed(fs.mount(), NoticeKind::Epoch), 0, "that would unmount it");
    assert_eq!(fs.mount().requests().notices.failed, 0);
    drop(held);
}

#[test]
fn who_works_there_stays_there() {
    if !is_root() {
        return;
    }
    let fs = watched(told(), some);
    let _mounted = Mounted::at(fs.at("way/to/sub"));
    let mut child = Command::new("sleep").arg("60").current_dir(fs.at("work/deep")).spawn().unwrap();
    fs.fs.overflow();
    eventually("all notices", || {
        let notices = fs.mount().requests().notices;
        notices.overflows == 1 && notices.waiting == 0 && noticed(fs.mount(), NoticeKind::Entry) > 0
    });
    let cwd = format!("/proc/{}/cwd", child.id());
    let stays = || {
        let walked = fs::metadata(fs.at("work/deep")).is_ok();
        walked && fs::read_link(&cwd).is_ok_and(|path| path == fs.at("work/deep"))
    };
    let until = Instant::now() + PATIENCE;
    let stayed = std::iter::repeat_with(stays).take_while(|_| Instant::now() < until).any(|stays| stays);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(stayed, "the path of its directory");
}
