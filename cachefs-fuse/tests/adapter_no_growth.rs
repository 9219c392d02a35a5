//! Where nobody else makes files longer, openings are not asked for, and what else they mended is right without them.

#[expect(dead_code, reason = "shared by several tests, each of which uses a part")]
mod support;
#[expect(dead_code, reason = "shared by several tests, each of which uses a part")]
mod watched;

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::time::{Duration, Instant};

use cachefs_fuse::{MountConfig, NoticeKind, Op, Profile};
use cachefs_vfs::{Access, Errno, Error, MemFs, OpenHow, Privileges, VfsExt};
use support::eventually;
use watched::{Watched, asked, asked_of, noticed, told, watched};

const TEXT: &[u8] = b"some bytes";

fn assuming() -> MountConfig {
    MountConfig { assume_no_growth: true, ..told() }
}

fn some(memory: &MemFs) {
    memory.create_dir("d").expect("a directory");
    for name in ["f", "g", "h"] {
        memory.write(format!("d/{name}"), TEXT).expect("a file");
    }
}

fn grown(fs: &Watched) -> u64 {
    fs.mount().requests().notices.grown
}

/// Others write into a file, without cutting it first.
fn rewrite(fs: &Watched, path: &str, bytes: &[u8]) {
    let file = fs.outside.open(path, OpenHow::new(Access::Write)).expect("a change by others");
    assert_eq!(file.write_at(bytes, 0, Privileges::Keep).expect("an answer"), bytes.len());
}

fn wait_for(fs: &Watched, path: &str, bytes: &[u8]) {
    eventually("what others wrote", || fs::read(fs.at(path)).expect("reading") == bytes);
}

/// Until what it has costs no request any more, not even for the access time.
fn read_until_silent(fs: &Watched, path: &str) {
    eventually("a file that is read without asking", || {
        let before = asked(fs.mount());
        fs::read(fs.at(path)).expect("reading");
        asked(fs.mount()) == before
    });
}

#[test]
fn opens_are_asked_for_once() {
    let fs = watched(assuming(), some);
    assert!(fs.mount().assumes_no_growth());
    read_until_silent(&fs, "d/f");
    read_until_silent(&fs, "d/g");
    assert_eq!(asked_of(fs.mount(), Op::Open), 1, "refused, and never asked again");
    assert_eq!(asked_of(fs.mount(), Op::Release), 0);
}

#[test]
fn it_is_for_pages_under_a_watch_alone() {
    for config in [
        MountConfig { profile: Profile::Direct, ..assuming() },
        MountConfig { assume_no_growth: false, ..told() },
    ] {
        let fs = watched(config, some);
        assert!(!fs.mount().assumes_no_growth());
        (0..3).for_each(|_| drop(File::open(fs.at("d/f")).expect("an answer")));
        assert_eq!(asked_of(fs.mount(), Op::Open), 3);
        fs.outside.append("d/f", b"+").expect("a change by others");
        wait_for(&fs, "d/f", b"some bytes+");
        assert_eq!(grown(&fs), 0, "nobody said that there is none");
    }
}

#[test]
fn what_others_change_otherwise_is_right_and_no_growth() {
    let fs = watched(assuming(), some);
    read_until_silent(&fs, "d/f");
    rewrite(&fs, "d/f", b"some other");
    wait_for(&fs, "d/f", b"some other");
    fs.outside.write("d/f", b"less").expect("a change by others");
    wait_for(&fs, "d/f", b"less");
    // Replaced by a longer one, while somebody has it open.
    let held = File::open(fs.at("d/f")).expect("an answer");
    fs.outside.write("aside", b"another, and longer").expect("a change by others");
    fs.outside.rename("aside", "d/f").expect("a change by others");
    wait_for(&fs, "d/f", b"another, and longer");
    let mut bytes = [0; 32];
    let length = held.read_at(&mut bytes, 0).expect("reading");
    assert_eq!(&bytes[..length], b"less", "who has it open keeps it");
    assert_eq!(grown(&fs), 0);
}

#[test]
fn what_is_made_longer_here_is_no_growth() {
    let fs = watched(assuming(), some);
    read_until_silent(&fs, "d/f");
    let mut file = OpenOptions::new().append(true).open(fs.at("d/f")).expect("an answer");
    file.write_all(b", and more").expect("writing");
    rewrite(&fs, "d/f", b"SOME");
    wait_for(&fs, "d/f", b"SOME bytes, and more");
    fs::write(fs.at("d/f"), b"written anew, and so much longer than before").expect("writing");
    rewrite(&fs, "d/f", b"WRITTEN");
    wait_for(&fs, "d/f", b"WRITTEN anew, and so much longer than before");
    fs::write(fs.at("d/new"), b"new").expect("writing");
    OpenOptions::new()
        .write(true)
        .open(fs.at("d/new"))
        .and_then(|new| new.set_len(5))
        .expect("a longer file");
    rewrite(&fs, "d/new", b"NEW");
    wait_for(&fs, "d/new", b"NEW\0\0");
    assert_eq!(grown(&fs), 0);
}

#[test]
fn what_others_make_longer_is_counted_and_seen() {
    let fs = watched(assuming(), some);
    read_until_silent(&fs, "d/f");
    fs.outside.append("d/f", b"+").expect("a change by others");
    wait_for(&fs, "d/f", b"some bytes+");
    assert_eq!(grown(&fs), 1);
    // Of what nobody read the kernel has no page.
    assert_eq!(fs::metadata(fs.at("d/g")).expect("an answer").len(), 10);
    fs.outside.append("d/g", b"+").expect("a change by others");
    eventually("the new length", || fs::metadata(fs.at("d/g")).expect("an answer").len() == 11);
    assert_eq!(grown(&fs), 1);
    // A file that was made here is known from its beginning.
    fs::write(fs.at("d/new"), b"new").expect("writing");
    fs.outside.append("d/new", b"+").expect("a change by others");
    wait_for(&fs, "d/new", b"new+");
    assert_eq!(grown(&fs), 2);
}

/// Who appends here, believing another end, learns of it by the write itself.
#[test]
fn an_append_beside_others_is_noticed() {
    let fs = watched(assuming(), some);
    let mut file = OpenOptions::new().append(true).open(fs.at("d/f")).expect("an answer");
    file.write_all(b"1").expect("writing");
    fs.fs.hold();
    fs.outside.append("d/f", b"2").expect("a change by others");
    file.write_all(b"3").expect("writing");
    assert_eq!(grown(&fs), 1);
    fs.fs.release();
    wait_for(&fs, "d/f", b"some bytes123");
}

/// A notice of what the kernel does not have would only have it throw away the answer to what it asks meanwhile.
#[test]
fn only_what_the_kernel_has_is_taken_back() {
    let fs = watched(assuming(), some);
    read_until_silent(&fs, "d/f");
    assert_eq!(fs::metadata(fs.at("d/g")).expect("an answer").len(), 10);
    let told = || (noticed(fs.mount(), NoticeKind::Attr), noticed(fs.mount(), NoticeKind::Data));
    let quiet = || eventually("the end of all notices", || fs.mount().requests().notices.waiting == 0);
    let told_of = |path: &str| {
        quiet();
        let before = told();
        rewrite(&fs, path, b"SOME");
        quiet();
        // Whoever tells may be at the last of them still.
        rewrite(&fs, "d/h", b"SOME");
        quiet();
        let after = told();
        (after.0 - before.0, after.1 - before.1)
    };
    assert!(told_of("d/g").0 > 0, "its attributes are known");
    assert_eq!(told_of("d/g"), (0, 0), "told once, and not asked since");
    let before = told().1;
    rewrite(&fs, "d/f", b"SOME");
    eventually("a notice of pages", || told().1 > before);
    wait_for(&fs, "d/f", b"SOME bytes");
    wait_for(&fs, "d/g", b"SOME bytes");
}

/// A listing may be from before a change, and arrive after what was asked for later.
#[test]
fn a_listing_gives_no_attributes_of_what_others_may_be_at() {
    const FEW: u64 = 2; // The top and the directory.
    let list = |fs: &Watched| assert_eq!(fs::read_dir(fs.at("d")).expect("a listing").count(), 3);
    let known = |fs: &Watched| fs.mount().requests().inodes;
    let asking = watched(told(), some);
    list(&asking);
    assert_eq!(known(&asking), FEW + 3, "an opening mends it");
    let young = watched(assuming(), some);
    ["d/f", "d/g", "d/h"].iter().for_each(|path| rewrite(&young, path, b"SOME"));
    list(&young);
    eventually("that nothing is taken but names", || known(&young) == FEW);
    let old = watched(assuming(), some);
    let begun = Instant::now();
    eventually("an age", || begun.elapsed() > Duration::from_millis(1100));
    list(&old);
    assert_eq!(known(&old), FEW + 3, "nobody is at them");
}

/// Nothing is proven any more: each read asks.
#[test]
fn after_the_loss_of_the_watch_each_read_asks() {
    let fs = watched(assuming(), some);
    for name in ["d/f", "d/g"] {
        read_until_silent(&fs, name);
    }
    let held = File::open(fs.at("d/g")).expect("an answer");
    fs.fs.hold();
    rewrite(&fs, "d/f", b"SOME");
    rewrite(&fs, "d/g", b"SOME");
    fs.fs.lose(Error::new(Errno::STALE));
    fs.fs.release();
    wait_for(&fs, "d/f", b"SOME bytes");
    let read = || {
        let mut bytes = [0; 32];
        let length = held.read_at(&mut bytes, 0).expect("reading");
        bytes[..length].to_vec()
    };
    eventually("the bytes through who has it open", || read() == b"SOME bytes");
    // From here on nobody tells, and it is right at once.
    for text in [b"1234567890", b"abcdefghij"] {
        rewrite(&fs, "d/f", text);
        rewrite(&fs, "d/g", text);
        assert_eq!(fs::read(fs.at("d/f")).expect("reading"), text);
        assert_eq!(read(), text);
    }
}
