use std::ops::ControlFlow;

use cachefs_vfs::{Cookie, MemFs, Mode, NodeKind, RemoveKind, RenameHow, VDir};

use super::{create, n, names, owner, root};

/// At most `limit` names after a place, and the place after them.
fn chunk(dir: &dyn VDir, after: Cookie, limit: usize) -> (Vec<String>, Cookie) {
    let (mut names, mut next) = (Vec::new(), after);
    dir.read_dir(after, &mut |entry| {
        if names.len() == limit {
            return ControlFlow::Break(());
        }
        names.push(entry.name.to_string());
        next = entry.next;
        ControlFlow::Continue(())
    })
    .unwrap();
    (names, next)
}

#[test]
fn a_large_directory_is_listed_once_while_it_is_being_deleted() {
    const COUNT: usize = 200_000;
    let fs = MemFs::new();
    let dir = root(&fs);
    let owner = owner(0, 0, 0);
    for index in 0..COUNT {
        let name = index.to_string();
        dir.make_node(n(&name), NodeKind::Regular, Mode::new(0o644), &owner).unwrap();
    }
    let (mut seen, mut after) = (vec![false; COUNT], Cookie::START);
    loop {
        let (names, next) = chunk(&*dir, after, 1000);
        if names.is_empty() {
            break;
        }
        for name in &names {
            let index: usize = name.parse().unwrap();
            assert!(!std::mem::replace(&mut seen[index], true), "{name} came twice");
            dir.remove(n(name), RemoveKind::File).unwrap();
        }
        after = next;
    }
    assert!(seen.iter().all(|&seen| seen));
    assert!(names(&*dir).is_empty());
}

#[test]
fn an_entry_at_which_the_sink_broke_comes_again() {
    let fs = MemFs::new();
    let dir = root(&fs);
    for name in ["a", "b", "c"] {
        create(&*dir, name);
    }
    let (first, next) = chunk(&*dir, Cookie::START, 2);
    assert_eq!(first, ["a", "b"]);
    assert_eq!(chunk(&*dir, next, 2).0, ["c"]);
}

#[test]
fn a_name_that_stays_keeps_its_place_when_its_file_changes() {
    let fs = MemFs::new();
    let dir = root(&fs);
    for name in ["a", "b", "c", "d"] {
        create(&*dir, name);
    }
    let (_, next) = chunk(&*dir, Cookie::START, 2);
    dir.rename(n("c"), &*dir, n("a"), RenameHow::Replace).unwrap();
    dir.rename(n("b"), &*dir, n("d"), RenameHow::Exchange).unwrap();
    assert_eq!(chunk(&*dir, next, 9).0, ["d"], "neither a nor b comes a second time");
}

#[test]
fn the_sink_may_use_the_directory() {
    let fs = MemFs::new();
    let dir = root(&fs);
    create(&*dir, "a");
    dir.read_dir(Cookie::START, &mut |entry| {
        assert_eq!(entry.attr.map(|attr| attr.id), dir.stat(entry.name).ok().map(|attr| attr.id));
        dir.remove(entry.name, RemoveKind::File).unwrap();
        ControlFlow::Continue(())
    })
    .unwrap();
    assert!(names(&*dir).is_empty());
}
