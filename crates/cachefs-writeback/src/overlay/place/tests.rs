use std::path::Path;

use super::*;

fn id(inode: u64) -> FileId {
    FileId { device: 1, inode, generation: 0 }
}

fn name(name: &str) -> Name<'_> {
    Name::new(name).expect("a name")
}

fn path(place: &Place) -> String {
    place.path().map_or("?".into(), |path| path.display().to_string())
}

#[test]
fn places_follow_renames_of_their_ancestors() {
    let places = Places::new();
    let root = places.root(id(1));
    let dir = places.child(&root, name("d"), id(2));
    let file = places.child(&dir, name("f"), id(3));
    assert_eq!(path(&file), "d/f");
    assert!(Arc::ptr_eq(&file, &places.child(&dir, name("f"), id(3))), "one place for all handles");
    places.renamed((&root, name("d")), (&root, name("e")));
    assert_eq!(path(&file), "e/f");
    places.renamed((&dir, name("f")), (&root, name("g")));
    assert_eq!((path(&file), file.spot()), ("g".into(), Some((id(1), "g".into()))));
    let other = places.child(&dir, name("h"), id(4));
    places.exchanged((&root, name("g")), (&dir, name("h")));
    assert_eq!((path(&file), path(&other)), ("e/h".into(), "g".into()));
    places.renamed((&root, name("g")), (&dir, name("h")));
    assert_eq!((path(&file), path(&other)), ("?".into(), "e/h".into()), "what is replaced has no name");
    assert_eq!(root.path().as_deref(), Some(Path::new("")));
}

#[test]
fn a_place_that_nobody_uses_is_forgotten() {
    let places = Places::new();
    let root = places.root(id(1));
    let file = places.child(&places.child(&root, name("d"), id(2)), name("f"), id(3));
    assert_eq!(places.known.lock().by_name.len(), 2, "its directory is in use by it");
    drop(file);
    assert_eq!(places.known.lock().by_name.len(), 0);
    let old = places.child(&root, name("f"), id(3));
    let new = places.child(&root, name("f"), id(4));
    assert_eq!((path(&old), path(&new)), ("?".into(), "f".into()), "another file has the name now");
    drop(old);
    assert_eq!(places.at(id(1), name("f")).map(|place| place.id()), Some(id(4)));
    places.removed(&root, name("f"));
    assert_eq!(path(&new), "?");
}

#[test]
fn what_is_found_by_its_identity_is_where_its_other_handles_are() {
    let places = Places::new();
    let root = places.root(id(1));
    let file = places.child(&root, name("f"), id(3));
    assert!(Arc::ptr_eq(&places.somewhere(id(3)), &file));
    assert_eq!(path(&places.somewhere(id(4))), "?");
    drop(file);
    assert_eq!((path(&places.somewhere(id(3))), places.known.lock().by_id.len()), ("?".into(), 0));
}

#[test]
fn a_knot_is_untied() {
    let places = Places::new();
    let root = places.root(id(1));
    let outer = places.child(&root, name("o"), id(2));
    let inner = places.child(&outer, name("i"), id(3));
    places.renamed((&root, name("o")), (&inner, name("x")));
    assert_eq!((path(&outer), path(&inner)), ("?".into(), "?".into()));
}
