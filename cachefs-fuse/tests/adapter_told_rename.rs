//! A rename through the mount that the filesystem applies to another file than the kernel means, because somebody else
//! gave the old name to another file a moment before.

#[expect(dead_code, reason = "shared by several tests, each of which uses a part")]
mod support;
#[expect(dead_code, reason = "shared by several tests, each of which uses a part")]
mod watched;

use std::fs;
use std::path::Path;

use cachefs_testkit::{CallKind, Rule};
use cachefs_vfs::{MemFs, VfsExt, WatchMethod};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use support::{PATIENCE, eventually};
use watched::{Watched, asked, told, watched_by};

const METHODS: [WatchMethod; 2] = [WatchMethod::Filesystem, WatchMethod::Directories];

fn some(memory: &MemFs) {
    memory.create_dir("d").expect("a file");
    memory.write("d/x", b"the old one").expect("a file");
    memory.write("d/y", b"the new").expect("a file");
    memory.write("d/b", b"another").expect("a file");
}

fn rename(from: &Path, to: &Path, flags: RenameFlags) {
    renameat_with(CWD, from, CWD, to, flags).expect("an answer");
}

fn reads(fs: &Watched, name: &str) -> Vec<u8> {
    fs::read(fs.at("d").join(name)).expect("reading")
}

/// Somebody else puts `y` in the place of `x` while our rename of `x` is under way.
fn swapped(method: WatchMethod, to: &str, flags: RenameFlags) -> Watched {
    let fs = watched_by(method, told(), some);
    assert_eq!((reads(&fs, "x"), reads(&fs, "b")), (b"the old one".to_vec(), b"another".to_vec()));
    let rule = fs.faults.add(Rule::on(CallKind::Rename).at("d/x").nth(1).hang()).release_on_drop();
    std::thread::scope(|scope| {
        let (from, to) = (fs.at("d/x"), fs.at("d").join(to));
        let ours = scope.spawn(move || rename(&from, &to, flags));
        assert!(rule.wait_waiting(1, PATIENCE));
        fs.outside.rename("d/x", "d/old").expect("a change by others");
        fs.outside.rename("d/y", "d/x").expect("a change by others");
        rule.release();
        ours.join().expect("no panic");
    });
    fs
}

#[test]
fn the_new_name_stands_for_the_file_that_was_renamed() {
    for method in METHODS {
        let fs = swapped(method, "a", RenameFlags::empty());
        eventually("the file", || reads(&fs, "a") == b"the new" && reads(&fs, "old") == b"the old one");
    }
}

#[test]
fn so_do_both_names_that_were_exchanged() {
    for method in METHODS {
        let fs = swapped(method, "b", RenameFlags::EXCHANGE);
        let right = || {
            let old = reads(&fs, "old") == b"the old one";
            old && reads(&fs, "b") == b"the new" && reads(&fs, "x") == b"another"
        };
        eventually("the files", right);
    }
}

#[test]
fn who_has_the_file_open_keeps_its_path_and_the_answer_is_believed() {
    let fs = watched_by(WatchMethod::Filesystem, told(), some);
    let file = fs::File::open(fs.at("d/x")).unwrap();
    fs::create_dir(fs.at("d/sub")).unwrap();
    rename(&fs.at("d/x"), &fs.at("d/a"), RenameFlags::empty());
    rename(&fs.at("d/sub"), &fs.at("d/dir"), RenameFlags::empty());
    eventually("all notices", || fs.mount().requests().notices.waiting == 0);
    let known = || (fs::metadata(fs.at("d/a")).is_ok(), fs::metadata(fs.at("d/dir")).is_ok());
    eventually("belief", || {
        let before = asked(fs.mount());
        known() == (true, true) && asked(fs.mount()) == before
    });
    let link = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&file));
    assert_eq!(fs::read_link(link).unwrap(), fs.at("d/a"));
}
