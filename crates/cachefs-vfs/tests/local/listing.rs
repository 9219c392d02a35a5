//! Listings.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use cachefs_vfs::{Cookie, FileKind, RemoveKind, VDir};

use super::{Fixture, name};

/// Up to `most` names after `after`, and the place after them.
fn bite(dir: &dyn VDir, after: Cookie, most: usize) -> (Vec<String>, Cookie) {
    let (mut names, mut next) = (Vec::new(), after);
    dir.read_dir(after, &mut |entry| {
        if names.len() == most {
            return ControlFlow::Break(());
        }
        names.push(entry.name.to_string());
        next = entry.next;
        ControlFlow::Continue(())
    })
    .unwrap();
    (names, next)
}

fn list_while_deleting(fixture: &Fixture, entries: usize, most: usize) {
    for i in 0..entries {
        std::fs::File::create(fixture.dir.path().join(format!("f{i}"))).unwrap();
    }
    let (mut seen, mut after) = (BTreeSet::new(), Cookie::START);
    loop {
        let (names, next) = bite(fixture.root.as_ref(), after, most);
        if names.is_empty() {
            break;
        }
        after = next;
        for file in names {
            fixture.root.remove(name(&file), RemoveKind::File).unwrap();
            assert!(seen.insert(file), "listed twice");
        }
    }
    assert_eq!(seen.len(), entries);
    assert_eq!(bite(fixture.root.as_ref(), Cookie::START, 1).0, Vec::<String>::new());
}

#[test]
fn each_entry_is_listed_once_while_the_directory_is_emptied() {
    list_while_deleting(&Fixture::new(), 50_000, 100);
    match Fixture::in_memory() {
        Some(fixture) => list_while_deleting(&fixture, 5000, 7),
        None => println!("skipped: no memory filesystem"),
    }
}

#[test]
fn an_entry_refused_is_given_again_and_readers_are_independent() {
    let fixture = Fixture::new();
    for i in 0..500 {
        fixture.write(&format!("{i}"), "");
    }
    let (all, _) = bite(fixture.root.as_ref(), Cookie::START, usize::MAX);
    let (first, after) = bite(fixture.root.as_ref(), Cookie::START, 3);
    let (other, _) = bite(fixture.root.as_ref(), Cookie::START, 5);
    let (rest, _) = bite(fixture.root.as_ref(), after, usize::MAX);
    assert_eq!(all.len(), 500);
    assert_eq!([first, rest].concat(), all);
    assert_eq!(other, all[..5]);
}

#[test]
fn entries_tell_kind_and_inode() {
    let fixture = Fixture::new();
    fixture.write("file", "");
    std::fs::create_dir(fixture.dir.path().join("dir")).unwrap();
    std::os::unix::fs::symlink("x", fixture.dir.path().join("link")).unwrap();
    let mut kinds = Vec::new();
    let root = &fixture.root;
    root.read_dir(Cookie::START, &mut |entry| {
        assert_eq!(entry.inode, root.stat(entry.name).unwrap().id.inode);
        kinds.push((entry.name.to_string(), entry.kind));
        ControlFlow::Continue(())
    })
    .unwrap();
    kinds.sort_by(|a, b| a.0.cmp(&b.0));
    let kind = |name: &str, kind| (name.to_string(), Some(kind));
    assert_eq!(
        kinds,
        [kind("dir", FileKind::Directory), kind("file", FileKind::Regular), kind("link", FileKind::Symlink)]
    );
}

#[test]
fn a_removed_directory_lists_nothing() {
    let fixture = Fixture::new();
    std::fs::create_dir(fixture.dir.path().join("dir")).unwrap();
    let dir = fixture.root.dir(name("dir")).unwrap().handle;
    fixture.root.remove(name("dir"), RemoveKind::Dir).unwrap();
    assert_eq!(bite(dir.as_ref(), Cookie::START, 9).0, Vec::<String>::new());
}
