//! A change by others that comes between the filesystem's answer and ours leaves no old answer in the kernel.

#[expect(dead_code, reason = "shared by several tests, each of which uses a part")]
mod support;
#[expect(dead_code, reason = "shared by several tests, each of which uses a part")]
mod watched;

use std::fs::{self, File};
use std::io::Result;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use cachefs_testkit::{CallKind, Rule};
use cachefs_vfs::{MemFs, VfsExt};
use support::{PATIENCE, eventually};
use watched::{Watched, at_once, told, watched};

fn some(memory: &MemFs) {
    memory.create_dir("d").expect("a file");
    memory.write("d/f", b"first").expect("a file");
}

/// Runs `ask`, whose call is answered by the filesystem but not by us until `change` was made and told.
fn late<T: Send>(
    fs: &Watched,
    call: Rule,
    ask: impl FnOnce() -> T + Send,
    change: impl FnOnce(&Watched),
) -> T {
    let rule = fs.faults.add(call.nth(1).hang_after()).release_on_drop();
    std::thread::scope(|scope| {
        let asker = scope.spawn(ask);
        assert!(rule.wait_waiting(1, PATIENCE), "the call is made");
        change(fs);
        rule.release();
        asker.join().expect("no panic")
    })
}

fn length(fs: &Watched, path: &str) -> Option<u64> {
    fs::metadata(fs.at(path)).map(|m| m.len()).ok()
}

#[test]
fn a_look_up() {
    let fs = watched(told(), some);
    let path = fs.at("d/f");
    let call = Rule::on(CallKind::Open).at("d/f");
    let old = late(&fs, call, || fs::metadata(path), |fs| fs.outside.write("d/f", b"a second").unwrap());
    assert!(old.is_ok());
    assert_eq!(length(&fs, "d/f"), Some(8));
}

#[test]
fn a_look_up_of_a_name_that_moves_on() {
    let fs = watched(told(), some);
    let path = fs.at("d/f");
    let call = Rule::on(CallKind::Open).at("d/f");
    let old = late(&fs, call, || fs::metadata(path), |fs| fs.outside.rename("d/f", "d/g").unwrap());
    assert_eq!(old.unwrap().len(), 5, "asked before the change");
    assert_eq!((length(&fs, "d/f"), length(&fs, "d/g")), (None, Some(5)));
    assert_eq!(fs::read(fs.at("d/g")).unwrap(), b"first");
}

#[test]
fn a_look_up_of_what_does_not_exist() {
    let fs = watched(told(), some);
    let path = fs.at("d/new");
    let call = Rule::on(CallKind::Open).at("d/new");
    let old = late(&fs, call, || fs::metadata(path), |fs| fs.outside.write("d/new", b"n").unwrap());
    assert!(old.is_err());
    assert_eq!(length(&fs, "d/new"), Some(1));
}

#[test]
fn attributes() {
    let fs = watched(told(), some);
    let file = File::open(fs.at("d/f")).unwrap();
    // Something to make the kernel ask.
    fs.outside.write("d/f", b"other").unwrap();
    eventually("all notices", || fs.mount().requests().notices.waiting == 0);
    let call = Rule::on(CallKind::Attr).at("d/f");
    let old = late(&fs, call, || file.metadata(), |fs| fs.outside.write("d/f", b"a second").unwrap());
    assert!(old.is_ok());
    eventually("the length", || file.metadata().unwrap().len() == 8);
}

#[test]
fn a_read() {
    let fs = watched(told(), some);
    let file = File::open(fs.at("d/f")).unwrap();
    let read = || {
        let mut bytes = [0; 16];
        let length = file.read_at(&mut bytes, 0).unwrap();
        bytes[..length].to_vec()
    };
    let call = Rule::on(CallKind::Read).at("d/f");
    let old = late(&fs, call, read, |fs| fs.outside.write("d/f", b"other").unwrap());
    assert!([&b"first"[..], b"other"].contains(&&*old));
    eventually("the bytes", || read() == b"other");
}

#[test]
fn a_listing_with_attributes() {
    let fs = watched(told(), some);
    let path = fs.at("d");
    let list =
        |path: PathBuf| -> Result<Vec<_>> { fs::read_dir(path)?.map(|e| Ok(e?.file_name())).collect() };
    let call = Rule::on(CallKind::ReadDir).at("d");
    let old = late(
        &fs,
        call,
        || list(path),
        |fs| {
            fs.outside.write("d/f", b"a second").unwrap();
            fs.outside.write("d/new", b"n").unwrap();
        },
    );
    assert!(old.is_ok());
    assert_eq!(length(&fs, "d/f"), Some(8));
    assert_eq!(length(&fs, "d/new"), Some(1));
    eventually("the listing", || list(fs.at("d")).unwrap().len() == 2);
    fs.outside.remove_file("d/f").unwrap();
    eventually("the listing", || list(fs.at("d")).unwrap() == ["new"] && length(&fs, "d/f").is_none());
}

const ROUNDS: u32 = 1500;

/// Asks and changes at about the same time, many times; then asks until the answer is right.
fn hammer(
    fill: impl Fn(&MemFs, u32),
    ask: impl Fn(&Watched, u32) + Sync,
    change: impl Fn(&Watched, u32) + Sync,
    right: impl Fn(&Watched, u32) -> bool,
) {
    let fs = watched(told(), |memory| {
        memory.create_dir("d").expect("a file");
        (0..ROUNDS).for_each(|round| fill(memory, round));
    });
    at_once(
        ROUNDS,
        |round| ask(&fs, round),
        |round| change(&fs, round),
        |round| eventually(&format!("round {round}"), || right(&fs, round)),
    );
    let notices = fs.mount().requests().notices;
    assert_eq!((notices.failed, notices.overflows), (0, 0));
}

#[test]
fn many_look_ups_at_about_the_time_of_a_change() {
    hammer(
        |memory, n| memory.write(format!("d/{n}"), b"first").unwrap(),
        |fs, n| assert!(length(fs, &format!("d/{n}")).is_some()),
        |fs, n| fs.outside.append(format!("d/{n}"), b"+").unwrap(),
        |fs, n| length(fs, &format!("d/{n}")) == Some(6),
    );
}

#[test]
fn many_look_ups_of_names_that_come_to_be() {
    hammer(
        |_, _| {},
        |fs, n| drop(fs::metadata(fs.at(format!("d/{n}")))),
        |fs, n| fs.outside.write(format!("d/{n}"), b"first").unwrap(),
        |fs, n| length(fs, &format!("d/{n}")) == Some(5),
    );
}

#[test]
fn many_reads_of_files_that_are_replaced_or_rewritten() {
    hammer(
        |memory, n| {
            memory.write(format!("d/{n}"), b"first").unwrap();
            memory.write(format!("d/next-{n}"), b"other").unwrap();
        },
        |fs, n| assert!(fs::read(fs.at(format!("d/{n}"))).unwrap().len() == 5),
        |fs, n| match n % 2 {
            0 => fs.outside.rename(format!("d/next-{n}"), format!("d/{n}")).unwrap(),
            _ => {
                let file =
                    fs.outside.open(format!("d/{n}"), cachefs_vfs::OpenHow::new(cachefs_vfs::Access::Write));
                assert_eq!(file.unwrap().write_at(b"other", 0, cachefs_vfs::Privileges::Keep).unwrap(), 5);
            }
        },
        |fs, n| fs::read(fs.at(format!("d/{n}"))).unwrap() == b"other",
    );
}

#[test]
fn many_listings_at_about_the_time_of_a_change() {
    hammer(
        |memory, n| {
            if n % 3 == 0 {
                memory.create_dir(format!("d/{}", n / 3)).unwrap();
                (0..8).for_each(|f| memory.write(format!("d/{}/{f}", n / 3), b"first").unwrap());
            }
        },
        |fs, n| assert!(fs::read_dir(fs.at(format!("d/{}", n / 3))).unwrap().count() >= 8),
        |fs, n| match n % 3 {
            0 => fs.outside.write(format!("d/{}/new", n / 3), b"n").unwrap(),
            1 => fs.outside.append(format!("d/{}/2", n / 3), b"+").unwrap(),
            _ => fs.outside.remove_file(format!("d/{}/0", n / 3)).unwrap(),
        },
        |fs, n| {
            let dir = format!("d/{}", n / 3);
            let listed = fs::read_dir(fs.at(&dir)).unwrap().count();
            match n % 3 {
                0 => listed == 9 && length(fs, &format!("{dir}/new")) == Some(1),
                1 => listed == 9 && length(fs, &format!("{dir}/2")) == Some(6),
                _ => listed == 8 && length(fs, &format!("{dir}/0")).is_none(),
            }
        },
    );
}
