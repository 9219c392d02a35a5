//! What each contender asks of its backing: a comparison is fair only if each does what its name says.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its tree may panic")]

use std::sync::Arc;
use std::time::Duration;

use cachefs_benches::{Backing, Contender, CorFs, Files, Round, Scale, content, suite};
use cachefs_testkit::{CallKind, CountFs, FaultFs, Rule};
use cachefs_vfs::{Errno, MemFs, Name, Vfs};

const SIZE: usize = 4096;

fn backing() -> (Arc<dyn Vfs>, String) {
    let laid = Backing::Memory.lay(Files { count: 1, size: SIZE }, Duration::ZERO).unwrap();
    (laid.fs, laid.names[0].clone())
}

#[test]
fn corfs_opens_and_reads_its_primary_each_time() {
    let (fs, file) = backing();
    let count = CountFs::new(fs);
    let (corfs, name) = (CorFs::new(&count, &MemFs::new()).unwrap(), Name::new(&file).unwrap());
    count.reset();
    let mut buffer = vec![0; SIZE];
    for _ in 0..10 {
        assert_eq!(corfs.read(name, &mut buffer).unwrap(), SIZE);
    }
    assert_eq!(count.reset().called(), [(CallKind::Open, 10), (CallKind::Read, 10)]);
    corfs.read_steps(name, SIZE / 4, &mut buffer).unwrap();
    assert_eq!(count.reset().called(), [(CallKind::Open, 1), (CallKind::Read, 4)]);
    corfs.read_places(name, &[0, 100], &mut buffer[..10]).unwrap();
    assert_eq!(count.reset().called(), [(CallKind::Open, 1), (CallKind::Read, 2)]);
    corfs.size(name).unwrap();
    assert_eq!(count.reset().called(), [(CallKind::Stat, 1)]);
    corfs.write(name, &buffer).unwrap();
    assert_eq!(count.reset().called(), [(CallKind::Create, 1), (CallKind::Write, 1)]);
}

#[test]
fn corfs_copies_what_is_read_front_to_back_and_nothing_else() {
    let (fs, file) = backing();
    let copies = Arc::new(CountFs::new(Arc::new(MemFs::new())));
    let (corfs, name) = (CorFs::new(&*fs, &*copies).unwrap(), Name::new(&file).unwrap());
    copies.reset();
    corfs.read_places(name, &[0, 100], &mut [0; 10]).unwrap();
    assert_eq!(copies.reset().called(), []);
    corfs.read_steps(name, SIZE / 4, &mut [0; SIZE]).unwrap();
    assert_eq!(copies.reset().called(), [(CallKind::Create, 1), (CallKind::Write, 4)]);
    corfs.write(name, &[0; 10]).unwrap();
    assert_eq!(copies.reset().called(), [(CallKind::Create, 1), (CallKind::Write, 1)]);
}

#[test]
fn corfs_serves_its_copy_when_the_primary_fails() {
    let (fs, file) = backing();
    let primary = FaultFs::new(fs);
    let (corfs, name) = (CorFs::new(&primary, &MemFs::new()).unwrap(), Name::new(&file).unwrap());
    let rule = || Rule::on(CallKind::Open).fail(Errno::IO);
    let broken = primary.add(rule());
    assert_eq!(corfs.read(name, &mut [0; SIZE]).unwrap_err().errno(), Errno::IO, "nothing copied yet");
    broken.release();
    assert_eq!(corfs.read(name, &mut [0; SIZE]).unwrap(), SIZE);
    primary.add(rule());
    let mut buffer = [0; SIZE];
    assert_eq!(corfs.read(name, &mut buffer).unwrap(), SIZE);
    assert_eq!(buffer[..], content(0, SIZE)[..]);
}

/// Calls of one operation: workload, corfs (as published), corfs-fixed, naive, raw, cachefs.
const CALLS: [(&str, [f64; 5]); 10] = [
    ("read hit, 1 KiB", [2.0, 0.0, 0.0, 2.0, 0.0]),
    ("read hit, 1 MiB", [2.0, 0.0, 0.0, 2.0, 0.0]),
    ("read miss, 1 KiB", [2.0, 2.0, 2.0, 2.0, f64::NAN]),
    ("write 1 KiB", [2.0, 2.0, 2.0, 2.0, f64::NAN]),
    ("sequential, 400 KiB", [101.0, 0.0, 0.0, 101.0, 0.0]),
    ("random in 4 MiB", [101.0, 0.0, 0.0, 101.0, 0.0]),
    ("2 threads, 4 KiB", [2.0, 0.0, 0.0, 2.0, 0.0]),
    ("small files, 64 B", [2.0, 0.0, 0.0, 2.0, 0.0]),
    ("metadata hit", [1.0, 0.0, 0.0, 1.0, 0.0]),
    ("warm, 4 KiB", [2.0, 2.0, 2.0, 2.0, f64::NAN]),
];

#[test]
fn every_workload_costs_each_the_calls_its_name_promises() {
    let mut round = Round::default();
    suite::run(&mut round, Backing::Memory, &Scale::TINY).unwrap();
    let calls = |case: &str, who: &str| {
        let sample = round.samples.iter().find(|sample| sample.case == case && sample.contender == who);
        sample.and_then(|sample| sample.calls).unwrap()
    };
    for (case, expected) in CALLS {
        for (who, expected) in ["corfs", "corfs-fixed", "naive", "raw", "cachefs"].into_iter().zip(expected) {
            let seen = calls(case, who);
            if expected.is_nan() {
                assert!(seen > 0.0, "{case}, {who}: {seen}");
            } else {
                assert!((seen - expected).abs() < 1e-9, "{case}, {who}: {seen} instead of {expected}");
            }
        }
    }
    assert!(calls("write 1 KiB", "cachefs, back") < 2.0, "what is written back is not written at once");
    let evicting = calls("eviction, 4 KiB", "cachefs");
    assert!(evicting > 0.0, "there is not room for all: {evicting}");
}
