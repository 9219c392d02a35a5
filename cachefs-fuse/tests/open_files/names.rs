use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::time::Duration;

use super::Scene;
use crate::acceptance::wait_for;

pub(super) fn unlinked(scene: &Scene) {
    for writes in [false, true] {
        let path = scene.put("f", "before");
        let file = if writes { scene.open_both("f") } else { scene.open("f") };
        fs::remove_file(&path).unwrap();
        assert!(!path.exists());
        scene.put("f", "another file");
        assert_eq!((file.metadata().unwrap().nlink(), file.metadata().unwrap().size()), (0, 6));
        let mut bytes = [0; 16];
        if writes {
            file.write_all_at(b"after!", 3).unwrap();
            assert_eq!(file.metadata().unwrap().size(), 9);
            assert_eq!(file.read_at(&mut bytes, 0).unwrap(), 9);
            assert_eq!(&bytes[..9], b"befafter!");
            file.set_len(2).unwrap();
            file.sync_all().unwrap();
            assert_eq!(file.metadata().unwrap().size(), 2);
        }
        let by_descriptor = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&file));
        let again = fs::read(by_descriptor).unwrap();
        assert_eq!(again, if writes { b"be".to_vec() } else { b"before".to_vec() });
        scene.is("f", "another file");
    }
}

pub(super) fn replaced(scene: &Scene) {
    for round in 0..20 {
        scene.put("f", format!("old {round}"));
        let (mut old, writer) = (scene.open("f"), scene.open_both("f"));
        scene.put("new", format!("new {round}"));
        fs::rename(scene.at("new"), scene.at("f")).unwrap();
        writer.write_all_at(b"OLD", 0).unwrap();
        let mut text = String::new();
        old.read_to_string(&mut text).unwrap();
        assert_eq!(text, format!("OLD {round}"));
        assert_eq!(old.metadata().unwrap().nlink(), 0);
        scene.is("f", format!("new {round}"));
        scene.open_both("f").write_all_at(b"N", 0).unwrap();
        scene.is("f", format!("New {round}"));
    }
}

pub(super) fn linked(scene: &Scene) {
    scene.put("a", "one");
    let file = scene.open_both("a");
    fs::hard_link(scene.at("a"), scene.at("b")).unwrap();
    let other = scene.open_both("b");
    file.write_all_at(b"four", 3).unwrap();
    other.write_all_at(b"O", 0).unwrap();
    scene.is("a", "Onefour");
    scene.is("b", "Onefour");
    fs::remove_file(scene.at("a")).unwrap();
    file.write_all_at(b"!", 7).unwrap();
    scene.is("b", "Onefour!");
    assert_eq!(fs::metadata(scene.at("b")).unwrap().nlink(), 1);
}

pub(super) fn renamed(scene: &Scene) {
    fs::create_dir_all(scene.at("d/e")).unwrap();
    let mut file = File::create(scene.at("d/e/f")).unwrap();
    fs::rename(scene.at("d/e"), scene.at("x")).unwrap();
    fs::rename(scene.at("x/f"), scene.at("g")).unwrap();
    file.write_all(b"here").unwrap();
    scene.is("g", "here");
    file.set_len(2).unwrap();
    scene.is("g", "he");
}

/// Nothing but open files keeps what was removed.
pub(super) fn space_comes_back(scene: &Scene) {
    let count = || {
        // Who holds a file that has no name any more.
        let of = |process: fs::DirEntry| Some(fs::read_dir(process.path().join("fd")).ok()?.flatten());
        let open = fs::read_dir("/proc").unwrap().flatten().filter_map(of).flatten();
        let links = open.filter_map(|descriptor| fs::read_link(descriptor.path()).ok());
        let top = scene.source.display().to_string();
        let gone = |link: &str| link.starts_with(top.as_str()) && link.ends_with(" (deleted)");
        links.filter(|link| gone(&link.to_string_lossy())).count()
    };
    let blocks = || rustix::fs::statvfs(&scene.source).unwrap().f_bfree;
    let before = blocks();
    for round in 0..4 {
        let file = scene.open_both("f");
        file.write_all_at(&vec![round; 64 << 20], 0).unwrap();
        fs::remove_file(scene.at("f")).unwrap();
    }
    let given_back = wait_for(Duration::from_secs(20), || {
        // Others use the disk, too: not more than half of it is missed.
        let room = (128 << 20) / rustix::fs::statvfs(&scene.source).unwrap().f_frsize;
        (count() == 0 && blocks() + room > before).then_some(())
    });
    assert!(given_back.is_some(), "{} open, {} blocks of {before} free", count(), blocks());
}
