use cachefs_vfs::{Mode, Name, RemoveKind, SetAttr, VfsExt};

use super::bench::{Bench, read, write};

/// What was kept beside `f` in a directory, if anything was.
fn kept(bench: &Bench, dir: &str) -> Vec<String> {
    bench.names(dir).into_iter().filter(|name| name.contains(".cachefs-conflict-")).collect()
}

#[test]
fn what_others_changed_stays_and_ours_goes_beside_it() {
    let bench = Bench::new();
    bench.others.write("f", b"0123456789").unwrap();
    let file = bench.open("f");
    write(&*file, b"OURS", 3);
    bench.others.write("f", b"theirs, and longer").unwrap();
    bench.flush();
    assert_eq!(bench.beneath("f"), b"theirs, and longer");
    let names = kept(&bench, "");
    assert_eq!(names, ["f.cachefs-conflict-19700101T010000Z"]);
    assert_eq!(bench.beneath(&names[0]), b"theOURS and longer", "theirs, overlaid with ours");
    assert_eq!(read(&*file), b"theirs, and longer", "handles see the backing's");
    let status = bench.fs.status();
    assert_eq!((status.conflicts, status.dirty_files, status.dirty_bytes), (1, 0, 0));
    write(&*file, b"!", 0);
    bench.flush();
    assert_eq!(bench.beneath("f"), b"!heirs, and longer", "a new beginning");
    assert_eq!(kept(&bench, "").len(), 1);
}

#[test]
fn the_copy_is_like_the_file() {
    let bench = Bench::new();
    let file = bench.dirty("f", b"ours");
    let mtime = file.attr().unwrap().mtime;
    bench.others.append("f", b"theirs").unwrap();
    bench.flush();
    let (one, copy) = (bench.others.stat("f").unwrap(), bench.others.stat(&kept(&bench, "")[0]).unwrap());
    assert_eq!((copy.mode, copy.uid, copy.gid), (Mode::new(0o640), one.uid, one.gid));
    assert_eq!(copy.mtime, mtime);
    assert_eq!(bench.beneath(&kept(&bench, "")[0]), b"oursrs");
}

#[test]
fn a_second_one_in_the_same_second_has_another_name() {
    let bench = Bench::new();
    let file = bench.open("f");
    for round in 0..2 {
        write(&*file, b"ours", 0);
        bench.others.append("f", b"theirs").unwrap();
        bench.flush();
        assert_eq!(kept(&bench, "").len(), round + 1);
    }
    assert!(kept(&bench, "")[1].ends_with("Z-2"));
}

#[test]
fn what_others_removed_is_kept() {
    let bench = Bench::new();
    let file = bench.dirty("f", b"first");
    bench.flush();
    write(&*file, b"ours", 3);
    bench.others.remove_file("f").unwrap();
    bench.flush();
    let names = kept(&bench, "");
    assert_eq!(bench.names(""), names, "the name stays gone");
    assert_eq!(bench.beneath(&names[0]), b"firours");
    assert_eq!(bench.fs.status().conflicts, 1);
}

#[test]
fn what_others_replaced_is_kept_beside_the_new_one() {
    let bench = Bench::new();
    let file = bench.dirty("f", b"ours");
    bench.others.write("new", b"theirs").unwrap();
    bench.others.rename("new", "f").unwrap();
    bench.flush();
    assert_eq!(bench.beneath("f"), b"theirs");
    assert_eq!(bench.beneath(&kept(&bench, "")[0]), b"ours");
    drop(file);
}

#[test]
fn where_the_directory_is_gone_the_nearest_above_takes_it() {
    let bench = Bench::new();
    bench.fs.create_dir_all("a/b/c").unwrap();
    bench.fs.write("a/b/c/f", b"ours").unwrap();
    bench.others.remove_dir_all("a/b").unwrap();
    bench.flush();
    assert_eq!(bench.names("a"), kept(&bench, "a"));
    assert_eq!(bench.beneath(&format!("a/{}", kept(&bench, "a")[0])), b"ours");
}

#[test]
fn no_verb_of_ours_is_taken_for_anothers() {
    let bench = Bench::new();
    let root = bench.root();
    let file = bench.dirty("f", b"ours");
    file.set_attr(&SetAttr { mode: Some(Mode::new(0o600)), ..SetAttr::default() }).unwrap();
    file.set_xattr("user.a".as_ref(), b"b", cachefs_vfs::XattrHow::Set).unwrap();
    bench.fs.rename("f", "g").unwrap();
    write(&*file, b"more", 2);
    file.set_len(5, cachefs_vfs::Privileges::Keep).unwrap();
    bench.fs.link("g", "h").unwrap();
    write(&*file, b"!", 4);
    root.remove(Name::new("g").unwrap(), RemoveKind::File).unwrap();
    write(&*file, b"?", 5);
    bench.flush();
    assert_eq!(bench.names(""), ["h"]);
    assert_eq!(bench.beneath("h"), b"oumo!?");
    assert_eq!(bench.fs.status().conflicts, 0);
}

#[test]
fn a_verb_of_ours_does_not_hide_what_others_did_before() {
    let mode = SetAttr { mode: Some(Mode::new(0o600)), ..SetAttr::default() };
    for verb in 0..3 {
        let bench = Bench::new();
        let file = bench.dirty("f", b"ours");
        bench.flush();
        write(&*file, b"OURS", 0);
        bench.others.append("f", b"theirs").unwrap();
        match verb {
            0 => assert_eq!(file.set_attr(&mode).unwrap().mode, Mode::new(0o600)),
            1 => bench.fs.rename("f", "f2").and_then(|()| bench.fs.rename("f2", "f")).unwrap(),
            _ => assert_eq!(file.set_len(4, cachefs_vfs::Privileges::Keep).unwrap().size, 4),
        }
        bench.flush();
        assert_eq!(kept(&bench, "").len(), 1, "verb {verb}");
        assert_eq!(bench.beneath(&kept(&bench, "")[0]), b"OURStheirs", "verb {verb}");
        assert_eq!(&bench.beneath("f")[..4], b"ours", "verb {verb}");
    }
}

#[test]
fn a_copy_that_fails_is_made_later() {
    let bench = Bench::new();
    let file = bench.dirty("f", b"ours");
    bench.others.append("f", b"theirs").unwrap();
    let full = bench
        .backing
        .add(cachefs_testkit::Rule::on(cachefs_testkit::CallKind::Write).fail(cachefs_vfs::Errno::NOSPC));
    assert!(bench.fs.flush_path("f".as_ref()).is_err());
    assert_eq!(bench.names(""), ["f"], "nothing half done is left");
    assert_eq!(read(&*file), b"oursrs");
    full.release();
    bench.flush();
    assert_eq!(bench.beneath(&kept(&bench, "")[0]), b"oursrs");
    assert_eq!(bench.beneath("f"), b"theirs");
}
