//! While a write of ours takes its time, others change the file, too, and nobody tells of it.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its tree may panic")]

mod support;

use std::thread;
use std::time::Duration;

use cachefs::Coherence;
use cachefs_testkit::CallKind;
use cachefs_vfs::{Access, Privileges, VFile, VfsExt};

use support::outside::{KIB, WatchBench, open, over_write};

const PLACE: usize = 280 * KIB;

fn bench(mode: Coherence) -> WatchBench {
    let bench = WatchBench::with(mode, |cache| cache);
    bench.others.write("file", &vec![1; 300 * KIB]).unwrap();
    for _ in 0..2 {
        bench.clock.advance(Duration::from_secs(10));
        bench.cache.read("file").unwrap();
    }
    bench
}

/// Writes, and runs `meanwhile` when it is done at the backing and nobody knows that yet.
fn write_slowly(bench: &WatchBench, ours: &dyn VFile, data: &[u8], meanwhile: impl FnOnce()) {
    bench.gate().hold(CallKind::Write, "file");
    thread::scope(|scope| {
        let _release = bench.gate().release_on_drop();
        let writer = scope.spawn(|| ours.write_at(data, 0, Privileges::Keep).unwrap());
        bench.gate().wait();
        meanwhile();
        bench.gate().release();
        writer.join().unwrap();
    });
}

#[test]
fn a_change_by_others_during_a_slow_write_of_ours_is_seen_by_the_next_open() {
    for mode in [Coherence::Open, Coherence::Ttl(Duration::from_secs(1))] {
        let bench = bench(mode);
        let ours = open(&bench.cache, "file", Access::Write);
        write_slowly(&bench, &*ours, &[2; 10], || {
            bench.clock.advance(Duration::from_secs(30));
            over_write(&*bench.others, "file", &[3; 10], PLACE as u64);
            bench.clock.advance(Duration::from_secs(30));
            assert_eq!(bench.cache.read("file").unwrap()[PLACE], 3, "{mode:?}: while it lasts");
        });
        let now = bench.cache.read("file").unwrap();
        assert_eq!((now[0], now[PLACE]), (2, 3), "{mode:?}: afterwards");
    }
}

#[test]
fn close_to_open_holds_for_who_opened_just_before_too() {
    let bench = bench(Coherence::Open);
    let ours = open(&bench.cache, "file", Access::Write);
    write_slowly(&bench, &*ours, &[2; 10], || {
        over_write(&*bench.others, "file", &[3; 10], PLACE as u64);
        bench.clock.advance(Duration::from_millis(500));
        bench.cache.read("file").unwrap();
    });
    let now = bench.cache.read("file").unwrap();
    assert_eq!((now[0], now[PLACE]), (2, 3));
}

#[test]
fn a_quick_write_keeps_the_rest_and_a_slow_one_what_it_wrote() {
    for (took, rest) in [(Duration::from_millis(50), 0), (Duration::from_secs(5), 172 * KIB as u64)] {
        let bench = bench(Coherence::Ttl(Duration::from_secs(3600)));
        let ours = open(&bench.cache, "file", Access::Write);
        write_slowly(&bench, &*ours, &[2; 128 * KIB], || bench.clock.advance(took));
        bench.counts.reset();
        let now = bench.cache.read("file").unwrap();
        assert_eq!((now[0], now[PLACE]), (2, 1));
        assert_eq!(bench.counts.snapshot().bytes_read, rest, "{took:?}");
    }
}
