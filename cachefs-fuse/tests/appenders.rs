//! Two append to one file, one through the mount and one in the source: no record is lost, torn or written over. Nor is
//! one that crosses a page, which the kernel would send in two pieces if it took it into its pages.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may fail where it stands, and says what it saw"
)]

mod acceptance;

use std::fs::{File, OpenOptions};
use std::io::{BufReader, Read as _, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use acceptance::Mounted;

/// Bytes of a record: no page ends where one does, but rarely.
const RECORD: usize = 97;
/// Records we append.
const RECORDS: u64 = 10_000;
/// Records the other appends meanwhile, at most.
const OTHERS_MAX: u64 = 1_000_000;

fn record(who: &str, number: u64) -> Vec<u8> {
    let mut record = format!("{who} {number:010}").into_bytes();
    record.resize(RECORD - 1, b'.');
    record.push(b'\n');
    record
}

/// Appends records while it `goes_on`; how many it did.
fn append(path: &Path, who: &str, goes_on: impl Fn(u64) -> bool) -> u64 {
    let mut file = OpenOptions::new().append(true).open(path).unwrap();
    let mut number = 0;
    while goes_on(number) {
        let written =
            file.write(&record(who, number)).unwrap_or_else(|error| panic!("{who} {number}: {error}"));
        assert_eq!(written, RECORD, "{who} {number}");
        number += 1;
    }
    number
}

/// As many records of each appender, each once and in their order.
fn check(path: &Path, records: [u64; 2]) {
    let mut file = BufReader::new(File::open(path).unwrap());
    let mut expected = [0, 0];
    let mut found = [0; RECORD];
    for at in 0..records.iter().sum() {
        file.read_exact(&mut found)
            .unwrap_or_else(|error| panic!("{}: record {at}: {error}", path.display()));
        let next = |who: &str, number| record(who, number) == found;
        if next("mount", expected[0]) {
            expected[0] += 1;
        } else {
            let text = String::from_utf8_lossy(&found);
            let place = path.display();
            assert!(next("other", expected[1]), "{place}: record {at} is {text:?}, expected {expected:?}");
            expected[1] += 1;
        }
    }
    assert_eq!(expected, records, "{}", path.display());
    assert_eq!(file.read(&mut found).unwrap(), 0, "{}: more than was written", path.display());
}

fn appenders(arguments: &[&str]) {
    let mounted = Mounted::fresh(arguments);
    let (through, beneath) = (mounted.path().join("log"), mounted.source().join("log"));
    File::create(&through).unwrap();
    let start = Instant::now();
    let done = AtomicBool::new(false);
    let others = std::thread::scope(|scope| {
        let other = scope.spawn(|| {
            append(&beneath, "other", |number| number < OTHERS_MAX && !done.load(Ordering::Relaxed))
        });
        append(&through, "mount", |number| number < RECORDS);
        done.store(true, Ordering::Relaxed);
        other.join().unwrap()
    });
    println!("{arguments:?}: {RECORDS} records beside {others} in {:?}", start.elapsed());
    let records = [RECORDS, others];
    check(&beneath, records);
    // By the descriptor of an appender, too, the file ends where it does.
    let appended = OpenOptions::new().append(true).read(true).open(&through).unwrap();
    (&appended).write_all(b"end").unwrap();
    let length = records.iter().sum::<u64>() * RECORD as u64 + 3;
    assert_eq!(beneath.metadata().unwrap().len(), length);
    assert_eq!(appended.metadata().unwrap().len(), length, "the length through the mount");
    drop(appended);
    // Somebody else takes the end off again.
    OpenOptions::new().write(true).open(&beneath).unwrap().set_len(length - 3).unwrap();
    let cut = || (through.metadata().unwrap().len() == length - 3).then_some(());
    assert!(
        acceptance::wait_for(Duration::from_secs(10), cut).is_some(),
        "{arguments:?}: the cut is not seen"
    );
    check(&through, records);
    mounted.unmount();
}

#[test]
fn with_a_watch() {
    appenders(&["--coherence=watch"]);
}

#[test]
fn with_close_to_open() {
    appenders(&["--coherence=open"]);
}

#[test]
fn with_a_time_to_live() {
    appenders(&["--coherence=ttl=1s"]);
}
