//! A write-back against the model.

mod over;

use cachefs_testkit::model::{Divergence, check_sequences, sequences_from_env};

use over::{Flushing, local, mem};

/// Steps per sequence.
const LENGTH: usize = 40;

fn agree(result: Result<(), Divergence>) {
    if let Err(divergence) = result {
        panic!("{divergence}");
    }
}

fn count() -> u64 {
    sequences_from_env(2_000)
}

#[test]
fn over_mem_fs_agrees() {
    agree(check_sequences(0..count(), LENGTH, || mem(Flushing::Never)));
}

#[test]
fn over_mem_fs_agrees_while_it_is_flushed_now_and_then() {
    agree(check_sequences(0..count(), LENGTH, || mem(Flushing::NowAndThen)));
}

#[test]
fn over_mem_fs_agrees_while_threads_flush() {
    agree(check_sequences(0..count(), LENGTH, || mem(Flushing::Threads)));
}

#[test]
fn over_local_fs_agrees() {
    agree(check_sequences(0..count() / 4, LENGTH, || local(Flushing::Never)));
}

#[test]
fn over_local_fs_agrees_while_it_is_flushed_now_and_then() {
    agree(check_sequences(0..count() / 4, LENGTH, || local(Flushing::NowAndThen)));
}

#[test]
fn over_local_fs_agrees_while_threads_flush() {
    agree(check_sequences(0..count() / 4, LENGTH, || local(Flushing::Threads)));
}
