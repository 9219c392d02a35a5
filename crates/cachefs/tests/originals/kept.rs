//! Dirty bytes that were dropped because of something else.

use cachefs_testkit::CallKind;
use cachefs_vfs::{RemoveKind, VFile, VfsExt};

use super::desk::{Desk, by_hand, bytes, write};

const BLOCK: usize = 64 << 10;

/// A dirty file in a directory, and what is in it.
fn dirty() -> (Desk, Vec<u8>) {
    let mut contents = bytes(1, 3 * BLOCK);
    let desk = Desk::new();
    desk.backing.create_dir("d").unwrap();
    desk.backing.write("d/f", &contents).unwrap();
    desk.cache.read("d/f").unwrap();
    write(&*desk.open("d/f"), &bytes(2, 1000), BLOCK as u64 - 500);
    contents[BLOCK - 500..][..1000].copy_from_slice(&bytes(2, 1000));
    (desk, contents)
}

/// It is in the backing only once it is flushed, from wherever it is by now.
fn check(desk: &Desk, path: &str, contents: &[u8]) {
    assert_eq!((desk.written(), desk.write_back.status().dirty_bytes), (0, 1000), "{path} is dirty");
    desk.check(path, contents);
}

#[test]
fn time_that_passes_drops_nothing() {
    let (desk, contents) = dirty();
    desk.expire();
    assert!(desk.cache.read("d/f").unwrap() == contents);
    desk.expire();
    check(&desk, "d/f", &contents);
}

#[test]
fn to_forget_drops_nothing() {
    let (desk, contents) = dirty();
    for path in ["d/f", "d", "", "nothing"] {
        desk.cache.invalidate(path).unwrap();
        assert!(desk.cache.read("d/f").unwrap() == contents, "{path:?} forgotten");
    }
    desk.cache.clear();
    check(&desk, "d/f", &contents);
}

#[test]
fn a_rename_drops_nothing() {
    let (desk, contents) = dirty();
    let held = desk.open("d/f");
    desk.cache.rename("d/f", "d/g").unwrap();
    desk.cache.rename("d", "e").unwrap();
    desk.cache.rename("e/g", "top").unwrap();
    for path in ["d/f", "d/g", "e/g"] {
        assert!(!desk.cache.exists(path).unwrap(), "{path}");
    }
    assert_eq!(read_all(&*held), contents);
    check(&desk, "top", &contents);
}

#[test]
fn another_name_drops_nothing() {
    let (desk, contents) = dirty();
    desk.cache.link("d/f", "other").unwrap();
    assert!(desk.cache.read("other").unwrap() == contents);
    desk.cache.remove_file("d/f").unwrap();
    desk.check("other", &contents);
}

#[test]
fn a_replacement_is_what_is_left() {
    let (desk, contents) = dirty();
    desk.cache.write("target", &bytes(3, 2 * BLOCK)).unwrap();
    desk.cache.rename("d/f", "target").unwrap();
    desk.check("target", &contents);
    assert!(!desk.backing.exists("d/f").unwrap());
}

#[test]
fn a_truncation_drops_what_it_cuts_off_and_no_more() {
    let (desk, mut contents) = dirty();
    desk.cache.set_len("d/f", BLOCK as u64 + 100).unwrap();
    contents.truncate(BLOCK + 100);
    assert_eq!(desk.backing.stat("d/f").unwrap().size, BLOCK as u64 + 100, "at once");
    desk.check("d/f", &contents);
}

#[test]
fn changed_attributes_drop_nothing() {
    let (desk, contents) = dirty();
    let file = desk.open("d/f");
    let set = cachefs_vfs::SetAttr { mode: Some(cachefs_vfs::Mode::new(0o600)), ..Default::default() };
    assert_eq!(file.set_attr(&set).unwrap().size, contents.len() as u64);
    assert_eq!(desk.backing.stat("d/f").unwrap().mode, cachefs_vfs::Mode::new(0o600), "at once");
    check(&desk, "d/f", &contents);
}

#[test]
fn full_memory_drops_nothing() {
    let desk = Desk::with(by_hand(), |cache| {
        cache.memory(256 << 10).metadata_entries(16).listing_entries(4).handles_max(2)
    });
    for file in 0..40 {
        desk.cache.write(file.to_string(), &bytes(file, BLOCK + 5)).unwrap();
    }
    desk.backing.write("big", &bytes(99, 4 << 20)).unwrap();
    desk.cache.read("big").unwrap();
    assert_eq!(desk.written(), 0, "nothing was flushed");
    assert!(desk.cache.usage().bytes <= 256 << 10);
    for file in 0..40 {
        assert!(desk.cache.read(file.to_string()).unwrap() == bytes(file, BLOCK + 5), "{file}");
    }
    desk.flush();
    for file in 0..40 {
        assert!(desk.backing.read(file.to_string()).unwrap() == bytes(file, BLOCK + 5), "{file}");
    }
}

#[test]
fn a_removed_file_stays_readable_for_who_has_it_open() {
    let (desk, contents) = dirty();
    let held = desk.open("d/f");
    let (dir, name) = desk.cache.parent_of("d/f").unwrap();
    dir.remove(name, RemoveKind::File).unwrap();
    desk.cache.clear();
    desk.expire();
    assert!(read_all(&*held) == contents);
    write(&*held, b"still", 0);
    assert!(read_all(&*held).starts_with(b"still"));
    drop(held);
    desk.cache.clear();
    desk.flush();
    let counts = desk.counts.snapshot();
    assert!(!desk.backing.exists("d/f").unwrap());
    assert_eq!((counts.of(CallKind::Create), desk.write_back.status().dirty_files), (0, 0));
}

fn read_all(file: &dyn VFile) -> Vec<u8> {
    let mut buffer = vec![0; 1 << 20];
    let count = file.read_at(&mut buffer, 0).unwrap();
    buffer.truncate(count);
    buffer
}
