//! The model against the filesystems it describes.

use std::sync::Arc;

use cachefs_testkit::model::{Divergence, Sequence, check_sequences, run_sequence, sequences_from_env};
use cachefs_testkit::{FaultFs, Subject};
use cachefs_vfs::{LocalFs, MemFs};

/// Steps per sequence.
const LENGTH: usize = 40;

fn agree(result: Result<(), Divergence>) {
    if let Err(divergence) = result {
        panic!("{divergence}");
    }
}

fn local() -> Subject {
    let dir = tempfile::tempdir().unwrap();
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
    agree(check_sequences(0..sequences_from_env(10_000) / 5, LENGTH, local));
}

#[test]
fn injected_errors_leave_all_or_nothing() {
    agree(check_sequences(0..sequences_from_env(10_000) / 5, LENGTH, faulty));
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
