use cachefs_vfs::RenameHow;

use super::*;

fn each(test: impl Fn(&Watched)) {
    for method in METHODS {
        if let Some(watched) = Watched::new(method) {
            test(&watched);
        }
    }
}

#[test]
fn names_that_are_made_are_told() {
    each(|watched| {
        for (script, name) in [
            ("echo x > file", "file"),
            ("mkdir dir", "dir"),
            ("ln -s nowhere link", "link"),
            ("mkfifo pipe", "pipe"),
            ("ln file again", "again"),
            ("echo x > sub/file", "sub/file"),
        ] {
            watched.sh(script);
            watched.expect("made", name, watched.id(name));
        }
    });
}

#[test]
fn names_that_are_removed_are_told() {
    each(|watched| {
        watched.sh("echo x > file; mkdir dir; ln -s nowhere link; echo x > sub/file");
        for name in ["file", "link", "sub/file", "dir"] {
            let id = watched.id(name);
            watched.sh(&format!("rm -r {name}"));
            watched.expect("removed", name, id);
        }
    });
}

#[test]
fn renames_are_told_with_both_names() {
    each(|watched| {
        watched.sh("echo x > a; echo y > b; mkdir d");
        for (from, to) in [("a", "c"), ("c", "b"), ("b", "sub/b"), ("sub/b", "sub/c"), ("d", "sub/d")] {
            let id = watched.id(from);
            watched.log.clear();
            watched.sh(&format!("mv -T {from} {to}"));
            let (at, target) = (Some(watched.place(from)), Some(watched.place(to)));
            let told = watched.log.wait(
                |told| told.what == "moved" && told.at == at && told.to == target,
                &format!("moved {from} to {to}"),
            );
            assert_eq!(told.id, watched.names_children().then_some(id));
        }
    });
}

#[test]
fn an_exchange_is_two_renames() {
    for method in METHODS {
        // No tool that exchanges names is to be had everywhere, so this process does it.
        let how = WatchHow { own: true, ..how(method) };
        let Some(watched) = Watched::over(tempfile::tempdir().unwrap(), how) else { continue };
        watched.sh("echo x > a; echo y > sub/b");
        let sub = watched.dir("sub");
        watched.root.rename(name("a"), &*sub, name("b"), RenameHow::Exchange).unwrap();
        for (from, to) in [("a", "sub/b"), ("sub/b", "a")] {
            let (at, target) = (Some(watched.place(from)), Some(watched.place(to)));
            watched.log.wait(|told| told.what == "moved" && told.at == at && told.to == target, from);
        }
    }
}

#[test]
fn moves_from_and_to_where_nobody_watches_are_told_as_far_as_they_are_seen() {
    for method in [WatchMethod::Directories, WatchMethod::Inotify] {
        let Some(watched) = Watched::new(method) else { continue };
        watched.sh("mkdir hidden; echo x > a");
        let id = watched.id("a");
        watched.sh("mv a hidden/a");
        watched.expect("removed", "a", id);
        watched.sh("mv hidden/a sub/a");
        watched.expect("made", "sub/a", id);
    }
}

#[test]
fn changes_of_bytes_are_told() {
    each(|watched| {
        watched.sh("echo 12345 > f; echo x > sub/f");
        for script in [
            "echo more >> f",
            "printf y | dd of=f bs=1 seek=2 conv=notrunc status=none",
            "truncate -s 2 f",
            "truncate -s 2000 f",
            "fallocate -l 9000 f",
            "cp sub/f f",
            ": > f",
        ] {
            watched.settle();
            watched.sh(script);
            watched.expect("data", "f", watched.id("f"));
        }
        watched.sh("echo z > sub/f");
        watched.expect("data", "sub/f", watched.id("sub/f"));
    });
}

#[test]
fn changes_of_attributes_are_told() {
    each(|watched| {
        watched.sh("echo 12345 > f; mkdir d");
        watched.add("d");
        let mut scripts =
            vec!["chmod 600 f", "touch -d 2001-01-01 f", "setfattr -n user.a -v b f", "ln f g", "rm g"];
        if rustix::process::geteuid().is_root() {
            scripts.push("chown 12:34 f");
        }
        for script in scripts {
            watched.settle();
            watched.sh(script);
            match script {
                // Of one that is not watched itself, the number of names shows in the notices about these.
                "ln f g" => watched.expect("made", "g", watched.id("f")),
                "rm g" => watched.expect("removed", "g", watched.id("f")),
                _ => watched.expect("attr", "f", watched.id("f")),
            }
        }
        watched.sh("chmod 700 d");
        watched.expect_id("attr", watched.id("d"));
    });
}

#[test]
fn writes_through_an_old_descriptor_are_told_after_a_rename() {
    each(|watched| {
        watched.sh("echo x > f");
        let id = watched.id("f");
        watched.sh("exec 3>>f; mv f sub/g; echo y >&3");
        watched.log.wait(|told| told.what == "moved", "moved");
        watched.expect("data", "sub/g", id);
    });
}

#[test]
fn stores_through_a_mapping_are_told_when_it_ends() {
    each(|watched| {
        watched.sh("echo 12345 > f");
        watched.settle();
        let mapped = Command::new("python3")
            .args(["-c", "import mmap; f = open('f', 'r+b'); m = mmap.mmap(f.fileno(), 0); m[0] = 65"])
            .current_dir(watched.dir.path())
            .output();
        if !mapped.is_ok_and(|mapped| mapped.status.success()) {
            return println!("skipped: no python here");
        }
        watched.expect("data", "f", watched.id("f"));
    });
}

#[test]
fn what_is_gone_for_good_is_told() {
    each(|watched| {
        watched.sh("mkdir d; echo x > f");
        watched.add("d");
        let (dir, file) = (watched.id("d"), watched.id("f"));
        assert!(watched.watch.covers(dir));
        watched.sh("rmdir d; rm f");
        watched.expect_id("gone", dir);
        if watched.watch.method() == WatchMethod::Filesystem {
            watched.expect_id("gone", file);
        } else {
            watched.settle();
            assert!(!watched.watch.covers(dir));
        }
    });
}

#[test]
fn openings_are_told_where_own_ones_can_be_told_apart() {
    for method in [WatchMethod::Filesystem, WatchMethod::Directories] {
        let Some(watched) = Watched::new(method) else { continue };
        watched.sh("echo x > sub/f");
        watched.settle();
        watched.sh("exec 3<sub/f; ls sub >/dev/null");
        watched.expect("opened", "sub/f", watched.id("sub/f"));
        let opened: Vec<_> = watched.settle().into_iter().filter(|told| told.what == "opened").collect();
        assert!(opened.iter().all(|told| told.id == Some(watched.id("sub/f"))), "{opened:?}");
    }
}
