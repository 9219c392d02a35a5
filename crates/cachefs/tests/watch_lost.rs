//! A cache whose watch lost notices, or was lost itself, or does not reach everywhere.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its tree may panic")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use cachefs::stats::Counter;
use cachefs::{CacheFs, Coherence};
use cachefs_testkit::CallKind;
use cachefs_vfs::{Access, Errno, Error, MemFs, VfsExt, WatchHow, WatchMethod};

use support::bytes;
use support::outside::{KIB, METHODS, WatchBench, contents, known, open, over_write, watching};

#[test]
fn after_lost_notices_everything_is_asked_for_once() {
    for method in METHODS {
        let bench = known(method);
        bench.told.hold();
        over_write(&*bench.others, "dir/0", b"untold", 0);
        bench.others.write("dir/missing1", b"untold").unwrap();
        bench.others.remove_file("dir/2").unwrap();
        bench.told.overflow();
        bench.told.release();
        bench.counts.reset();
        assert!(bench.cache.read("dir/0").unwrap().starts_with(b"untold"), "{method:?}");
        assert_eq!(bench.cache.read("dir/missing1").unwrap(), b"untold");
        assert!(!bench.cache.exists("dir/2").unwrap() && !bench.cache.exists("dir/missing0").unwrap());
        assert_eq!(bench.cache.list("dir").unwrap().len(), 3);
        assert_eq!(bench.cache.stats().get(Counter::NoticesOverflow), 1);
        let again = |cache: &CacheFs| (cache.read("dir/0").unwrap(), cache.exists("dir/missing0").unwrap());
        again(&bench.cache);
        // Where directories are watched one by one, each was asked for before it was watched anew.
        bench.years();
        again(&bench.cache);
        bench.unasked(again);
    }
}

#[test]
fn after_lost_notices_settled_bytes_are_checked_and_kept() {
    let bench = WatchBench::new(|cache| cache);
    bench.others.write("old", &bytes(1, 100 * KIB)).unwrap();
    bench.others.write("changed", &bytes(2, 100 * KIB)).unwrap();
    bench.years();
    (0..2).for_each(|_| ["old", "changed"].iter().for_each(|path| drop(bench.cache.read(path).unwrap())));
    bench.told.hold();
    over_write(&*bench.others, "changed", b"same size", 70_000);
    bench.told.overflow();
    bench.told.release();
    let (_, counts) = bench.asked_for(|cache| cache.read("old").unwrap());
    // The directory is watched anew.
    let asked = (counts.of(CallKind::Cover), counts.of(CallKind::Open), counts.total());
    assert_eq!((counts.bytes_read, asked), (0, (1, 1, 2)), "{:?}", counts.called());
    assert!(bench.cache.read("changed").unwrap() == bench.others.read("changed").unwrap());
}

#[test]
fn after_the_loss_of_the_watch_every_question_is_asked() {
    let bench = known(WatchMethod::Filesystem);
    let kept = open(&bench.cache, "dir/0", Access::Read);
    bench.told.lose(Error::new(Errno::NODEV).on("watching", "/source"));
    for content in [b"first", b"secnd"] {
        over_write(&*bench.others, "dir/0", content, 0);
        assert!(bench.cache.read("dir/0").unwrap().starts_with(content), "same size, same tick");
        bench.clock.advance(Duration::from_secs(1));
        assert!(contents(&*kept).starts_with(content));
    }
    for _ in 0..2 {
        bench.counts.reset();
        bench.cache.stat("dir/1").unwrap();
        bench.cache.exists("dir/missing0").unwrap();
        let counts = bench.counts.snapshot();
        assert!(counts.of(CallKind::Stat) >= 2, "{:?}", counts.called());
    }
    let status = bench.cache.coherence().watch.unwrap();
    assert_eq!(status.lost.unwrap().to_string(), "watching /source: No such device");
    assert_eq!(bench.cache.stats().get(Counter::NoticesLost), 1);
}

#[test]
fn what_cannot_be_watched_has_a_lifetime() {
    let bench = WatchBench::with(watching(WatchMethod::Directories), |cache| cache);
    bench.told.refuse_cover(Some(Errno::NOSPC));
    bench.others.create_dir_all("dir").unwrap();
    bench.others.write("dir/file", b"before").unwrap();
    assert_eq!(bench.cache.read("dir/file").unwrap(), b"before");
    over_write(&*bench.others, "dir/file", b"behind", 0);
    assert_eq!(bench.cache.read("dir/file").unwrap(), b"before", "within the lifetime");
    bench.clock.advance(Duration::from_secs(1));
    assert_eq!(bench.cache.read("dir/file").unwrap(), b"behind");
    assert_eq!(bench.cache.coherence().watch.unwrap().uncovered_dirs, 1);
    bench.counts.reset();
    bench.cache.exists("dir/other").unwrap();
    assert_eq!(bench.counts.snapshot().of(CallKind::Cover), 0, "it is not tried again");
}

#[test]
fn a_backing_that_does_not_tell_is_refused() {
    let built =
        CacheFs::builder(Arc::new(MemFs::new())).coherence(Coherence::Watch(WatchHow::default())).build();
    let error = built.map(drop).unwrap_err().to_string();
    assert!(error.starts_with("the backing cannot be watched: "), "{error}");
}

#[test]
fn names_that_left_the_table_take_the_cover_from_their_files() {
    // By name alone: nobody would know what a notice is about.
    let bench = WatchBench::with(watching(WatchMethod::Inotify), |cache| cache.metadata_entries(64));
    bench.others.write("file", b"before").unwrap();
    let file = open(&bench.cache, "file", Access::Read);
    assert_eq!(contents(&*file), b"before");
    (0..500).for_each(|number| assert!(!bench.cache.exists(format!("missing{number}")).unwrap()));
    over_write(&*bench.others, "file", b"behind", 0);
    bench.clock.advance(Duration::from_secs(1));
    assert_eq!(contents(&*file), b"behind");
}
