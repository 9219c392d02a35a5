//! The model against the filesystems it describes.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its tree may panic")]

use std::sync::Arc;

use cachefs_testkit::model::{Divergence, Sequence, check_sequences, run_sequence, sequences_from_env};
use cachefs_testkit::{CallKind, CountFs, Fault, FaultFs, OutsideFs, Rule, Subject};
use cachefs_vfs::{Errno, LocalFs, MemFs, Vfs};
use tempfile::TempDir;

/// Steps per sequence.
const LENGTH: usize = 40;

fn agree(result: Result<(), Divergence>) {
    if let Err(divergence) = result {
        panic!("{divergence}");
    }
}

/// Where a directory needs no disk: an allocation or a sync there does not wait for one.
const IN_MEMORY: &str = "/dev/shm";

fn local(dir: TempDir) -> Subject {
    Subject::from(LocalFs::open(dir.path()).unwrap()).keeping(dir)
}

/// A filesystem with errors: nothing is cached, so it always agrees with its backing.
fn faulty() -> Subject {
    let faults = Arc::new(FaultFs::new(Arc::new(MemFs::new())));
    Subject { faults: Some(Arc::clone(&faults)), ..Subject::new(faults) }
}

#[test]
fn mem_fs_agrees_with_the_model() {
    agree(check_sequences(0..sequences_from_env(10_000), LENGTH, || MemFs::new().into()));
}

#[test]
fn local_fs_agrees_with_the_model() {
    agree(check_sequences(0..sequences_from_env(10_000) / 20, LENGTH, || {
        local(tempfile::tempdir().unwrap())
    }));
}

#[test]
fn local_fs_in_memory_agrees_with_the_model() {
    if tempfile::tempdir_in(IN_MEMORY).is_err() {
        println!("skipped: no directory can be made in {IN_MEMORY}");
        return;
    }
    let make = || local(tempfile::tempdir_in(IN_MEMORY).unwrap());
    agree(check_sequences(0..sequences_from_env(10_000) / 4, LENGTH, make));
}

#[test]
fn injected_errors_leave_all_or_nothing() {
    agree(check_sequences(0..sequences_from_env(10_000) / 5, LENGTH, faulty));
}

/// A filesystem in which somebody else works, too.
fn shared() -> Subject {
    let fs = Arc::new(OutsideFs::new(Arc::new(MemFs::new())));
    Subject { outside: Some(fs.outside()), ..Subject::new(fs) }
}

#[test]
fn two_sides_of_one_filesystem_agree_with_the_model() {
    agree(check_sequences(0..sequences_from_env(10_000) / 4, LENGTH, shared));
}

#[test]
fn a_long_sequence_agrees() {
    agree(run_sequence(&MemFs::new(), 7, 5000, None));
}

#[test]
fn a_seed_always_draws_the_same_steps() {
    assert_eq!(Sequence::new(3, 100).steps(), Sequence::new(3, 100).steps());
    assert_ne!(Sequence::new(3, 100).steps(), Sequence::new(4, 100).steps());
}

#[test]
fn errors_beneath_local_fs_leave_all_or_nothing() {
    agree(check_sequences(0..sequences_from_env(10_000) / 40, LENGTH, || {
        let dir = tempfile::tempdir().unwrap();
        let faults = Arc::new(FaultFs::new(Arc::new(LocalFs::open(dir.path()).unwrap())));
        Subject { faults: Some(Arc::clone(&faults)), ..Subject::new(faults) }.keeping(dir)
    }));
}

#[test]
fn a_filesystem_that_loses_bytes_is_found_out_in_few_steps() {
    let losing = || {
        let fs = FaultFs::new(Arc::new(MemFs::new()));
        fs.add(Rule::on(CallKind::Write).then(Fault::Short(1000)));
        Subject::from(fs)
    };
    let divergence = check_sequences(0..100, LENGTH, losing).unwrap_err();
    assert!(divergence.steps.len() <= 2, "a create and a write are enough: {divergence}");
    let again = Sequence::of(divergence.seed, divergence.steps.clone()).run(&*losing().fs).unwrap_err();
    assert_eq!(again.reason, divergence.reason, "a report can be repeated");
    assert!(divergence.to_string().contains(&format!("seed {}", divergence.seed)));
}

#[test]
fn an_error_that_was_not_injected_is_found_out() {
    for kind in [CallKind::Rename, CallKind::Read, CallKind::SetAttr, CallKind::ReadDir, CallKind::HardLink] {
        let failing = || {
            let fs = FaultFs::new(Arc::new(MemFs::new()));
            fs.add(Rule::on(kind).nth(20).fail(Errno::IO));
            Subject::from(fs)
        };
        assert!(check_sequences(0..200, LENGTH, failing).is_err(), "{kind:?}");
    }
}

#[test]
fn sequences_use_every_verb() {
    let fs = Arc::new(CountFs::new(Arc::new(MemFs::new())));
    agree(check_sequences(0..2000, LENGTH, || Subject::new(Arc::clone(&fs) as Arc<dyn Vfs>)));
    let counts = fs.snapshot();
    let not_drawn = [CallKind::StatFs, CallKind::Watch, CallKind::Cover, CallKind::HasWriter];
    for kind in CallKind::ALL.into_iter().filter(|kind| !not_drawn.contains(kind)) {
        assert!(counts.of(kind) >= 20, "{kind:?}: {}", counts.of(kind));
    }
    assert!(counts.bytes_read > 1 << 20 && counts.bytes_written > 1 << 20 && counts.bytes_copied > 1 << 20);
}
