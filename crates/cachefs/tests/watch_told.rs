//! Who watches a cache.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its tree may panic")]

mod support;

use std::sync::Arc;

use cachefs_vfs::{Access, Errno, FileId, Notice, OpenHow, Vfs, VfsExt, WatchHow, WatchMethod, Watcher};
use parking_lot::Mutex;

use support::outside::{WatchBench, watching};

/// What a cache tells.
#[derive(Debug, Default)]
struct Ear(Mutex<Vec<String>>);

impl Watcher for Ear {
    fn notice(&self, notice: &Notice<'_>) {
        self.0.lock().push(match notice {
            Notice::Inode { touch, .. } => format!("{touch:?}"),
            Notice::Made { name, .. } => format!("made {name}"),
            other => format!("{other:?}"),
        });
    }
}

#[test]
fn who_watches_the_cache_is_told_what_it_was_told_and_what_it_found() {
    let bench = WatchBench::new(|cache| cache);
    bench.others.write("file", b"content").unwrap();
    bench.cache.read("file").unwrap();
    let ear = Arc::new(Ear::default());
    let watch = bench.cache.watch(WatchHow::default(), ear.clone()).unwrap();
    let id: FileId = bench.cache.stat("file").unwrap().id;
    assert!(watch.covers(id));
    let heard = || std::mem::take(&mut *ear.0.lock());
    bench.others.write("new", b"").unwrap();
    assert_eq!(heard()[0], "made new");
    let _writer = bench.others.open("file", OpenHow::new(Access::ReadWrite)).unwrap();
    assert_eq!(heard(), ["Opened"]);
    assert!(!watch.covers(id), "while somebody may write to it");
    bench.cache.recheck();
    assert_eq!(heard(), ["Data"]);
    bench.told.overflow();
    assert_eq!(heard(), ["Overflow"]);
    assert!(!watch.covers(id));
    bench.cache.stat("file").unwrap();
    drop(watch);
    bench.others.write("more", b"").unwrap();
    assert!(heard().is_empty());
}

#[test]
fn a_cache_that_is_not_told_tells_nobody() {
    let bench = WatchBench::with(cachefs::Coherence::Open, |cache| cache);
    let refused = bench.cache.watch(WatchHow::default(), Arc::new(Ear::default()));
    assert_eq!(refused.unwrap_err().errno(), cachefs_vfs::Errno::OPNOTSUPP);
}

#[test]
fn who_asked_before_something_was_watched_is_told_that_it_is() {
    let bench = WatchBench::with(watching(WatchMethod::Directories), |cache| cache);
    bench.others.create_dir_all("dir").unwrap();
    bench.others.write("dir/file", b"").unwrap();
    bench.others.link("dir/file", "dir/far").unwrap();
    let ear = Arc::new(Ear::default());
    let watch = bench.cache.watch(WatchHow::default(), ear.clone()).unwrap();
    let id = bench.cache.stat("dir/file").unwrap().id;
    assert!(!watch.covers(id), "it was asked for before");
    assert_eq!(*ear.0.lock(), ["Attr", "Attr"], "the directory, and the file that has another name");
    bench.years();
    bench.cache.stat("dir/file").unwrap();
    assert!(watch.covers(id));
    assert_eq!(ear.0.lock().len(), 2, "once");
}

#[test]
fn handles_are_covered_by_a_watch_of_their_cache_only() {
    let bench = WatchBench::with(watching(WatchMethod::Directories), |cache| cache);
    let other = WatchBench::new(|cache| cache);
    let watch = bench.cache.watch(WatchHow::default(), Arc::new(Ear::default())).unwrap();
    let foreign = other.cache.watch(WatchHow::default(), Arc::new(Ear::default())).unwrap();
    let root = bench.cache.root().unwrap();
    assert_eq!(root.watch(&*foreign).unwrap_err().errno(), Errno::OPNOTSUPP);
    let id = root.attr().unwrap().id;
    root.watch(&*watch).unwrap();
    bench.years();
    root.attr().unwrap();
    assert!(watch.covers(id) && bench.told.covered().contains(&id));
}
