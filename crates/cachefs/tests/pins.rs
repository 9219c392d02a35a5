//! Files that are pinned stay in memory, within a limit of their own, as long as they are the file that was meant.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod support;

use std::time::Duration;

use cachefs::PinError;
use cachefs_vfs::{Access, Errno, OpenHow, Privileges, VfsExt};
use support::Bench;

const BLOCK: usize = 64 << 10;
const MEMORY: usize = 32 * BLOCK;

fn bench() -> Bench {
    Bench::new(|builder| builder.memory(MEMORY).ttl(Duration::from_secs(1)))
}

/// Ten times the memory, read through once.
fn stream(bench: &Bench) {
    if !bench.backing.exists("stream").unwrap() {
        bench.backing.write("stream", &vec![9; 10 * MEMORY]).unwrap();
    }
    assert_eq!(bench.cache.read("stream").unwrap().len(), 10 * MEMORY);
}

fn held(bench: &Bench, path: &str) -> u64 {
    bench.cache.held(path).unwrap().bytes
}

#[test]
fn a_pinned_file_stays_and_an_unpinned_one_goes() {
    let bench = bench();
    let size = 5 * BLOCK as u64 + 100;
    bench.backing.write("f", &vec![1; 5 * BLOCK + 100]).unwrap();
    let pinned = bench.cache.pin("f").unwrap();
    assert_eq!((pinned.size, pinned.bytes), (Some(size), 5 * BLOCK as u64 + 1024));
    assert_eq!(bench.cache.pinned(), [pinned]);
    let usage = bench.cache.usage();
    assert_eq!((usage.pinned_files, usage.pinned_bytes), (1, 5 * BLOCK + 1024));
    assert_eq!(usage.pinned_bytes_max, MEMORY / 4);
    stream(&bench);
    assert_eq!(held(&bench, "f"), size);
    assert!(bench.cache.unpin("f").unwrap() && !bench.cache.unpin("f").unwrap());
    assert_eq!(held(&bench, "f"), size, "nothing is dropped");
    stream(&bench);
    stream(&bench);
    assert_eq!(held(&bench, "f"), 0);
    assert_eq!(bench.cache.usage().pinned_bytes, 0);
}

#[test]
fn what_does_not_fit_is_refused_with_both_sizes() {
    let bench = bench();
    bench.backing.write("a", &vec![1; 5 * BLOCK]).unwrap();
    bench.backing.write("b", &vec![1; 4 * BLOCK]).unwrap();
    bench.cache.pin("a").unwrap();
    let error = bench.cache.pin("b").unwrap_err();
    assert_eq!(
        error.to_string(),
        "pinning b takes 262144 bytes, and 327680 of the 524288 bytes for pinned files are promised to others: \
         unpin some, or set a higher limit (pin-max)"
    );
    assert!(matches!(error, PinError::NoRoom { unit: "bytes", .. }));
    assert_eq!((held(&bench, "b"), bench.cache.pinned().len()), (0, 1), "nothing half done");
    assert!(bench.cache.unpin("a").unwrap());
    bench.cache.pin("b").unwrap();
}

#[test]
fn small_files_are_limited_by_number_and_empty_ones_too() {
    let bench = Bench::new(|builder| builder.block_entries(8).pin_max(MEMORY));
    (0..8).for_each(|at| bench.backing.write(format!("{at}"), b"").unwrap());
    (0..6).for_each(|at| drop(bench.cache.pin(format!("{at}")).unwrap()));
    let error = bench.cache.pin("6").unwrap_err();
    assert!(
        matches!(error, PinError::NoRoom { unit: "blocks", wanted: 1, pinned: 6, max: 6, .. }),
        "{error}"
    );
}

#[test]
fn a_load_that_is_given_up_pins_nothing() {
    let bench = bench();
    bench.backing.write("f", &vec![1; 3 * BLOCK]).unwrap();
    let error = bench.cache.pin_with("f", |_| false).unwrap_err();
    assert!(matches!(error, PinError::File(error) if error.errno() == Errno::CANCELED));
    assert_eq!((bench.cache.usage().pinned_files, bench.cache.usage().pinned_bytes), (0, 0));
    bench.cache.pin("f").unwrap();
    bench.cache.pin_with("f", |_| false).unwrap_err();
    assert_eq!(bench.cache.usage().pinned_files, 1, "it was pinned before");
}

#[test]
fn what_is_no_file_is_not_pinned() {
    let bench = bench();
    bench.backing.create_dir_all("dir").unwrap();
    let errno = |path: &str| match bench.cache.pin(path).unwrap_err() {
        PinError::File(error) => error.errno(),
        error => panic!("{error}"),
    };
    assert_eq!(errno("missing"), Errno::NOENT);
    assert!([Errno::INVAL, Errno::ISDIR].contains(&errno("dir")));
    assert_eq!(bench.cache.usage().pinned_files, 0);
}

#[test]
fn it_follows_the_file_through_renames_changes_and_invalidation() {
    let bench = bench();
    bench.backing.write("f", &vec![1; 3 * BLOCK]).unwrap();
    bench.cache.pin("f").unwrap();
    bench.cache.rename("f", "g").unwrap();
    stream(&bench);
    assert_eq!(held(&bench, "g"), 3 * BLOCK as u64);
    // Others change it: what is read anew is pinned anew.
    bench.backing.write("g", &vec![2; 4 * BLOCK]).unwrap();
    bench.expire();
    assert_eq!(bench.cache.read("g").unwrap(), vec![2; 4 * BLOCK]);
    stream(&bench);
    assert_eq!(held(&bench, "g"), 4 * BLOCK as u64);
    bench.cache.invalidate("g").unwrap();
    assert_eq!((held(&bench, "g"), bench.cache.usage().pinned_bytes), (0, 0));
    assert_eq!(bench.cache.usage().pinned_files, 1, "the pin stays");
    bench.cache.read("g").unwrap();
    stream(&bench);
    assert_eq!(held(&bench, "g"), 4 * BLOCK as u64);
    bench.cache.clear();
    bench.cache.read("g").unwrap();
    stream(&bench);
    assert_eq!(held(&bench, "g"), 4 * BLOCK as u64);
    // A change of ours.
    let file = bench.cache.open("g", OpenHow::new(Access::ReadWrite)).unwrap();
    file.write_at(&[3; 100], 10, Privileges::Keep).unwrap();
    drop(file);
    stream(&bench);
    assert_eq!(held(&bench, "g"), 4 * BLOCK as u64);
    // What has its name now is another file.
    bench.backing.write("other", &vec![5; BLOCK]).unwrap();
    bench.cache.rename("other", "g").unwrap();
    assert_eq!(bench.cache.usage().pinned_files, 0, "the last name went");
}

#[test]
fn it_ends_with_the_last_name_and_handle() {
    let bench = bench();
    bench.backing.write("f", &vec![1; 3 * BLOCK]).unwrap();
    bench.cache.pin("f").unwrap();
    let file = bench.cache.open("f", OpenHow::new(Access::Read)).unwrap();
    bench.cache.remove_file("f").unwrap();
    assert_eq!(bench.cache.usage().pinned_files, 1, "somebody still reads it");
    drop(file);
    let usage = bench.cache.usage();
    assert_eq!((usage.pinned_files, usage.pinned_bytes), (0, 0));
}

#[test]
fn one_of_two_names_is_not_the_last() {
    let bench = bench();
    bench.backing.write("f", &vec![1; BLOCK]).unwrap();
    bench.backing.link("f", "g").unwrap();
    bench.cache.pin("f").unwrap();
    bench.cache.remove_file("f").unwrap();
    assert_eq!(bench.cache.usage().pinned_files, 1);
    bench.cache.invalidate("g").unwrap();
    assert_eq!(bench.cache.usage().pinned_files, 1);
    assert!(bench.cache.unpin("g").unwrap());
}

#[test]
fn what_others_removed_makes_room_for_others() {
    let bench = bench();
    bench.backing.write("a", &vec![1; 6 * BLOCK]).unwrap();
    bench.backing.write("b", &vec![1; 6 * BLOCK]).unwrap();
    bench.cache.pin("a").unwrap();
    bench.backing.remove_file("a").unwrap();
    bench.cache.pin("b").unwrap();
    assert_eq!(
        bench.cache.pinned().iter().map(|pinned| pinned.path.to_str()).collect::<Vec<_>>(),
        [Some("b")]
    );
}

#[test]
fn metadata_of_pinned_files_outlasts_that_of_others() {
    let bench = Bench::new(|builder| builder.memory(MEMORY).metadata_entries(64).ttl(Duration::from_secs(9)));
    bench.backing.write("f", &vec![1; BLOCK]).unwrap();
    bench.cache.pin("f").unwrap();
    for at in 0..500 {
        bench.backing.write(format!("{at}"), b"x").unwrap();
        bench.cache.stat(format!("{at}")).unwrap();
    }
    assert_eq!(held(&bench, "f"), BLOCK as u64);
}

#[test]
fn a_limit_that_is_lowered_keeps_the_pins_and_not_all_blocks() {
    let bench = bench();
    for name in ["a", "b"] {
        bench.backing.write(name, &vec![1; 4 * BLOCK]).unwrap();
        bench.cache.pin(name).unwrap();
    }
    bench.cache.set_memory(MEMORY / 2);
    let usage = bench.cache.usage();
    assert_eq!((usage.pinned_files, usage.pinned_bytes), (2, 4 * BLOCK));
    stream(&bench);
    assert_eq!(held(&bench, "a"), 4 * BLOCK as u64, "the first one had the older right");
    bench.cache.set_memory(MEMORY);
    bench.cache.pin("b").unwrap();
    stream(&bench);
    assert_eq!((held(&bench, "a"), held(&bench, "b")), (4 * BLOCK as u64, 4 * BLOCK as u64));
}
