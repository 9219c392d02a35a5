//! Threads that close each other's handles of the backing do not wait for each other.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its tree may panic")]

mod support;

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use cachefs_testkit::SplitMix64;
use cachefs_vfs::{Access, OpenHow, VfsExt};

use support::Bench;

const FILES: u64 = 12;
const THREADS: u64 = 8;
const READS: u64 = 20_000;

#[test]
fn a_crowd_with_room_for_two_handles_gets_through() {
    // Without memory each read needs a handle of the backing.
    let bench = Bench::new(|cache| cache.memory(0).handles_max(2));
    for number in 0..FILES {
        bench.backing.write(format!("file{number}"), &[u8::try_from(number).unwrap(); 10]).unwrap();
    }
    let (done, all_done) = mpsc::channel();
    for seed in 0..THREADS {
        let (cache, done) = (bench.cache.clone(), done.clone());
        thread::spawn(move || {
            let mut dice = SplitMix64::new(seed);
            let open = |number| cache.open(format!("file{number}"), OpenHow::new(Access::Read)).unwrap();
            let files: Vec<_> = (0..FILES).map(open).collect();
            for _ in 0..READS {
                let number = usize::try_from(dice.below(FILES)).unwrap();
                let mut byte = [255];
                assert_eq!(files[number].read_at(&mut byte, 5).unwrap(), 1);
                assert_eq!(usize::from(byte[0]), number);
            }
            drop(files);
            done.send(()).unwrap();
        });
    }
    drop(done);
    for _ in 0..THREADS {
        all_done.recv_timeout(Duration::from_secs(60)).expect("a thread that fails or hangs does not report");
    }
    assert!(bench.cache.usage().backing_handles <= 2 + 1, "{:?}", bench.cache.usage());
}
