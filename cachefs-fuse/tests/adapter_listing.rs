//! Listings: complete, stable while names go, and of any length.

#[expect(dead_code, reason = "shared by several tests, each of which uses a part")]
mod support;

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;
use std::time::Instant;

use cachefs_vfs::{MemFs, VfsExt};
use support::{MountGuard, config, local, run, uncached};

#[test]
fn two_hundred_thousand_names_are_listed_and_removed_while_listing() {
    const COUNT: usize = 200_000;
    let memory = MemFs::new();
    memory.create_dir("d").unwrap();
    for n in 0..COUNT {
        memory.write(format!("d/{n}"), b"").unwrap();
    }
    let fs = MountGuard::new(Arc::new(memory), tempfile::tempdir().unwrap(), config());
    let started = Instant::now();
    let names: BTreeSet<_> = fs::read_dir(fs.at("d")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names.len(), COUNT);
    println!("listed in {:?}", started.elapsed());
    // A tenth of the names goes through the mount while they are listed, the others at once.
    let mut seen = BTreeSet::new();
    for (n, entry) in fs::read_dir(fs.at("d")).unwrap().enumerate() {
        let entry = entry.unwrap();
        if n % 10 == 0 {
            fs::remove_file(entry.path()).unwrap();
        }
        assert!(seen.insert(entry.file_name()), "{:?} came twice", entry.file_name());
    }
    assert_eq!(seen, names);
    assert_eq!(fs::read_dir(fs.at("d")).unwrap().count(), COUNT - COUNT / 10);
}

#[test]
fn a_listing_goes_on_where_it_was_left() {
    let fs = local(uncached());
    for n in 0..5_000 {
        fs::File::create(fs.beneath(format!("{n}"))).unwrap();
    }
    let script = "python3 -c \"
import os
with os.scandir('.') as listing:
    first = [next(listing).name for _ in range(1500)]
    for name in first: os.unlink(name)
    os.close(os.open('new', os.O_CREAT))
    rest = [entry.name for entry in listing]
assert not set(first) & set(rest), 'names came twice'
assert set(first) | set(rest) | {'new'} == {str(n) for n in range(5000)} | {'new'}, 'names are missing'
\"";
    run(&fs.at(""), false, script);
}

#[test]
fn a_filesystem_in_memory_is_mounted_as_well() {
    let memory = MemFs::new();
    memory.create_dir_all("a/b").unwrap();
    memory.write("a/b/f", b"hello").unwrap();
    for n in 0..3000 {
        memory.write(format!("a/{n}"), b"").unwrap();
    }
    let guard = MountGuard::new(Arc::new(memory), tempfile::tempdir().unwrap(), config());
    assert_eq!(fs::read_to_string(guard.at("a/b/f")).unwrap(), "hello");
    assert_eq!(fs::read_dir(guard.at("a")).unwrap().count(), 3001);
    fs::write(guard.at("a/b/g"), vec![3; 3 << 20]).unwrap();
    fs::rename(guard.at("a/b"), guard.at("c")).unwrap();
    assert!(fs::read(guard.at("c/g")).unwrap() == vec![3; 3 << 20]);
    run(
        &guard.at(""),
        false,
        "mkdir t; cd t; for i in 1 2 3; do echo $i > $i; ln $i $i.link; done; rm 1; cat 1.link; ls -la .. > /dev/null",
    );
}
