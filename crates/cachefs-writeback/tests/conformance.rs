//! The conformance table over a write-back.

mod over;

use cachefs_testkit::conformance::assert_all;

use over::{Flushing, disk, mem};

#[test]
fn over_mem_fs() {
    assert_all(|| mem(Flushing::Never));
}

#[test]
fn over_local_fs() {
    assert_all(|| disk(Flushing::Never));
}

#[test]
fn over_mem_fs_with_flushers() {
    assert_all(|| mem(Flushing::Threads));
}

#[test]
fn over_local_fs_with_flushers() {
    assert_all(|| disk(Flushing::Threads));
}
