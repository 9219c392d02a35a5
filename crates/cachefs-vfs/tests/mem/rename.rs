use cachefs_vfs::{Errno, MemFs, Privileges::Keep, RenameHow, VDir};

use super::{create, make_dir, n, names, refused, root};

fn to_self(dir: &dyn VDir, from: &str, to: &str, how: RenameHow) -> cachefs_vfs::Result<()> {
    dir.rename(n(from), dir, n(to), how)
}

#[test]
fn what_is_replaced_lives_on_in_its_handles() {
    let fs = MemFs::new();
    let dir = root(&fs);
    let (new, old) = (create(&*dir, "new"), create(&*dir, "f"));
    old.write_at(b"old", 0, Keep).unwrap();
    to_self(&*dir, "new", "f", RenameHow::Replace).unwrap();
    assert_eq!(names(&*dir), ["f"]);
    assert_eq!(dir.stat(n("f")).unwrap().id, new.attr().unwrap().id);
    assert_eq!((old.attr().unwrap().links, old.read_at(&mut [0; 9], 0)), (0, Ok(3)));
}

#[test]
fn the_flags_look_at_the_target() {
    let fs = MemFs::new();
    let dir = root(&fs);
    let (a, b) = (create(&*dir, "a").attr().unwrap().id, create(&*dir, "b").attr().unwrap().id);
    refused(to_self(&*dir, "a", "b", RenameHow::NoReplace), Errno::EXIST);
    refused(to_self(&*dir, "a", "c", RenameHow::Exchange), Errno::NOENT);
    refused(to_self(&*dir, "c", "a", RenameHow::Replace), Errno::NOENT);
    to_self(&*dir, "a", "b", RenameHow::Exchange).unwrap();
    assert_eq!((dir.stat(n("a")).unwrap().id, dir.stat(n("b")).unwrap().id), (b, a));
    to_self(&*dir, "a", "c", RenameHow::NoReplace).unwrap();
    assert_eq!(dir.stat(n("c")).unwrap().id, b);
    dir.hard_link(n("c"), &*dir, n("d")).unwrap();
    to_self(&*dir, "c", "d", RenameHow::Replace).unwrap();
    assert_eq!(dir.stat(n("c")).unwrap().links, 2, "two names of one file: nothing to do");
}

#[test]
fn kinds_must_fit() {
    let fs = MemFs::new();
    let dir = root(&fs);
    create(&*dir, "f");
    make_dir(&*dir, "empty");
    create(&*make_dir(&*dir, "full"), "x");
    refused(to_self(&*dir, "f", "empty", RenameHow::Replace), Errno::ISDIR);
    refused(to_self(&*dir, "empty", "f", RenameHow::Replace), Errno::NOTDIR);
    refused(to_self(&*dir, "empty", "full", RenameHow::Replace), Errno::NOTEMPTY);
    to_self(&*dir, "full", "empty", RenameHow::Replace).unwrap();
    assert_eq!(dir.dir(n("empty")).map(|dir| names(&*dir.handle)), Ok(vec!["x".to_owned()]));
}

#[test]
fn no_directory_comes_to_lie_in_itself() {
    let fs = MemFs::new();
    let top = root(&fs);
    let a = make_dir(&*top, "a");
    let b = make_dir(&*a, "b");
    create(&*b, "f");
    for how in [RenameHow::Replace, RenameHow::NoReplace] {
        refused(top.rename(n("a"), &*a, n("x"), how), Errno::INVAL);
        refused(top.rename(n("a"), &*b, n("x"), how), Errno::INVAL);
    }
    refused(top.rename(n("a"), &*b, n("f"), RenameHow::Exchange), Errno::INVAL);
    refused(b.rename(n("f"), &*top, n("a"), RenameHow::Replace), Errno::NOTEMPTY);
    refused(b.rename(n("f"), &*top, n("a"), RenameHow::Exchange), Errno::INVAL);
    let c = make_dir(&*top, "c");
    a.rename(n("b"), &*c, n("b"), RenameHow::Replace).unwrap();
    top.rename(n("a"), &*b, n("a"), RenameHow::Replace).unwrap();
    refused(top.rename(n("c"), &*a, n("c"), RenameHow::Replace), Errno::INVAL);
}

#[test]
fn other_filesystems_are_other_devices() {
    let (here, there) = (MemFs::new(), MemFs::new());
    create(&*root(&here), "f");
    refused(root(&here).rename(n("f"), &*root(&there), n("f"), RenameHow::Replace), Errno::XDEV);
    assert_ne!(
        root(&here).attr().unwrap().id.device,
        root(&there).attr().unwrap().id.device,
        "or a cache would mix up their files"
    );
}
