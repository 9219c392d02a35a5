//! What a change of names makes known, and for how long.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its tree may panic")]

mod support;

use std::time::Duration;

use cachefs_vfs::{RenameHow, Vfs, VfsExt};

use support::{Bench, name};

/// A cache over two files, of which `a` was looked at and then replaced by `new`, behind its back.
fn replaced(looked_before: Duration) -> Bench {
    let bench = Bench::new(|cache| cache);
    bench.backing.write("a", b"first").unwrap();
    bench.backing.write("new", b"second!").unwrap();
    bench.cache.stat("a").unwrap();
    bench.backing.rename("a", "z").unwrap();
    bench.backing.rename("new", "a").unwrap();
    bench.clock.advance(looked_before);
    bench
}

#[test]
fn a_rename_makes_no_fact_of_an_old_hint() {
    let bench = replaced(Duration::from_secs(60));
    let root = bench.cache.root().unwrap();
    root.rename(name("a"), &*root, name("b"), RenameHow::Replace).unwrap();
    assert_eq!(bench.cache.stat("b").unwrap().size, 7);
    assert_eq!(bench.cache.stat("z").unwrap().size, 5);
}

#[test]
fn a_rename_does_not_prolong_what_is_known_of_a_name() {
    let bench = replaced(Duration::from_millis(900));
    bench.cache.rename("a", "b").unwrap();
    bench.clock.advance(Duration::from_millis(900));
    assert_eq!(bench.cache.stat("z").unwrap().size, 5);
    assert_eq!(bench.cache.stat("b").unwrap().size, 7, "changed 1.8 s ago, and the lifetime is one");
}

#[test]
fn an_exchange_does_not_prolong_what_is_known_of_names() {
    let bench = replaced(Duration::from_millis(900));
    bench.backing.write("b", b"third").unwrap();
    let root = bench.cache.root().unwrap();
    root.rename(name("a"), &*root, name("b"), RenameHow::Exchange).unwrap();
    bench.clock.advance(Duration::from_millis(900));
    assert_eq!(bench.cache.stat("b").unwrap().size, 7);
}

#[test]
fn a_rename_within_the_lifetime_leaves_both_names_known() {
    let bench = Bench::new(|cache| cache);
    bench.backing.write("a", b"first").unwrap();
    bench.cache.stat("a").unwrap();
    bench.cache.rename("a", "b").unwrap();
    bench.cache.stat("b").unwrap();
    bench.counts.reset();
    assert!(!bench.cache.exists("a").unwrap());
    assert_eq!(bench.cache.stat("b").unwrap().size, 5);
    assert_eq!(bench.counts.snapshot().called(), []);
}
