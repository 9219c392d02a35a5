//! Whose files are whose, and what others may do with them. Needs root, who may act as others.

#[expect(dead_code, reason = "shared by several tests, each of which uses a part")]
mod support;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::time::Duration;

use cachefs_fuse::MountConfig;
use support::{MountGuard, config, is_root, local, run, shell};

/// A mount with a directory `d` that everybody may write to; nothing without root.
#[expect(clippy::print_stdout, reason = "a test says when it is skipped")]
fn open_to_all() -> Option<MountGuard> {
    if !is_root() {
        println!("skipped: needs root");
        return None;
    }
    let fs = local(config());
    fs::create_dir(fs.beneath("d")).expect("a directory");
    fs::set_permissions(fs.beneath("d"), PermissionsExt::from_mode(0o777)).expect("chmod");
    Some(fs)
}

#[test]
fn what_somebody_makes_is_theirs() {
    let Some(fs) = open_to_all() else { return };
    run(&fs.at("d"), true, "umask 027; echo x > f; mkdir s; mkfifo p; ln -s f l; ln f g");
    for name in ["f", "s", "p", "l", "g"] {
        let stat = fs::symlink_metadata(fs.beneath("d").join(name)).unwrap();
        assert_eq!((stat.uid(), stat.gid()), (65534, 65534), "{name}");
    }
    let mode = |name: &str| fs::metadata(fs.beneath("d").join(name)).unwrap().mode() & 0o7777;
    assert_eq!((mode("f"), mode("s"), mode("p")), (0o640, 0o750, 0o640));
}

#[test]
fn set_gid_directories_and_default_acls_are_inherited() {
    let Some(fs) = open_to_all() else { return };
    let beneath = fs.beneath("d");
    run(
        &beneath,
        false,
        "mkdir g a; chmod 777 a; chown 0:7 g; chmod 2777 g; setfacl -d -m u:5:rwx,g::r,o::- a",
    );
    run(&fs.at("d"), true, "umask 0; touch g/f a/f; mkdir g/s a/s");
    let stat = |name: &str| fs::metadata(beneath.join(name)).unwrap();
    assert_eq!(stat("g/f").gid(), 7);
    assert_eq!((stat("g/s").gid(), stat("g/s").mode() & 0o2000), (7, 0o2000));
    let acl = run(&fs.at("d"), false, "getfacl -cnE a/f");
    assert!(acl.contains("user:5:rwx") && acl.contains("other::---"), "{acl}");
    assert_eq!(acl, run(&beneath, false, "getfacl -cnE a/f"), "the mount shows what is beneath");
    assert!(run(&beneath, false, "getfacl -cdnE a/s").contains("user:5:rwx"));
}

#[test]
fn an_acl_is_enforced() {
    let Some(fs) = open_to_all() else { return };
    run(&fs.at("d"), false, "echo x > f; chmod 600 f; echo x > g; chmod 644 g");
    run(&fs.at("d"), false, "setfacl -m u:65534:r f; setfacl -m u:65534:- g");
    assert_eq!(run(&fs.at("d"), true, "cat f"), "x");
    assert!(!shell(&fs.at("d"), true, "cat g").status.success());
    assert!(!shell(&fs.at("d"), true, "echo y > f").status.success());
}

#[test]
fn set_id_bits_go_when_somebody_else_changes_the_contents() {
    let Some(fs) = open_to_all() else { return };
    let changes = [
        "echo more >> f",
        "truncate -s 1 f",
        "dd if=/dev/zero of=f bs=1 count=1 conv=notrunc",
        "fallocate -l 9999 f",
    ];
    for change in changes {
        run(&fs.at("d"), false, "rm -f f; echo x > f; chown 3:4 f; chmod 6777 f");
        let stat = fs::metadata(fs.at("d/f")).unwrap();
        assert_eq!(stat.mode() & 0o7777, 0o6777);
        run(&fs.at("d"), true, change);
        for path in [fs.beneath("d/f"), fs.at("d/f")] {
            assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o777, "{change}: {path:?}");
        }
    }
    run(&fs.at("d"), false, "rm -f f; echo x > f; chmod 6777 f; echo more >> f");
    assert_eq!(fs::metadata(fs.beneath("d/f")).unwrap().mode() & 0o7777, 0o6777, "root keeps them");
}

#[test]
fn stripped_set_id_bits_are_not_shown_for_as_long_as_other_attributes() {
    if !is_root() {
        return;
    }
    let hour = Duration::from_secs(3600);
    let fs = local(MountConfig { attr_ttl: hour, entry_ttl: hour, ..config() });
    fs::set_permissions(fs.beneath(""), PermissionsExt::from_mode(0o777)).unwrap();
    for change in ["echo more >> f", "fallocate -l 9999 f", "fallocate -p -o 0 -l 4096 f"] {
        run(&fs.at(""), false, "rm -f f; echo x > f; chmod 6777 f; ls -l . >&2");
        assert_eq!(fs::metadata(fs.at("f")).unwrap().mode() & 0o7777, 0o6777);
        run(&fs.at(""), true, change);
        assert_eq!(fs::metadata(fs.at("f")).unwrap().mode() & 0o7777, 0o777, "{change}");
    }
}

#[test]
fn the_administrators_xattrs_are_not_shown_to_others() {
    let Some(fs) = open_to_all() else { return };
    run(&fs.beneath("d"), false, "touch f; setfattr -n trusted.secret -v x f; setfattr -n user.mine -v x f");
    run(&fs.beneath("d"), false, "setcap cap_net_raw+ep f");
    let list = |nobody| run(&fs.at("d"), nobody, "getfattr -m- f");
    assert!(list(false).contains("trusted.secret"));
    let seen = list(true);
    assert!(!seen.contains("trusted."), "{seen}");
    assert!(seen.contains("user.mine") && seen.contains("security.capability"), "{seen}");
}

/// Who is outside a file's group may not hand it out, as its owner or by an ACL; who is in it may.
#[test]
fn the_set_gid_bit_goes_when_an_outsider_changes_owner_or_acl() {
    let Some(fs) = open_to_all() else { return };
    let changes = [
        ("2755 65534:7", "setfacl -m u:5:r f"),
        ("2644 65534:7", "chgrp 65534 f"),
        ("6755 65534:7", "chgrp 65534 f"),
        ("2755 65534:65534", "setfacl -m u:5:r f"),
        ("2644 65534:65534", "chgrp 65534 f"),
    ];
    for (before, change) in changes {
        let (mode, owner) = before.split_once(' ').unwrap();
        let after = |dir: &std::path::Path| {
            let made = format!("rm -f f; touch f; chown {owner} f; chmod {mode} f");
            run(dir, false, &made);
            run(dir, true, change);
            run(dir, false, "stat -c '%a %u %g' f")
        };
        fs::create_dir_all(fs.beneath("native")).unwrap();
        fs::set_permissions(fs.beneath("native"), PermissionsExt::from_mode(0o777)).unwrap();
        assert_eq!(after(&fs.at("d")), after(&fs.beneath("native")), "{before}: {change}");
    }
}

#[test]
fn permissions_are_those_beneath() {
    let Some(fs) = open_to_all() else { return };
    run(
        &fs.at("d"),
        false,
        "echo x > f; chmod 600 f; mkdir s; chmod 700 s; touch s/x; mkdir t; chmod 1777 t; touch t/r",
    );
    for refused in [
        "cat f",
        "echo y > f",
        "ls s",
        "cat s/x",
        "chmod 666 f",
        "chown 65534 f",
        "rm t/r",
        "mv t/r t/q",
        "touch ../x",
    ] {
        assert!(!shell(&fs.at("d"), true, refused).status.success(), "{refused} must be refused");
    }
    run(&fs.at("d"), true, "rm f; echo mine > f; chmod 640 f; touch -d 2001-01-01 f");
}
