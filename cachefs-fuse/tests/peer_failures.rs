//! How other caches fail when somebody changes what they cache, and ours does not.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may fail where it stands, and says what it saw"
)]

mod acceptance;

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::Path;
use std::time::{Duration, Instant};

use acceptance::{Mounted, Requests, free_address, is_root, wait_for};
use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, utimensat};

/// A change may take so long to be seen with a watch; the machine may be busy.
const SOON: Duration = Duration::from_secs(2);

/// The ways to be fresh, each with whether a change is to be seen at once.
fn modes() -> Vec<(&'static str, bool)> {
    let mut modes = vec![
        ("--coherence=watch:directories", false),
        ("--coherence=watch:inotify", false),
        ("--coherence=open", true),
    ];
    if is_root() {
        modes.push(("--coherence=watch:filesystem", false));
    }
    modes
}

/// Looks at once, or until it is so.
fn seen<T: PartialEq + std::fmt::Debug>(
    what: &str,
    at_once: bool,
    expected: &T,
    mut look: impl FnMut() -> T,
) {
    let start = Instant::now();
    let right = wait_for(if at_once { Duration::ZERO } else { SOON }, || (look() == *expected).then_some(()));
    assert!(right.is_some(), "{what}: {:?} instead of {expected:?}", look());
    println!("{what}: seen after {:?}", start.elapsed());
}

/// What a file is to a program: its length by stat and its bytes, by two reads of one descriptor.
fn both(path: &Path) -> (u64, Vec<u8>) {
    let file = File::open(path).unwrap();
    let mut bytes = vec![0; 1 << 20];
    let mut length = 0;
    loop {
        match file.read_at(&mut bytes[length..], length as u64).unwrap() {
            0 => break,
            count => length += count,
        }
    }
    bytes.truncate(length);
    (fs::metadata(path).unwrap().len(), bytes)
}

/// Peers' failure a: the new bytes come cut to the old length.
#[test]
fn a_file_that_grows_is_not_cut_to_its_old_length() {
    for (mode, at_once) in modes() {
        let mounted = Mounted::fresh(&[mode]);
        let (beneath, through) = (mounted.source().join("file"), mounted.path().join("file"));
        let mut expected = b"short".to_vec();
        fs::write(&beneath, &expected).unwrap();
        assert_eq!(both(&through), (5, expected.clone()), "{mode}");
        for round in 0..20_u8 {
            // Appended to, rewritten longer, or replaced by a longer one.
            let more = vec![b'a' + round; 30_000];
            match round % 3 {
                0 => {
                    expected.extend_from_slice(&more);
                    OpenOptions::new().append(true).open(&beneath).unwrap().write_all(&more).unwrap();
                }
                1 => {
                    expected = [&more[..], &expected].concat();
                    fs::write(&beneath, &expected).unwrap();
                }
                _ => {
                    expected = [&more[..], b"replaced", &expected].concat();
                    fs::write(beneath.with_extension("new"), &expected).unwrap();
                    fs::rename(beneath.with_extension("new"), &beneath).unwrap();
                }
            }
            let expected = (expected.len() as u64, expected.clone());
            seen(&format!("{mode}, round {round}"), at_once, &expected, || both(&through));
        }
        mounted.unmount();
    }
}

/// Peers' failure b: a new file is not found for minutes.
#[test]
fn a_new_file_is_found_though_it_was_missed_before() {
    for (mode, at_once) in modes() {
        let mounted = Mounted::fresh(&[mode]);
        let names = |path: &Path| {
            let mut names: Vec<_> =
                fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            names.sort();
            names
        };
        for round in 0..20 {
            let name = format!("new-{round}");
            let (beneath, through) = (mounted.source().join(&name), mounted.path().join(&name));
            assert!(!through.exists(), "{mode}");
            assert!(!names(mounted.path()).iter().any(|known| known.to_str() == Some(&name)), "{mode}");
            match round % 3 {
                0 => fs::write(&beneath, &name).unwrap(),
                1 => fs::create_dir(&beneath).unwrap(),
                _ => fs::hard_link(mounted.source().join("new-0"), &beneath).unwrap(),
            }
            let what = format!("{mode}, {name}");
            seen(&what, at_once, &true, || through.exists());
            seen(&what, at_once, &names(mounted.source()), || names(mounted.path()));
        }
        mounted.unmount();
    }
}

/// Peers' failure g: other bytes of the same length, in the same second, even with the old time put back.
#[test]
fn a_rewrite_of_the_same_size_in_the_same_second_is_seen() {
    for (mode, at_once) in modes() {
        let mounted = Mounted::fresh(&[mode]);
        let (beneath, through) = (mounted.source().join("file"), mounted.path().join("file"));
        fs::write(&beneath, "version 00").unwrap();
        assert_eq!(fs::read(&through).unwrap(), b"version 00", "{mode}");
        for round in 1..60 {
            let text = format!("version {round:02}");
            let before = fs::metadata(&beneath).unwrap();
            let file = OpenOptions::new().write(true).open(&beneath).unwrap();
            file.write_all_at(text.as_bytes(), 0).unwrap();
            drop(file);
            if round % 2 == 0 {
                put_back_time(&beneath, &before);
            }
            let what = format!("{mode}, round {round}");
            seen(&what, at_once, &text, || fs::read_to_string(&through).unwrap());
        }
        mounted.unmount();
    }
}

/// Peers' failure l: each opening pays again, since the pages that the kernel has are dropped.
#[test]
fn a_file_that_is_opened_again_is_not_read_again() {
    const LENGTH: usize = 5 << 20;
    let coherences =
        modes().into_iter().map(|(mode, _)| mode).chain(["--coherence=single", "--coherence=ttl=1h"]);
    let pages: Vec<_> = coherences.map(|mode| ("--profile=pages", mode)).collect();
    let streams = ["--coherence=watch", "--coherence=open"].map(|mode| ("--profile=stream", mode));
    let streams = streams.into_iter().filter(|_| is_root());
    for (profile, mode) in pages.into_iter().chain(streams) {
        let source = tempfile::tempdir().unwrap();
        fs::write(source.path().join("file"), vec![b'x'; LENGTH]).unwrap();
        let metrics = free_address();
        let mounted = Mounted::over(source.path(), &[profile, mode, "--metrics", &metrics.to_string()]);
        let through = mounted.path().join("file");
        let whole = || assert_eq!(fs::read(&through).unwrap().len(), LENGTH);
        let first = Requests::sent(metrics, whole);
        // What was written a moment ago is not proven by its times where nobody tells.
        let mut again = Requests::default();
        let kept = wait_for(3 * SOON, || {
            again = Requests::sent(metrics, || (0..20).for_each(|_| whole()));
            (again.of("read") == 0.0).then_some(())
        });
        println!("{profile} {mode}: first {first:?}, then 20 times {again:?}");
        assert!(
            first.of("read") > 0.0 || profile == "--profile=stream",
            "{mode}: reads are counted: {first:?}"
        );
        assert!(kept.is_some(), "{profile} {mode}: read again: {again:?}");

        // Also after a write of our own, and after a program stopped reading it in the midst.
        OpenOptions::new().append(true).open(&through).unwrap().write_all(b"x").unwrap();
        assert_eq!(fs::read(&through).unwrap().len(), LENGTH + 1);
        let in_part = || {
            for at in 0..20 {
                File::open(&through).unwrap().read_exact_at(&mut [0; 4096], at << 16).unwrap();
            }
        };
        let kept = wait_for(3 * SOON, || {
            again = Requests::sent(metrics, in_part);
            (again.of("read") == 0.0).then_some(())
        });
        assert!(kept.is_some(), "{profile} {mode}: read again in part: {again:?}");
        mounted.unmount();
    }
}

/// As a tool does that wants its change to go unnoticed.
fn put_back_time(path: &Path, before: &fs::Metadata) {
    let time = |seconds, nanoseconds| Timespec { tv_sec: seconds, tv_nsec: nanoseconds };
    let times = Timestamps {
        last_access: time(before.atime(), before.atime_nsec()),
        last_modification: time(before.mtime(), before.mtime_nsec()),
    };
    utimensat(CWD, path, &times, AtFlags::empty()).unwrap();
    assert_eq!(fs::metadata(path).unwrap().mtime_nsec(), before.mtime_nsec());
}
