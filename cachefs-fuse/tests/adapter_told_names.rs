//! Names that others change are followed.

#[expect(dead_code, reason = "shared by several tests, each of which uses a part")]
mod support;
#[expect(dead_code, reason = "shared by several tests, each of which uses a part")]
mod watched;

use std::fs::{self, File};
use std::os::unix::fs::{FileExt, MetadataExt};

use cachefs_fuse::MountConfig;
use cachefs_testkit::{CallKind, Rule};
use cachefs_vfs::{Errno, MemFs, VfsExt, WatchMethod};
use support::eventually;
use watched::{Watched, told, watched_by};

/// A mount that keeps one file open at a time, over a filesystem that finds no file by its identity.
fn forgetful(method: WatchMethod) -> Watched {
    let config = MountConfig { handles_max: 2, open_files_max: 1, ..told() };
    let fs = watched_by(method, config, |memory: &MemFs| {
        memory.create_dir_all("d/sub").expect("a directory");
        for name in ["f", "d/sub/f", "1", "2"] {
            memory.write(name, name.as_bytes()).expect("a file");
        }
    });
    let _for_good = fs.faults.add(Rule::on(CallKind::OpenId).fail(Errno::STALE));
    fs
}

fn text(file: &File) -> String {
    let mut bytes = [0; 16];
    let length = file.read_at(&mut bytes, 0).expect("reading");
    String::from_utf8_lossy(&bytes[..length]).into_owned()
}

fn a_file_is_found_under_the_name_that_others_gave_it(method: WatchMethod) {
    let fs = forgetful(method);
    let held = File::open(fs.at("d/sub/f")).expect("an answer");
    let inner = File::open(fs.at("f")).expect("an answer");
    fs.outside.rename("d/sub", "moved").expect("an answer");
    fs.outside.rename("f", "moved/g").expect("an answer");
    eventually("all notices", || fs.mount().requests().notices.waiting == 0);
    for name in ["1", "2"] {
        assert_eq!(
            text(&File::open(fs.at(name)).expect("an answer")),
            name,
            "their handles take the places of others"
        );
    }
    assert_eq!((text(&held), text(&inner)), ("d/sub/f".to_owned(), "f".to_owned()));
    assert_eq!(fs::read(fs.at("moved/g")).expect("an answer"), b"f");
}

#[test]
fn a_file_is_found_under_its_new_name_where_the_whole_filesystem_is_watched() {
    a_file_is_found_under_the_name_that_others_gave_it(WatchMethod::Filesystem);
}

#[test]
fn a_file_is_found_under_its_new_name_where_only_names_are_told() {
    a_file_is_found_under_the_name_that_others_gave_it(WatchMethod::Inotify);
}

#[test]
fn a_file_whose_last_name_others_took_stays_open() {
    for method in [WatchMethod::Filesystem, WatchMethod::Directories, WatchMethod::Inotify] {
        let fs = forgetful(method);
        let held = File::open(fs.at("f")).unwrap();
        fs.outside.remove_file("f").unwrap();
        eventually("a name that is gone", || !fs.at("f").exists());
        for name in ["1", "2"] {
            assert_eq!(text(&File::open(fs.at(name)).unwrap()), name);
        }
        assert_eq!(text(&held), "f", "{method:?}");
        drop(held);
        eventually("the end of the file", || fs.mount().requests().pinned == 0);
    }
}

#[test]
fn a_file_that_keeps_another_name_does_not_count_as_deleted() {
    let fs = forgetful(WatchMethod::Filesystem);
    fs.outside.link("f", "d/other").unwrap();
    assert!(fs.at("f").exists());
    fs.outside.remove_file("f").unwrap();
    let links = || fs::metadata(fs.at("d/other")).unwrap().nlink();
    eventually("a name that is gone", || !fs.at("f").exists() && links() == 1);
    eventually("all notices", || fs.mount().requests().notices.waiting == 0);
    assert_eq!(links(), 1);
    fs::hard_link(fs.at("d/other"), fs.at("f")).unwrap();
    eventually("two names", || links() == 2);
}
