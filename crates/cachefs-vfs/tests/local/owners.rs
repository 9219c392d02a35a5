//! Creating on behalf of somebody.

use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use cachefs_vfs::{Attr, Errno, Groups, LocalFs, Mode, NodeKind, Owner, Vfs, XattrHow};

use super::{Fixture, chmod, errno, is_root, name};

fn caller(uid: u32, gid: u32) -> Owner {
    Owner { uid: Some(uid), gid: Some(gid), groups: Groups::None, umask: Some(Mode::new(0)) }
}

fn whose(attr: &Attr) -> (u32, u32, u32) {
    (attr.uid, attr.gid, attr.mode.bits())
}

#[test]
fn everything_created_belongs_to_the_caller() {
    if !is_root() {
        return;
    }
    let fixture = Fixture::impersonating();
    let (root, owner) = (&fixture.root, caller(1001, 2002));
    let created = fixture.create("file", 0o640, &owner).unwrap();
    assert_eq!(whose(&created.attr), (1001, 2002, 0o640));
    assert_eq!(whose(&root.make_dir(name("dir"), Mode::new(0o750), &owner).unwrap()), (1001, 2002, 0o750));
    let fifo = root.make_node(name("fifo"), NodeKind::Fifo, Mode::new(0o600), &owner).unwrap();
    assert_eq!(whose(&fifo), (1001, 2002, 0o600));
    let link = root.symlink(name("link"), Path::new("nowhere"), &owner).unwrap();
    assert_eq!((link.uid, link.gid), (1001, 2002));
    assert_eq!(whose(&fixture.create("own", 0o600, &Owner::process()).unwrap().attr), (0, 0, 0o600));
}

#[test]
fn a_caller_may_no_more_than_the_modes_allow() {
    if !is_root() {
        return;
    }
    let fixture = Fixture::impersonating();
    chmod(fixture.dir.path(), 0o755);
    assert_eq!(errno(fixture.create("file", 0o640, &caller(1001, 2002))), Some(Errno::ACCESS));
    let device = NodeKind::CharDevice(rustix::fs::makedev(1, 3));
    assert!(fixture.root.make_node(name("null"), device, Mode::new(0o600), &caller(0, 0)).is_ok());
    chmod(fixture.dir.path(), 0o777);
    let refused = fixture.root.make_node(name("n"), device, Mode::new(0o600), &caller(1001, 2002));
    assert_eq!(errno(refused), Some(Errno::PERM));
}

#[test]
fn supplementary_groups_count_where_they_are_needed() {
    if !is_root() {
        return;
    }
    let fixture = Fixture::impersonating();
    std::os::unix::fs::chown(fixture.dir.path(), Some(0), Some(4242)).unwrap();
    chmod(fixture.dir.path(), 0o770);
    let mut owner = caller(1001, 2002);
    assert_eq!(errno(fixture.create("none", 0o640, &owner)), Some(Errno::ACCESS));
    owner.groups = Groups::List(vec![7, 4242]);
    assert_eq!(whose(&fixture.create("list", 0o640, &owner).unwrap().attr), (1001, 2002, 0o640));
    owner.groups = Groups::None;
    assert_eq!(errno(fixture.create("again", 0o640, &owner)), Some(Errno::ACCESS), "groups must not linger");
    let Some(process) = Grouped::start("4242") else { return println!("skipped: no setpriv") };
    owner.groups = Groups::OfProcess(process.0.id());
    assert!(fixture.create("process", 0o640, &owner).is_ok());
}

#[test]
fn a_set_gid_directory_passes_its_group_and_a_member_keeps_the_bit() {
    if !is_root() {
        return;
    }
    let fixture = Fixture::impersonating();
    std::os::unix::fs::chown(fixture.dir.path(), Some(0), Some(4242)).unwrap();
    chmod(fixture.dir.path(), 0o2777);
    let mut owner = caller(1001, 2002);
    assert_eq!(whose(&fixture.create("stranger", 0o2755, &owner).unwrap().attr), (1001, 4242, 0o755));
    owner.groups = Groups::List(vec![4242]);
    assert_eq!(whose(&fixture.create("member", 0o2755, &owner).unwrap().attr), (1001, 4242, 0o2755));
    let dir = fixture.root.make_dir(name("dir"), Mode::new(0o755), &owner).unwrap();
    assert_eq!(whose(&dir), (1001, 4242, 0o2755));
}

#[test]
fn a_default_acl_takes_the_place_of_the_umask() {
    let fixture = Fixture::new();
    let owner = Owner { umask: Some(Mode::new(0o077)), ..Owner::process() };
    assert_eq!(fixture.create("masked", 0o666, &owner).unwrap().attr.mode.bits(), 0o600);
    if !fixture.fs.caps().acls {
        return println!("skipped: no ACLs here");
    }
    // Owner rwx, group rwx, others r-x.
    let entries = [(0x01_u16, 7_u16), (0x04, 7), (0x20, 5)];
    let mut acl = 2_u32.to_le_bytes().to_vec();
    for (tag, permissions) in entries {
        acl.extend(tag.to_le_bytes());
        acl.extend(permissions.to_le_bytes());
        acl.extend(u32::MAX.to_le_bytes());
    }
    fixture.root.set_xattr("system.posix_acl_default".as_ref(), &acl, XattrHow::Set).unwrap();
    assert_eq!(fixture.create("inherited", 0o666, &owner).unwrap().attr.mode.bits(), 0o664);
    let dir = fixture.root.make_dir(name("dir"), Mode::new(0o777), &owner).unwrap();
    assert_eq!(dir.mode.bits(), 0o775);
}

#[test]
fn callers_on_different_threads_do_not_mix() {
    if !is_root() {
        return;
    }
    let fixture = Arc::new(Fixture::impersonating());
    let threads: Vec<_> = (1..=4)
        .map(|thread| {
            let fixture = Arc::clone(&fixture);
            std::thread::spawn(move || {
                for i in 0..200 {
                    let uid = thread * 1000 + i;
                    let owner = Owner { umask: Some(Mode::new(thread)), ..caller(uid, uid + 1) };
                    let attr = fixture.create(&format!("{uid}"), 0o777, &owner).unwrap().attr;
                    assert_eq!(whose(&attr), (uid, uid + 1, 0o777 & !thread));
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    fixture.write("after", "");
    assert_eq!(std::fs::metadata(fixture.dir.path().join("after")).unwrap().uid(), 0);
}

#[test]
fn a_directory_one_may_only_pass_is_still_a_way() {
    if !is_root() {
        return;
    }
    let fixture = Fixture::new();
    std::fs::create_dir(fixture.dir.path().join("pass")).unwrap();
    fixture.write("pass/file", "x");
    chmod(fixture.dir.path(), 0o711);
    chmod(&fixture.dir.path().join("pass"), 0o711);
    let _ids = cachefs_sys::credentials::FsIds::switch(Some(1001), Some(2002)).unwrap();
    for root in [LocalFs::open(fixture.dir.path()).unwrap().root().unwrap(), Arc::clone(&fixture.root)] {
        let pass = root.dir(name("pass")).unwrap().handle;
        assert_eq!(pass.stat(name("file")).unwrap().size, 1);
        assert_eq!(pass.attr().unwrap().mode.bits(), 0o711);
        let mut sink = |_: cachefs_vfs::DirEntry<'_>| std::ops::ControlFlow::Continue(());
        assert_eq!(errno(pass.read_dir(Default::default(), &mut sink)), Some(Errno::ACCESS));
    }
}

/// A process with these supplementary groups that lives until dropped.
struct Grouped(Child);

impl Grouped {
    fn start(groups: &str) -> Option<Self> {
        let mut child = Command::new("setpriv")
            .args(["--groups", groups, "sh", "-c", "echo ready; read line"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .ok()?;
        let mut ready = [0; 6];
        let read = child.stdout.as_mut()?.read_exact(&mut ready);
        let started = Self(child);
        read.ok().map(|()| started)
    }
}

impl Drop for Grouped {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
