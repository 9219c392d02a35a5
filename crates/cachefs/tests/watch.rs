//! A cache that is told of changes by others: it need not ask, and is never wrong after it was told.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its tree may panic")]

mod support;

use std::time::Duration;

use cachefs::stats::Counter;
use cachefs::{CacheFs, Coherence};
use cachefs_testkit::CallKind;
use cachefs_vfs::{
    Access, Errno, Error, MemFs, Mode, OpenHow, Privileges, SetAttr, VFile, Vfs, VfsExt, WatchHow,
    WatchMethod,
};

use support::outside::{WatchBench, watching};
use support::{bytes, name};

const KIB: usize = 1 << 10;
const METHODS: [WatchMethod; 3] = [WatchMethod::Filesystem, WatchMethod::Directories, WatchMethod::Inotify];

fn open(fs: &dyn Vfs, path: &str, access: Access) -> std::sync::Arc<dyn VFile> {
    fs.open(path, OpenHow::new(access)).unwrap()
}

fn over_write(fs: &dyn Vfs, path: &str, data: &[u8], offset: u64) {
    let file = open(fs, path, Access::Write);
    assert_eq!(file.write_at(data, offset, Privileges::Keep).unwrap(), data.len());
}

fn chmod(fs: &dyn Vfs, path: &str, mode: u32) {
    let set = SetAttr { mode: Some(Mode::new(mode)), ..SetAttr::default() };
    open(fs, path, Access::Path).set_attr(&set).unwrap();
}

fn contents(file: &dyn VFile) -> Vec<u8> {
    let mut buffer = vec![0; 1 << 20];
    let count = file.read_at(&mut buffer, 0).unwrap();
    buffer.truncate(count);
    buffer
}

/// A directory with files in it, known by heart.
fn learn_all(cache: &CacheFs) {
    for number in 0..3 {
        cache.read(format!("dir/{number}")).unwrap();
        assert!(!cache.exists(format!("dir/missing{number}")).unwrap());
        cache.stat(format!("dir/{number}")).unwrap();
    }
    cache.list("dir").unwrap();
    cache.stat("dir").unwrap();
}

fn bench(method: WatchMethod) -> WatchBench {
    let bench = WatchBench::with(watching(method), |cache| cache);
    bench.others.create_dir("dir").unwrap();
    (0..3).for_each(|number| bench.others.write(format!("dir/{number}"), &bytes(number, 100 * KIB)).unwrap());
    learn_all(&bench.cache);
    // Where directories are watched one by one, each was asked for before it was, and has a lifetime.
    bench.years();
    learn_all(&bench.cache);
    bench
}

#[test]
fn what_nobody_changes_is_asked_for_once() {
    for method in METHODS {
        let bench = bench(method);
        bench.unasked(learn_all);
        assert_eq!(bench.cache.coherence().watch.unwrap().method, method);
    }
}

#[test]
fn noise_elsewhere_costs_nothing() {
    for method in METHODS {
        let bench = bench(method);
        bench.others.create_dir("noise").unwrap();
        (0..100).for_each(|number| bench.others.write(format!("noise/{number}"), b"x").unwrap());
        bench.others.remove_dir_all("noise").unwrap();
        bench.unasked(|cache| (0..3).for_each(|number| drop(cache.read(format!("dir/{number}")).unwrap())));
    }
}

#[test]
fn what_others_change_is_seen_at_once() {
    for method in METHODS {
        let bench = bench(method);
        let (cache, others) = (&bench.cache, &*bench.others);
        over_write(others, "dir/0", b"same size, same tick", 5);
        assert!(cache.read("dir/0").unwrap() == others.read("dir/0").unwrap(), "{method:?}");
        others.append("dir/1", b"more").unwrap();
        assert!(cache.read("dir/1").unwrap() == others.read("dir/1").unwrap(), "{method:?}");
        others.set_len("dir/1", 10).unwrap();
        assert_eq!(cache.stat("dir/1").unwrap().size, 10, "{method:?}");
        chmod(others, "dir/2", 0o600);
        assert_eq!(cache.stat("dir/2").unwrap().mode, Mode::new(0o600), "{method:?}");
        others.write("dir/missing0", b"not any more").unwrap();
        assert_eq!(cache.read("dir/missing0").unwrap(), b"not any more", "{method:?}");
        assert_eq!(cache.list("dir").unwrap().len(), 4, "{method:?}");
        others.rename("dir/missing0", "dir/2").unwrap();
        assert_eq!(cache.read("dir/2").unwrap(), b"not any more", "{method:?}");
        assert!(!cache.exists("dir/missing0").unwrap(), "{method:?}");
        others.remove_file("dir/0").unwrap();
        assert!(!cache.exists("dir/0").unwrap(), "{method:?}");
        assert_eq!(cache.list("dir").unwrap().len(), 2, "{method:?}");
        assert!(cache.stats().get(Counter::InvalidatedWatch) > 0);
    }
}

#[test]
fn a_change_of_mode_or_name_by_others_keeps_the_bytes() {
    for method in METHODS {
        let bench = bench(method);
        chmod(&*bench.others, "dir/0", 0o640);
        bench.others.rename("dir/1", "dir/one").unwrap();
        let (_, counts) = bench.asked_for(|cache| {
            assert_eq!(cache.read("dir/0").unwrap().len(), 100 * KIB);
            assert_eq!(cache.read("dir/one").unwrap().len(), 100 * KIB);
        });
        assert_eq!(counts.bytes_read, 0, "{method:?}: {:?}", counts.called());
    }
}

#[test]
fn our_own_writes_keep_what_is_cached() {
    for method in [WatchMethod::Filesystem, WatchMethod::Directories] {
        let bench = bench(method);
        let file = open(&bench.cache, "dir/0", Access::ReadWrite);
        file.write_at(&[7; 4 * KIB], 20_000, Privileges::Keep).unwrap();
        let (content, counts) = bench.asked_for(|cache| cache.read("dir/0").unwrap());
        assert!(content == bench.others.read("dir/0").unwrap());
        assert_eq!(counts.bytes_read, 0, "{method:?}: {:?}", counts.called());
    }
}

#[test]
fn our_own_new_files_are_known_at_once() {
    let bench = bench(WatchMethod::Filesystem);
    bench.cache.write("dir/ours", b"ours").unwrap();
    let dir = bench.cache.dir("dir").unwrap();
    bench.unasked(|_| assert_eq!(dir.stat(name("ours")).unwrap().size, 4));
    let (content, counts) = bench.asked_for(|cache| cache.read("dir/ours").unwrap());
    assert_eq!((&content[..], counts.bytes_read), (&b"ours"[..], 0));
    bench.cache.rename("dir/ours", "dir/renamed").unwrap();
    assert_eq!(bench.cache.read("dir/renamed").unwrap(), b"ours");
    bench.unasked(|cache| {
        assert_eq!(cache.read("dir/renamed").unwrap(), b"ours");
        assert!(!cache.exists("dir/ours").unwrap());
    });
}

#[test]
fn after_lost_notices_everything_is_asked_for_once() {
    for method in METHODS {
        let bench = bench(method);
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
    assert_eq!((counts.bytes_read, counts.total()), (0, 1), "{:?}", counts.called());
    assert!(bench.cache.read("changed").unwrap() == bench.others.read("changed").unwrap());
}

#[test]
fn after_the_loss_of_the_watch_every_question_is_asked() {
    let bench = bench(WatchMethod::Filesystem);
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
fn open_files_go_on_when_others_rename_or_remove_them() {
    for method in METHODS {
        let bench = WatchBench::with(watching(method), |cache| cache.handles_max(1));
        bench.others.create_dir("dir").unwrap();
        bench.others.create_dir("other").unwrap();
        bench.others.write("dir/file", &bytes(1, 300 * KIB)).unwrap();
        let file = open(&bench.cache, "dir/file", Access::ReadWrite);
        bench.cache.list("other").unwrap();
        bench.cache.read("dir/file").unwrap();
        bench.others.rename("dir/file", "other/moved").unwrap();
        bench.counts.reset();
        file.write_at(b"through the old handle", 5, Privileges::Keep).unwrap();
        assert_eq!(bench.counts.snapshot().of(CallKind::OpenId), 0, "{method:?}: it is known where it is");
        assert!(contents(&*file) == bench.others.read("other/moved").unwrap(), "{method:?}");
        assert!(bench.cache.read("other/moved").unwrap() == bench.others.read("other/moved").unwrap());
        bench.others.rename("dir", "renamed").unwrap();
        assert!(bench.cache.list("renamed").unwrap().is_empty());
        bench.others.remove_file("other/moved").unwrap();
        assert!(!bench.cache.exists("other/moved").unwrap());
    }
}

#[test]
fn what_others_rename_and_then_change_is_seen() {
    for method in METHODS {
        let bench = bench(method);
        bench.others.write("dir/file", b"before").unwrap();
        (0..2).for_each(|_| drop(bench.cache.read("dir/file").unwrap()));
        bench.others.rename("dir/file", "dir/moved").unwrap();
        over_write(&*bench.others, "dir/moved", b"behind", 0);
        assert_eq!(bench.cache.read("dir/moved").unwrap(), b"behind", "{method:?}: same size, same tick");
    }
}

#[test]
fn a_file_of_several_names_is_watched_itself_unless_the_filesystem_is() {
    for method in METHODS {
        let bench = WatchBench::with(watching(method), |cache| cache);
        bench.others.create_dir("far").unwrap();
        bench.others.write("file", b"before").unwrap();
        bench.others.link("file", "far/link").unwrap();
        let id = bench.others.stat("file").unwrap().id;
        for _ in 0..2 {
            bench.cache.read("file").unwrap();
            bench.years();
        }
        bench.cache.read("file").unwrap();
        assert_eq!(bench.told.covered().contains(&id), method != WatchMethod::Filesystem);
        bench.unasked(|cache| assert_eq!(cache.read("file").unwrap(), b"before"));
        over_write(&*bench.others, "far/link", b"behind", 0);
        assert_eq!(bench.cache.read("file").unwrap(), b"behind", "{method:?}");
    }
}

#[test]
fn what_cannot_be_watched_has_a_lifetime() {
    let bench = WatchBench::with(watching(WatchMethod::Directories), |cache| cache);
    bench.told.refuse_cover(Some(Errno::NOSPC));
    bench.others.write("file", b"before").unwrap();
    assert_eq!(bench.cache.read("file").unwrap(), b"before");
    over_write(&*bench.others, "file", b"behind", 0);
    assert_eq!(bench.cache.read("file").unwrap(), b"before", "within the lifetime");
    bench.clock.advance(Duration::from_secs(1));
    assert_eq!(bench.cache.read("file").unwrap(), b"behind");
    assert_eq!(bench.cache.coherence().watch.unwrap().uncovered_dirs, 1);
    bench.counts.reset();
    bench.cache.exists("other").unwrap();
    assert_eq!(bench.counts.snapshot().of(CallKind::Cover), 0, "it is not tried again");
}

#[test]
fn a_backing_that_does_not_tell_is_refused() {
    let built = CacheFs::builder(std::sync::Arc::new(MemFs::new()))
        .coherence(Coherence::Watch(WatchHow::default()))
        .build();
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

#[test]
fn names_in_a_directory_do_not_spoil_each_other() {
    let bench = bench(WatchMethod::Filesystem);
    bench.others.write("dir/new", b"x").unwrap();
    bench.others.remove_file("dir/1").unwrap();
    let (dir, file) = (bench.cache.dir("dir").unwrap(), name("0"));
    bench.unasked(|_| {
        assert_eq!(dir.stat(name("missing0")).unwrap_err().errno(), Errno::NOENT);
        assert_eq!(dir.stat(file).unwrap().size, 100 * KIB as u64);
    });
}
