//! A cache that is told of changes by others: it need not ask, and is never wrong after it was told.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its tree may panic")]

mod support;

use cachefs::stats::Counter;
use cachefs_testkit::CallKind;
use cachefs_vfs::{Access, Errno, Mode, Privileges, SetAttr, Vfs, VfsExt, WatchMethod};

use support::outside::{KIB, METHODS, WatchBench, contents, known, learn_all, open, over_write, watching};
use support::{bytes, name};

fn chmod(fs: &dyn Vfs, path: &str, mode: u32) {
    let set = SetAttr { mode: Some(Mode::new(mode)), ..SetAttr::default() };
    open(fs, path, Access::Path).set_attr(&set).unwrap();
}

#[test]
fn what_nobody_changes_is_asked_for_once() {
    for method in METHODS {
        let bench = known(method);
        bench.unasked(learn_all);
        assert_eq!(bench.cache.coherence().watch.unwrap().method, method);
    }
}

#[test]
fn noise_elsewhere_costs_nothing() {
    for method in METHODS {
        let bench = known(method);
        bench.others.create_dir("noise").unwrap();
        (0..100).for_each(|number| bench.others.write(format!("noise/{number}"), b"x").unwrap());
        bench.others.remove_dir_all("noise").unwrap();
        bench.unasked(|cache| (0..3).for_each(|number| drop(cache.read(format!("dir/{number}")).unwrap())));
    }
}

#[test]
fn what_others_change_is_seen_at_once() {
    for method in METHODS {
        let bench = known(method);
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
        let bench = known(method);
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
        let bench = known(method);
        let file = open(&bench.cache, "dir/0", Access::ReadWrite);
        file.write_at(&[7; 4 * KIB], 20_000, Privileges::Keep).unwrap();
        let (content, counts) = bench.asked_for(|cache| cache.read("dir/0").unwrap());
        assert!(content == bench.others.read("dir/0").unwrap());
        assert_eq!(counts.bytes_read, 0, "{method:?}: {:?}", counts.called());
    }
}

#[test]
fn our_own_new_files_are_known_at_once() {
    let bench = known(WatchMethod::Filesystem);
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
        let bench = known(method);
        bench.others.write("dir/file", b"before").unwrap();
        (0..2).for_each(|_| drop(bench.cache.read("dir/file").unwrap()));
        bench.others.rename("dir/file", "dir/moved").unwrap();
        over_write(&*bench.others, "dir/moved", b"behind", 0);
        assert_eq!(bench.cache.read("dir/moved").unwrap(), b"behind", "{method:?}: same size, same tick");
    }
}

#[test]
fn what_others_take_where_nobody_looks_is_not_proven_any_more() {
    for method in METHODS {
        let bench = known(method);
        bench.others.create_dir("far").unwrap();
        bench.others.write("dir/file", b"before").unwrap();
        let file = open(&bench.cache, "dir/file", Access::Read);
        assert_eq!(contents(&*file), b"before");
        bench.others.rename("dir/file", "far/file").unwrap();
        over_write(&*bench.others, "far/file", b"behind", 0);
        assert_eq!(contents(&*file), b"behind", "{method:?}: same size, same tick");
    }
}

#[test]
fn a_change_of_ours_that_fails_hides_none_of_others() {
    for method in METHODS {
        let bench = known(method);
        bench.others.write("dir/file", b"before").unwrap();
        (0..2).for_each(|_| drop(bench.cache.read("dir/file").unwrap()));
        assert_eq!(bench.cache.remove_dir("dir/file").unwrap_err().errno(), Errno::NOTDIR);
        over_write(&*bench.others, "dir/file", b"behind", 0);
        assert_eq!(bench.cache.read("dir/file").unwrap(), b"behind", "{method:?}: same size, same tick");
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
fn names_in_a_directory_do_not_spoil_each_other() {
    let bench = known(WatchMethod::Filesystem);
    bench.others.write("dir/new", b"x").unwrap();
    bench.others.remove_file("dir/1").unwrap();
    let (dir, file) = (bench.cache.dir("dir").unwrap(), name("0"));
    bench.unasked(|_| {
        assert_eq!(dir.stat(name("missing0")).unwrap_err().errno(), Errno::NOENT);
        assert_eq!(dir.stat(file).unwrap().size, 100 * KIB as u64);
    });
}
