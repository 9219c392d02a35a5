//! Close-to-open, and alone.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its tree may panic")]

mod support;

use std::time::Duration;

use cachefs::{CacheFs, Coherence};
use cachefs_testkit::CallKind;
use cachefs_vfs::{Access, OpenHow, Privileges, Vfs, VfsExt};

use support::bytes;
use support::outside::WatchBench;

const KIB: usize = 1 << 10;

fn over_write(fs: &dyn Vfs, path: &str, data: &[u8]) {
    let file = fs.open(path, OpenHow::new(Access::Write)).unwrap();
    file.write_at(data, 0, Privileges::Keep).unwrap();
}

fn bench(mode: Coherence) -> WatchBench {
    let bench = WatchBench::with(mode, |cache| cache);
    bench.others.write("file", &bytes(1, 100 * KIB)).unwrap();
    bench.clock.advance(Duration::from_secs(10));
    bench
}

#[test]
fn close_to_open_what_was_closed_is_seen_by_the_next_open() {
    let bench = bench(Coherence::Open);
    assert!(bench.cache.read("file").unwrap() == bytes(1, 100 * KIB));
    for content in [b"first", b"secnd", b"third"] {
        over_write(&*bench.others, "file", content);
        assert!(bench.cache.read("file").unwrap().starts_with(content), "same size, same tick");
    }
    assert!(!bench.cache.exists("new").unwrap());
    bench.others.write("new", b"").unwrap();
    assert!(bench.cache.exists("new").unwrap());
    assert_eq!(bench.cache.list("").unwrap().len(), 2);
    bench.others.remove_file("new").unwrap();
    assert!(!bench.cache.exists("new").unwrap());
    assert_eq!(bench.cache.list("").unwrap().len(), 1);
}

#[test]
fn close_to_open_bytes_stay_as_long_as_the_version_does() {
    let bench = bench(Coherence::Open);
    bench.cache.read("file").unwrap();
    bench.counts.reset();
    bench.cache.read("file").unwrap();
    let counts = bench.counts.snapshot();
    assert_eq!((counts.bytes_read, counts.of(CallKind::Open)), (0, 1), "{:?}", counts.called());
}

#[test]
fn close_to_open_an_open_file_is_checked_once_a_second() {
    let bench = bench(Coherence::Open);
    let file = bench.cache.open("file", OpenHow::new(Access::Read)).unwrap();
    let mut buffer = [0; 5];
    file.read_at(&mut buffer, 0).unwrap();
    bench.counts.reset();
    (0..10).for_each(|_| assert_eq!(file.read_at(&mut buffer, 0).unwrap(), 5));
    assert_eq!(bench.counts.calls(), 0);
    over_write(&*bench.others, "file", b"later");
    bench.clock.advance(Duration::from_secs(1));
    file.read_at(&mut buffer, 0).unwrap();
    assert_eq!(&buffer, b"later");
    assert_eq!(file.attr().unwrap(), bench.others.stat("file").unwrap(), "asked for each time");
}

#[test]
fn alone_everything_holds_for_ever() {
    let bench = bench(Coherence::Single);
    let all = |cache: &CacheFs| {
        let file = cache.read("file").unwrap();
        (file, cache.exists("new").unwrap(), cache.list("").unwrap(), cache.stat("file").unwrap())
    };
    let before = all(&bench.cache);
    over_write(&*bench.others, "file", b"who should");
    bench.others.write("new", b"not be there").unwrap();
    assert_eq!(bench.unasked(all), before);
}

#[test]
fn alone_our_own_changes_count() {
    let bench = bench(Coherence::Single);
    bench.cache.read("file").unwrap();
    assert!(!bench.cache.exists("new").unwrap());
    over_write(&bench.cache, "file", b"ours");
    bench.cache.write("new", b"ours, too").unwrap();
    let (content, counts) =
        bench.asked_for(|cache| (cache.read("file").unwrap(), cache.read("new").unwrap()));
    assert!(content.0.starts_with(b"ours") && content.0.len() == 100 * KIB);
    assert_eq!((&content.1[..], counts.bytes_read), (&b"ours, too"[..], 0), "{:?}", counts.called());
}

#[test]
fn the_mode_in_force_can_be_asked_for() {
    for mode in [Coherence::Open, Coherence::Single, Coherence::Ttl(Duration::from_secs(7))] {
        let status = bench(mode).cache.coherence();
        assert_eq!((status.mode, status.watch.is_none()), (mode, true));
    }
    let default = CacheFs::builder(std::sync::Arc::new(cachefs_vfs::MemFs::new())).build().unwrap();
    assert_eq!(default.coherence().mode, Coherence::Ttl(Duration::from_secs(1)));
}
