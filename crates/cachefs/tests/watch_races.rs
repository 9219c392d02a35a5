//! Answers of the backing that others overtake: what they changed was told of before the answer was here, and nobody may
//! remember it.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its tree may panic")]

mod support;

use std::thread;

use cachefs::CacheFs;
use cachefs::stats::Counter;
use cachefs_testkit::CallKind;
use cachefs_vfs::{Access, Mode, OpenHow, Privileges, SetAttr, Vfs, VfsExt, WatchMethod};

use support::outside::{WatchBench, watching};

const METHODS: [WatchMethod; 3] = [WatchMethod::Filesystem, WatchMethod::Directories, WatchMethod::Inotify];

fn bench(method: WatchMethod) -> WatchBench {
    let bench = WatchBench::with(watching(method), |cache| cache);
    bench.others.create_dir("dir").unwrap();
    bench.others.write("dir/file", b"before").unwrap();
    // Watched from here on.
    assert!(!bench.cache.exists("dir/other").unwrap());
    bench
}

/// `ask` is answered, and before the answer is here others make `change` and it is told of; `check` is then asked twice
/// and must be right, and need not ask any more the second time.
fn check<T: PartialEq + std::fmt::Debug>(
    held: (CallKind, &'static str),
    ask: impl Fn(&CacheFs) + Sync,
    change: impl Fn(&dyn Vfs),
    check: impl Fn(&dyn Vfs) -> T,
) {
    for method in METHODS {
        for overtaken in [true, false] {
            let bench = bench(method);
            bench.gate().hold(held.0, held.1);
            thread::scope(|scope| {
                let _release = bench.gate().release_on_drop();
                let asker = scope.spawn(|| ask(&bench.cache));
                bench.gate().wait();
                if overtaken {
                    change(&*bench.others);
                }
                bench.gate().release();
                asker.join().unwrap();
            });
            if !overtaken {
                change(&*bench.others);
            }
            let expected = check(&*bench.others);
            assert_eq!(check(&bench.cache), expected, "{method:?}, overtaken: {overtaken}");
            bench.years();
            check(&bench.cache);
            assert_eq!(bench.unasked(|cache| check(cache)), expected, "{method:?}, overtaken: {overtaken}");
        }
    }
}

fn over_write(fs: &dyn Vfs) {
    let file = fs.open("dir/file", OpenHow::new(Access::Write)).unwrap();
    file.write_at(b"behind", 0, Privileges::Keep).unwrap();
}

#[test]
fn a_look_up_that_a_removal_overtakes() {
    let look = |cache: &CacheFs| drop(cache.stat("dir/file"));
    let gone = |fs: &dyn Vfs| fs.exists("dir/file").unwrap();
    check((CallKind::Stat, "file"), look, |fs| fs.remove_file("dir/file").unwrap(), gone);
}

#[test]
fn a_look_up_that_a_rename_over_it_overtakes() {
    let look = |cache: &CacheFs| drop(cache.stat("dir/file"));
    let replace = |fs: &dyn Vfs| {
        fs.write("dir/temporary", b"another one").unwrap();
        fs.rename("dir/temporary", "dir/file").unwrap();
    };
    check((CallKind::Stat, "file"), look, replace, |fs| fs.stat("dir/file").unwrap().size);
}

#[test]
fn a_look_up_that_a_change_of_mode_overtakes() {
    let look = |cache: &CacheFs| drop(cache.stat("dir/file"));
    let chmod = |fs: &dyn Vfs| {
        let set = SetAttr { mode: Some(Mode::new(0o600)), ..SetAttr::default() };
        fs.open("dir/file", OpenHow::new(Access::Path)).unwrap().set_attr(&set).unwrap();
    };
    check((CallKind::Stat, "file"), look, chmod, |fs| fs.stat("dir/file").unwrap().mode);
}

#[test]
fn a_look_up_of_nothing_that_a_creation_overtakes() {
    let look = |cache: &CacheFs| assert!(!cache.exists("dir/new").unwrap());
    let create = |fs: &dyn Vfs| fs.write("dir/new", b"new").unwrap();
    check((CallKind::Stat, "new"), look, create, |fs| fs.stat("dir/new").unwrap().size);
}

#[test]
fn attributes_that_a_change_overtakes() {
    let ask = |cache: &CacheFs| {
        let file = cache.open("dir/file", OpenHow::new(Access::Read)).unwrap();
        cache.clear();
        file.attr().unwrap();
    };
    let grow = |fs: &dyn Vfs| fs.append("dir/file", b", and more").unwrap();
    check((CallKind::Attr, "file"), ask, grow, |fs| fs.stat("dir/file").unwrap().size);
}

#[test]
fn an_open_that_a_change_overtakes() {
    let ask = |cache: &CacheFs| drop(cache.open("dir/file", OpenHow::new(Access::Read)).unwrap());
    check((CallKind::Open, "file"), ask, over_write, |fs| fs.read("dir/file").unwrap());
}

#[test]
fn a_load_that_a_change_overtakes() {
    let ask = |cache: &CacheFs| drop(cache.read("dir/file").unwrap());
    check((CallKind::ReadMany, "file"), ask, over_write, |fs| fs.read("dir/file").unwrap());
}

#[test]
fn a_listing_that_a_creation_overtakes() {
    let ask = |cache: &CacheFs| drop(cache.list("dir").unwrap());
    let create = |fs: &dyn Vfs| fs.write("dir/new", b"").unwrap();
    check((CallKind::ReadDir, "dir"), ask, create, |fs| fs.list("dir").unwrap().len());
}

#[test]
fn a_listing_that_a_removal_overtakes() {
    let ask = |cache: &CacheFs| drop(cache.list("dir").unwrap());
    let remove = |fs: &dyn Vfs| fs.remove_file("dir/file").unwrap();
    check((CallKind::ReadDir, "dir"), ask, remove, |fs| fs.list("dir").unwrap().len());
}

#[test]
fn an_answer_that_lost_notices_overtake_is_not_believed() {
    let bench = bench(WatchMethod::Filesystem);
    bench.gate().hold(CallKind::Stat, "file");
    thread::scope(|scope| {
        let _release = bench.gate().release_on_drop();
        let asker = scope.spawn(|| bench.cache.stat("dir/file").unwrap());
        bench.gate().wait();
        bench.told.hold();
        bench.others.append("dir/file", b", and more").unwrap();
        bench.told.overflow();
        bench.told.release();
        bench.gate().release();
        asker.join().unwrap();
    });
    assert_eq!(bench.cache.stat("dir/file").unwrap().size, bench.others.stat("dir/file").unwrap().size);
}

#[test]
fn an_answer_about_another_name_is_kept() {
    let bench = bench(WatchMethod::Filesystem);
    let dir = bench.cache.dir("dir").unwrap();
    bench.gate().hold(CallKind::Stat, "file");
    thread::scope(|scope| {
        let _release = bench.gate().release_on_drop();
        let asker = scope.spawn(|| dir.stat(support::name("file")).unwrap());
        bench.gate().wait();
        (0..20).for_each(|number| bench.others.write(format!("dir/noise{number}"), b"").unwrap());
        bench.gate().release();
        asker.join().unwrap();
    });
    bench.unasked(|_| dir.stat(support::name("file")).unwrap());
}

#[test]
fn a_load_from_before_the_watch_is_not_kept_as_if_it_were_watched() {
    // One name that was not known, and then a second one: from there on the file is watched itself.
    let bench = WatchBench::with(watching(WatchMethod::Directories), |cache| cache);
    bench.others.write("file", b"before").unwrap();
    bench.others.link("file", "far").unwrap();
    bench.gate().hold(CallKind::ReadMany, "file");
    thread::scope(|scope| {
        let _release = bench.gate().release_on_drop();
        let reader = scope.spawn(|| drop(bench.cache.read("file").unwrap()));
        bench.gate().wait();
        bench.clock.advance(std::time::Duration::from_secs(1));
        bench.cache.stat("file").unwrap();
        bench.gate().release();
        reader.join().unwrap();
    });
    let (_, counts) = bench.asked_for(|cache| cache.read("file").unwrap());
    assert!(counts.bytes_read > 0, "it may be from before the watch: {:?}", counts.called());
    assert_eq!(bench.cache.stats().get(Counter::FillsStale), 1);
}

#[test]
fn a_look_up_that_a_change_by_another_name_overtakes() {
    let bench = bench(WatchMethod::Filesystem);
    bench.others.create_dir("far").unwrap();
    bench.others.link("dir/file", "far/link").unwrap();
    bench.gate().hold(CallKind::Stat, "file");
    thread::scope(|scope| {
        let _release = bench.gate().release_on_drop();
        let asker = scope.spawn(|| bench.cache.stat("dir/file").unwrap());
        bench.gate().wait();
        bench.others.append("far/link", b", and more").unwrap();
        bench.gate().release();
        asker.join().unwrap();
    });
    assert_eq!(bench.cache.stat("dir/file").unwrap().size, bench.others.stat("dir/file").unwrap().size);
}

#[test]
fn a_handle_whose_opening_a_change_overtakes() {
    for method in METHODS {
        let bench = bench(method);
        bench.gate().hold(CallKind::Open, "file");
        let file = thread::scope(|scope| {
            let _release = bench.gate().release_on_drop();
            let opener = scope.spawn(|| bench.cache.open("dir/file", OpenHow::new(Access::Read)).unwrap());
            bench.gate().wait();
            over_write(&*bench.others);
            bench.others.append("dir/file", b", and more").unwrap();
            bench.gate().release();
            opener.join().unwrap()
        });
        assert_eq!(file.attr().unwrap().size, 16, "{method:?}");
    }
}

#[test]
fn a_rename_of_ours_that_a_change_overtakes() {
    for method in METHODS {
        let bench = bench(method);
        (0..2).for_each(|_| drop(bench.cache.read("dir/file").unwrap()));
        bench.gate().hold(CallKind::Rename, "file");
        thread::scope(|scope| {
            let _release = bench.gate().release_on_drop();
            let renamer = scope.spawn(|| bench.cache.rename("dir/file", "dir/moved").unwrap());
            bench.gate().wait();
            let file = bench.others.open("dir/moved", OpenHow::new(Access::Write)).unwrap();
            file.write_at(b"behind", 0, Privileges::Keep).unwrap();
            drop(file);
            bench.gate().release();
            renamer.join().unwrap();
        });
        assert_eq!(bench.cache.read("dir/moved").unwrap(), b"behind", "{method:?}: same size, same tick");
    }
}
