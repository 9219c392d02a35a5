//! What survives the crash of a [`CrashFs`].

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its tree may panic")]

use std::collections::BTreeSet;
use std::sync::Arc;

use cachefs_testkit::conformance::assert_all;
use cachefs_testkit::{CrashFs, Power};
use cachefs_vfs::{
    Access, AllocateHow, Attr, CreateHow, Errno, Error, FileKind, Mode, Name, Object, OpenHow, Owner,
    Privileges, RemoveKind, RenameHow, SetAttr, SyncHow, VDir, VFile, Vfs, VfsExt, XattrHow,
};

const SECTOR: usize = 4096;
const SEEDS: u64 = 200;

fn name(name: &str) -> Name<'_> {
    Name::new(name).unwrap()
}

fn create(dir: &Arc<dyn VDir>, file: &str) -> Arc<dyn VFile> {
    let open = OpenHow::new(Access::ReadWrite);
    let how = CreateHow { open, mode: Mode::new(0o644), exclusive: true };
    dir.create(name(file), how, &Owner::process()).unwrap().handle
}

fn write(file: &Arc<dyn VFile>, data: &[u8], offset: u64) {
    assert_eq!(file.write_at(data, offset, Privileges::Keep).unwrap(), data.len());
}

fn errno<T>(result: Result<T, Error>) -> Option<Errno> {
    result.err().map(|error| error.errno())
}

/// What a crash leaves, over many seeds.
fn outcomes<T: Ord>(make: impl Fn(&CrashFs), look: impl Fn(&CrashFs) -> T) -> BTreeSet<T> {
    let outcome = |seed| {
        let fs = CrashFs::new();
        make(&fs);
        look(&fs.crash(seed))
    };
    (0..SEEDS).map(outcome).collect()
}

fn names(fs: &CrashFs) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for entry in fs.walk("").unwrap() {
        names.insert(entry.unwrap().path.display().to_string());
    }
    names
}

#[test]
fn it_is_a_filesystem() {
    assert_all(CrashFs::new);
    assert_all(|| CrashFs::new().crash(1));
    assert_all(|| CrashFs::new().kill());
    assert_all(|| CrashFs::builder().open_id(false).build());
}

#[test]
fn what_was_synced_stays_as_it_was() {
    for seed in 0..SEEDS {
        let fs = CrashFs::new();
        let root = fs.root().unwrap();
        root.make_dir(name("d"), Mode::new(0o750), &Owner::process()).unwrap();
        let dir = root.dir(name("d")).unwrap().handle;
        let file = create(&dir, "f");
        write(&file, &[7; 3 * SECTOR], 100);
        file.set_xattr("user.a".as_ref(), b"value", XattrHow::Set).unwrap();
        file.set_attr(&SetAttr { mode: Some(Mode::new(0o640)), ..SetAttr::default() }).unwrap();
        dir.hard_link(name("f"), &*root, name("second")).unwrap();
        root.symlink(name("link"), "d/f".as_ref(), &Owner::process()).unwrap();
        file.sync(SyncHow::All).unwrap();
        dir.sync().unwrap();
        root.sync().unwrap();
        let before: Vec<Attr> = vec![root.attr().unwrap(), dir.attr().unwrap(), file.attr().unwrap()];
        let after = fs.crash(seed).crash(seed);
        assert_eq!(errno(file.attr()), Some(Errno::IO), "handles end with the power");
        let root = after.root().unwrap();
        let dir = root.dir(name("d")).unwrap();
        let file = dir.handle.open(name("f"), OpenHow::new(Access::Read)).unwrap();
        assert_eq!(vec![root.attr().unwrap(), dir.attr, file.attr], before, "seed {seed}");
        assert_eq!(root.stat(name("second")).unwrap(), file.attr);
        assert_eq!(file.handle.xattr("user.a".as_ref()).unwrap(), b"value");
        assert_eq!(root.read_link(name("link")).unwrap().as_os_str(), "d/f");
        assert_eq!(after.read("d/f").unwrap(), [vec![0; 100], vec![7; 3 * SECTOR]].concat());
        let found = after.open_id(before[2].id).unwrap();
        assert!(matches!(found.handle, Object::File(_)) && found.attr == file.attr);
    }
}

#[test]
fn identities_are_not_used_again() {
    for seed in 0..SEEDS {
        let fs = CrashFs::new();
        let lost: Vec<_> =
            (0..5).map(|n| create(&fs.root().unwrap(), &n.to_string()).attr().unwrap().id).collect();
        let after = fs.crash(seed).crash(seed + 1);
        let new = create(&after.root().unwrap(), "new").attr().unwrap();
        assert!(!lost.contains(&new.id), "seed {seed}");
    }
}

#[test]
fn unsynced_writes_vanish_tear_and_reorder_by_sectors() {
    let make = |fs: &CrashFs| {
        let root = fs.root().unwrap();
        let file = create(&root, "f");
        write(&file, &[1; 2 * SECTOR], 0);
        file.sync(SyncHow::Data).unwrap();
        root.sync().unwrap();
        write(&file, &[2; 2 * SECTOR], 0);
        write(&file, &[3; SECTOR], 0);
    };
    let seen = outcomes(make, |fs| {
        let bytes = fs.read("f").unwrap();
        assert_eq!(bytes.len(), 2 * SECTOR);
        assert!(bytes.chunks(SECTOR).all(|sector| sector.iter().all(|byte| *byte == sector[0])));
        (bytes[0], bytes[SECTOR])
    });
    assert_eq!(seen, (1..=3).flat_map(|a| (1..=2).map(move |b| (a, b))).collect());
}

#[test]
fn lengths_are_old_or_new_and_nothing_comes_back_behind_a_cut() {
    let make = |fs: &CrashFs| {
        let root = fs.root().unwrap();
        let file = create(&root, "f");
        write(&file, &[1; 10], 0);
        file.sync(SyncHow::All).unwrap();
        root.sync().unwrap();
        file.set_len(5, Privileges::Keep).unwrap();
        file.set_len(8, Privileges::Keep).unwrap();
        file.append(&[2; 2], Privileges::Keep).unwrap();
        file.allocate(AllocateHow::PunchHole, 0, 2, Privileges::Keep).unwrap();
    };
    let seen = outcomes(make, |fs| fs.read("f").unwrap());
    let (one, two) = ([1; 5], [2; 2]);
    let cut = [&one[..], &[0; 3]].concat();
    let grown = [&cut[..], &two].concat();
    let unwritten = [&cut[..], &[0; 2]].concat();
    let punched = [&[0; 2], &grown[2..]].concat();
    assert_eq!(seen, BTreeSet::from([vec![1; 10], one.to_vec(), cut, grown, unwritten, punched]));
}

#[test]
fn attributes_are_old_or_new() {
    let make = |fs: &CrashFs| {
        let root = fs.root().unwrap();
        let file = create(&root, "f");
        root.sync().unwrap();
        file.set_attr(&SetAttr { mode: Some(Mode::new(0o600)), ..SetAttr::default() }).unwrap();
        file.sync(SyncHow::Data).unwrap();
    };
    let seen = outcomes(make, |fs| fs.root().unwrap().stat(name("f")).unwrap().mode.bits());
    assert_eq!(seen, BTreeSet::from([0o600, 0o644]));
}

#[test]
fn names_are_lost_from_some_point_on() {
    let make = |fs: &CrashFs| {
        let root = fs.root().unwrap();
        for file in ["a", "b", "c"] {
            create(&root, file).sync(SyncHow::All).unwrap();
        }
        root.rename(name("a"), &*root, name("b"), RenameHow::Replace).unwrap();
        root.remove(name("c"), RemoveKind::File).unwrap();
    };
    let steps: [&[&str]; 6] = [&[], &["a"], &["a", "b"], &["a", "b", "c"], &["b", "c"], &["b"]];
    let set = |names: &[&str]| names.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
    assert_eq!(outcomes(make, names), steps.into_iter().map(set).collect());
    let out_of_order = |seed| {
        let fs = CrashFs::builder().names_in_order(false).build();
        make(&fs);
        names(&fs.crash(seed))
    };
    assert!((0..SEEDS).any(|seed| out_of_order(seed) == set(&["a", "c"])));
}

#[test]
fn a_rename_between_directories_is_in_both_or_in_none() {
    let make = |fs: &CrashFs| {
        let root = fs.root().unwrap();
        let dir = |dir| {
            root.make_dir(name(dir), Mode::new(0o755), &Owner::process()).unwrap();
            root.dir(name(dir)).unwrap().handle
        };
        let (from, to) = (dir("from"), dir("to"));
        create(&from, "f");
        from.sync().unwrap();
        root.sync().unwrap();
        create(&to, "before");
        from.rename(name("f"), &*to, name("f"), RenameHow::Replace).unwrap();
        create(&from, "after");
    };
    let seen =
        outcomes(make, |fs| names(fs).into_iter().filter(|path| path.contains('/')).collect::<Vec<_>>());
    let expected: [&[&str]; 4] =
        [&["from/f"], &["from/f", "to/before"], &["to/before", "to/f"], &["from/after", "to/before", "to/f"]];
    let owned = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(seen, expected.into_iter().map(owned).collect());
}

#[test]
fn syncing_a_file_makes_its_name_durable_only_if_asked_for() {
    let survives = |sync_names: bool, seed: u64| {
        let fs = CrashFs::builder().sync_names(sync_names).build();
        let root = fs.root().unwrap();
        root.make_dir(name("d"), Mode::new(0o755), &Owner::process()).unwrap();
        let file = create(&root.dir(name("d")).unwrap().handle, "f");
        file.sync(SyncHow::All).unwrap();
        names(&fs.crash(seed)).contains("d/f")
    };
    assert!((0..SEEDS).all(|seed| survives(true, seed)));
    assert!((0..SEEDS).any(|seed| survives(false, seed)));
    assert!((0..SEEDS).any(|seed| !survives(false, seed)));
}

#[test]
fn a_kill_loses_nothing_but_makes_nothing_durable() {
    let fs = CrashFs::new();
    let root = fs.root().unwrap();
    write(&create(&root, "f"), b"bytes", 0);
    let orphan = create(&root, "gone");
    root.remove(name("gone"), RemoveKind::File).unwrap();
    let after = fs.kill();
    assert_eq!(errno(orphan.attr()), Some(Errno::IO));
    assert_eq!(errno(root.stat(name("f"))), Some(Errno::IO));
    assert_eq!((after.read("f").unwrap(), names(&after).len()), (b"bytes".to_vec(), 1));
    let lost = |seed| {
        let fs = CrashFs::new();
        write(&create(&fs.root().unwrap(), "f"), b"bytes", 0);
        names(&fs.kill().crash(seed)).is_empty()
    };
    assert!((0..SEEDS).any(lost));
}

#[test]
fn everything_on_one_power_stops_in_the_same_call() {
    let power = Power::default();
    let [one, two] = [(); 2].map(|()| CrashFs::builder().power(&power).build());
    let (here, there) = (create(&one.root().unwrap(), "f"), create(&two.root().unwrap(), "f"));
    power.cut_after(1);
    write(&here, b"whole", 0);
    assert_eq!(errno(there.write_at(b"torn", 0, Privileges::Keep)), Some(Errno::IO));
    assert!(power.is_cut());
    assert_eq!(errno(here.attr()), Some(Errno::IO));
    assert_eq!(errno(one.root()), Some(Errno::IO));
    let (one, two) = (one.kill(), two.kill());
    power.restore();
    assert_eq!((one.read("f").unwrap(), two.read("f").unwrap()), (b"whole".to_vec(), b"to".to_vec()));
    assert_eq!(two.root().unwrap().stat(name("f")).unwrap().kind, FileKind::Regular);
}

#[test]
fn the_same_seed_leaves_the_same() {
    let left = |seed| {
        let fs = CrashFs::new();
        let root = fs.root().unwrap();
        for n in 0..8_u8 {
            let file = create(&root, &n.to_string());
            (0..8).for_each(|at| write(&file, &[n + 1; 3 * SECTOR], at * 5000));
        }
        let after = fs.crash(seed);
        names(&after).into_iter().map(|name| (after.read(&name).unwrap(), name)).collect::<Vec<_>>()
    };
    assert_eq!((0..8).map(left).collect::<Vec<_>>(), (0..8).map(left).collect::<Vec<_>>());
}
