//! Files found by their identity.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use cachefs_vfs::{
    Access, Attr, Errno, FileId, FileKind, LocalFs, Object, OpenHow, Privileges, RemoveKind, RenameHow, VDir,
    Vfs,
};

use super::{Fixture, errno, name};

fn fixtures() -> Vec<Fixture> {
    let fixtures = Fixture::in_memory().into_iter().chain([Fixture::new()]);
    let able: Vec<_> = fixtures.filter(|fixture| fixture.fs.caps().open_id).collect();
    if able.is_empty() {
        println!("skipped: no handles can be opened here");
    }
    able
}

fn attr(object: &Object) -> Attr {
    match object {
        Object::Dir(dir) => dir.attr().unwrap(),
        Object::File(file) => file.attr().unwrap(),
    }
}

#[test]
fn a_file_is_found_wherever_its_name_is() {
    for fixture in fixtures() {
        std::fs::create_dir(fixture.dir.path().join("dir")).unwrap();
        fixture.write("file", "0123");
        let (dir, file) = (fixture.root.stat(name("dir")).unwrap(), fixture.root.stat(name("file")).unwrap());
        let to = fixture.root.dir(name("dir")).unwrap().handle;
        fixture.root.rename(name("file"), to.as_ref(), name("moved"), RenameHow::Replace).unwrap();
        let found = fixture.fs.open_id(file.id).unwrap();
        assert_eq!((found.attr.id, attr(&found.handle).id), (file.id, file.id));
        let Object::File(opened) = found.handle else { panic!("a file must be found as one") };
        assert_eq!(opened.append(b"4", Privileges::Drop).unwrap(), 1);
        assert_eq!(fixture.read("dir/moved"), b"01234");
        let Object::Dir(opened) = fixture.fs.open_id(dir.id).unwrap().handle else {
            panic!("not a directory")
        };
        assert_eq!(opened.stat(name("moved")).unwrap().size, 5);
        let root = fixture.root.attr().unwrap().id;
        assert_eq!(fixture.fs.open_id(root).unwrap().attr.id, root);
    }
}

#[test]
fn a_symlink_is_found_itself() {
    for fixture in fixtures() {
        std::os::unix::fs::symlink("/etc/passwd", fixture.dir.path().join("link")).unwrap();
        let link = fixture.root.stat(name("link")).unwrap();
        assert_eq!(attr(&fixture.fs.open_id(link.id).unwrap().handle).kind, FileKind::Symlink);
    }
}

#[test]
fn what_is_gone_or_elsewhere_is_stale() {
    for fixture in fixtures() {
        fixture.write("file", "");
        let id = fixture.root.stat(name("file")).unwrap().id;
        let wrong = FileId { generation: id.generation ^ 1, ..id };
        assert_eq!(errno(fixture.fs.open_id(wrong)), Some(Errno::STALE));
        fixture.root.remove(name("file"), RemoveKind::File).unwrap();
        assert_eq!(errno(fixture.fs.open_id(id)), Some(Errno::STALE));
        assert_eq!(errno(fixture.fs.open_id(FileId { device: 0, ..id })), Some(Errno::STALE));
        std::fs::create_dir(fixture.dir.path().join("sub")).unwrap();
        fixture.write("outside", "");
        let inner = LocalFs::open(fixture.dir.path().join("sub")).unwrap();
        let outside = fixture.root.stat(name("outside")).unwrap().id;
        assert_eq!(errno(inner.open_id(outside)), Some(Errno::STALE));
        assert_eq!(errno(inner.open_id(fixture.root.attr().unwrap().id)), Some(Errno::STALE));
    }
}

#[test]
fn an_inode_number_used_again_has_another_generation() {
    let fixture = Fixture::new();
    fixture.write("file", "");
    let old = fixture.root.stat(name("file")).unwrap().id;
    let open = fixture.open("file", Access::Read);
    assert_eq!(open.attr().unwrap().id, old);
    drop(open);
    for _ in 0..1000 {
        fixture.root.remove(name("file"), RemoveKind::File).unwrap();
        fixture.write("file", "");
        let new = fixture.root.stat(name("file")).unwrap().id;
        assert_ne!(new, old);
        if new.inode == old.inode {
            assert_ne!(new.generation, old.generation);
            if fixture.fs.caps().open_id {
                assert_eq!(errno(fixture.fs.open_id(old)), Some(Errno::STALE));
                let any = fixture.fs.open_id(FileId { generation: 0, ..old });
                assert_eq!(any.unwrap().attr.id, new);
            }
            return;
        }
    }
    println!("skipped: numbers are not used again here");
}

#[test]
fn a_path_that_only_looks_inside_is_not_believed() {
    let fixture = Fixture::new();
    if !fixture.fs.caps().open_id {
        return println!("skipped: no handles can be opened here");
    }
    for dir in ["data", "other"] {
        std::fs::create_dir(fixture.dir.path().join(dir)).unwrap();
    }
    fixture.write("data/hidden", "");
    fixture.write("other/visible", "");
    let id = |dir, file| fixture.root.dir(name(dir)).unwrap().handle.stat(name(file)).unwrap().id;
    let (hidden, visible) = (id("data", "hidden"), id("other", "visible"));
    let Some(_mount) = Mounted::bind(&fixture.dir.path().join("other"), fixture.dir.path().join("data"))
    else {
        return println!("skipped: no bind mounts");
    };
    let fs = LocalFs::open(fixture.dir.path().join("data")).unwrap();
    assert_eq!(fs.open_id(visible).unwrap().attr.id, visible);
    assert_eq!(errno(fs.open_id(hidden)), Some(Errno::STALE));
}

#[test]
fn a_filesystem_mounted_inside_belongs_to_the_tree() {
    let (fixture, Some(memory)) = (Fixture::new(), Fixture::in_memory()) else {
        return println!("skipped: no memory filesystem");
    };
    std::fs::create_dir(fixture.dir.path().join("mnt")).unwrap();
    memory.write("file", "x");
    let Some(_mount) = Mounted::bind(memory.dir.path(), fixture.dir.path().join("mnt")) else {
        return println!("skipped: no bind mounts");
    };
    let inner: Arc<dyn VDir> = fixture.root.dir(name("mnt")).unwrap().handle;
    assert_eq!(inner.stat(name("file")).unwrap(), memory.root.stat(name("file")).unwrap());
    assert_ne!(inner.attr().unwrap().id.device, fixture.root.attr().unwrap().id.device);
    assert_eq!(fixture.root.stat(name("mnt")).unwrap().id, memory.root.attr().unwrap().id);
}

#[test]
fn a_file_on_overlayfs_stays_itself_when_it_is_first_written() {
    let fixture = Fixture::new();
    let path = |name| fixture.dir.path().join(name);
    for dir in ["lower", "upper", "work", "top"] {
        std::fs::create_dir(path(dir)).unwrap();
    }
    fixture.write("lower/file", "x");
    let dirs = ["lower", "upper", "work"].map(|dir| format!("{dir}dir={}", path(dir).display())).join(",");
    let overlay = ["-t", "overlay", "-o", dirs.as_str(), "overlay"].map(OsStr::new);
    let Some(_mount) = Mounted::new(overlay, path("top")) else { return println!("skipped: no overlayfs") };
    let fs = LocalFs::open(path("top")).unwrap();
    let root = fs.root().unwrap();
    let before = root.stat(name("file")).unwrap().id;
    let file = root.open(name("file"), OpenHow::new(Access::ReadWrite)).unwrap().handle;
    file.append(b"y", Privileges::Drop).unwrap();
    assert_eq!(root.stat(name("file")).unwrap().id, before);
    assert_eq!(file.attr().unwrap().id, before);
}

/// A mount that ends with the test.
struct Mounted(PathBuf);

impl Mounted {
    fn new<const N: usize>(how: [&OsStr; N], to: PathBuf) -> Option<Self> {
        let mounted = Command::new("mount").args(how).arg(&to).output().ok()?;
        mounted.status.success().then(|| Self(to))
    }

    fn bind(from: &Path, to: PathBuf) -> Option<Self> {
        Self::new([OsStr::new("--bind"), from.as_os_str()], to)
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}
