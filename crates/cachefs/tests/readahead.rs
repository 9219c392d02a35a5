//! What is read ahead, and that it is still there when its reader comes.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its tree may panic")]

mod support;

use cachefs::PolicyKind;
use cachefs::stats::Counter;
use cachefs_vfs::{Access, OpenHow, VfsExt};

use support::{Bench, bytes, name, wait_until};

const MIB: usize = 1 << 20;
const MEMORY: usize = 16 * MIB;
const STEP: usize = 128 << 10;
const BLOCK: u64 = 64 << 10;
/// Three times the memory, thirty times the small queue of S3-FIFO.
const FILE: usize = 48 * MIB;

/// Reads so many files side by side, each from end to end. Answers how many bytes were used of what was read ahead, and
/// how many wasted.
fn read_through(policy: PolicyKind, files: u64) -> (u64, u64) {
    // The window is an eighth of the memory.
    let bench = Bench::new(|cache| cache.memory(MEMORY).readahead(MEMORY as u64).policy(policy));
    let names: Vec<String> = (0..files).map(|file| format!("file{file}")).collect();
    for (seed, name) in (0..).zip(&names) {
        bench.backing.write(name, &bytes(seed, FILE)).unwrap();
    }
    let dir = bench.cache.dir("").unwrap();
    let open = |file: &String| dir.open(name(file), OpenHow::new(Access::Read)).unwrap().handle;
    let readers: Vec<_> = names.iter().map(open).collect();
    let mut buffer = vec![0; STEP];
    for offset in (0..FILE).step_by(STEP) {
        for reader in &readers {
            assert_eq!(reader.read_at(&mut buffer, offset as u64).unwrap(), STEP);
        }
        // What comes next is asked for by now: a reader that overtakes who reads ahead for him tests nothing.
        let next = (offset + 2 * STEP).min(FILE) as u64 * files;
        wait_until("the next part is loaded", || bench.cache.stats().get(Counter::Fills) * BLOCK >= next);
    }
    let stats = bench.cache.stats();
    (stats.get(Counter::ReadaheadUsedBytes), stats.get(Counter::ReadaheadWastedBytes))
}

/// A reader that comes in the moment its block lands is served by the load, and the block counts as unread.
fn chance(used: u64) -> u64 {
    used / 500
}

#[test]
fn a_file_larger_than_the_cache_wastes_next_to_nothing() {
    for policy in PolicyKind::ALL {
        let (used, wasted) = read_through(policy, 1);
        assert!(
            used > 40 * MIB as u64 && wasted <= chance(used),
            "{policy}: {used} bytes used, {wasted} wasted"
        );
    }
}

#[test]
fn three_files_side_by_side_waste_next_to_nothing() {
    let (used, wasted) = read_through(PolicyKind::default(), 3);
    assert!(used > 120 * MIB as u64 && wasted <= chance(used), "{used} bytes used, {wasted} wasted");
}
