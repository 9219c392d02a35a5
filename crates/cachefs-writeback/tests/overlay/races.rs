//! Verbs, writes and flushes of the same files at the same time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use cachefs_testkit::SplitMix64;
use cachefs_vfs::{
    Access, CreateHow, Errno, Mode, OpenHow, Owner, Privileges, RemoveKind, RenameHow, SetAttr, VDir, VFile,
};

use crate::bench::{Bench, bytes, name, names};

const KEEP: Privileges = Privileges::Keep;

/// Flushes everything, over and over, while `work` runs.
fn while_flushing<T>(bench: &Bench, work: impl FnOnce() -> T) -> T {
    struct Stop<'a>(&'a AtomicBool);
    impl Drop for Stop<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Release);
        }
    }
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Acquire) {
                let drained = bench.fs.flush_all(None, &mut |_| ());
                assert!(drained.remaining.iter().all(|file| file.error.is_none()), "{drained:?}");
                thread::yield_now();
            }
        });
        let _stop = Stop(&stop);
        work()
    })
}

#[test]
fn appenders_beside_flushes_and_renames_lose_nothing() {
    const EACH: u64 = 400;
    let bench = Bench::new();
    drop(bench.dirty("a", b""));
    let done = AtomicU64::new(0);
    while_flushing(&bench, || {
        thread::scope(|scope| {
            for writer in 0..3_u64 {
                let file = bench.root.open(name("a"), OpenHow::new(Access::Write)).unwrap().handle;
                let done = &done;
                scope.spawn(move || {
                    for count in 0..EACH {
                        let record = (writer << 32 | count).to_be_bytes();
                        assert_eq!(file.append(&record, KEEP).unwrap(), 8);
                    }
                    done.fetch_add(1, Ordering::SeqCst);
                });
            }
            let (done, bench) = (&done, &bench);
            scope.spawn(move || {
                while done.load(Ordering::SeqCst) < 3 {
                    bench.rename("a", "b", RenameHow::Replace);
                    bench.rename("b", "a", RenameHow::NoReplace);
                }
            });
        });
    });
    bench.settle();
    let all = bytes(&*bench.bare, "a");
    assert_eq!(all.len() as u64, 3 * EACH * 8);
    let mut next = [0_u64; 3];
    for record in all.chunks(8) {
        let record = u64::from_be_bytes(record.try_into().unwrap());
        let writer = usize::try_from(record >> 32).unwrap();
        assert_eq!(record & 0xFFFF_FFFF, next[writer], "the records of one writer keep their order");
        next[writer] += 1;
    }
}

#[test]
fn what_is_seen_never_goes_back() {
    const WRITES: u64 = 1500;
    let bench = Bench::new();
    let file = bench.dirty("f", &[0; 8]);
    let written = AtomicU64::new(0);
    while_flushing(&bench, || {
        thread::scope(|scope| {
            for by_name in [false, true] {
                let (file, bench, written) = (&file, &bench, &written);
                scope.spawn(move || {
                    let mut last = (0, file.attr().unwrap().mtime);
                    while written.load(Ordering::Acquire) < WRITES {
                        let before = written.load(Ordering::Acquire);
                        let mut bytes = [0; 8];
                        assert_eq!(file.read_at(&mut bytes, 0).unwrap(), 8);
                        assert!(u64::from_be_bytes(bytes) >= before, "a read before the last write");
                        let attr = if by_name { bench.stat("f") } else { file.attr().unwrap() };
                        assert!(attr.size >= 8 + before, "{} bytes after {before} writes", attr.size);
                        let seen = (attr.size, attr.mtime);
                        assert!(seen >= last, "{seen:?} after {last:?}");
                        last = seen;
                    }
                });
            }
            for count in 1..=WRITES {
                file.write_at(&count.to_be_bytes(), 0, KEEP).unwrap();
                file.append(b"x", KEEP).unwrap();
                written.store(count, Ordering::Release);
            }
        });
    });
    bench.settle();
}

const NAMES: [&str; 4] = ["a", "b", "c", "d"];

/// One random verb; those that find no file are as good as any.
fn verb(
    root: &Arc<dyn VDir>,
    rng: &mut SplitMix64,
    kept: &mut Option<Arc<dyn VFile>>,
) -> cachefs_vfs::Result<()> {
    let (one, other) = (name(rng.pick(&NAMES)), name(rng.pick(&NAMES)));
    let how = OpenHow { truncate: rng.below(4) == 0, ..OpenHow::new(Access::ReadWrite) };
    let data = vec![1; usize::try_from(rng.below(9000)).unwrap()];
    match rng.below(12) {
        0 | 1 => {
            let how = CreateHow { open: how, mode: Mode::new(0o644), exclusive: false };
            *kept = Some(root.create(one, how, &Owner::process())?.handle);
        }
        2 => *kept = Some(root.open(one, how)?.handle),
        3..=5 => {
            if let Some(file) = kept {
                file.write_at(&data, rng.below(20_000), KEEP)?;
            }
        }
        6 => {
            if let Some(file) = kept {
                file.append(&data, KEEP)?;
            }
        }
        7 => {
            if let Some(file) = kept {
                file.set_len(rng.below(9000), KEEP)?;
            }
        }
        8 => root.remove(one, RemoveKind::File)?,
        9 => {
            let how = rng.pick(&[RenameHow::Replace, RenameHow::NoReplace, RenameHow::Exchange]);
            root.rename(one, &**root, other, how)?;
        }
        10 => drop(root.hard_link(one, &**root, other)?),
        _ => {
            if let Some(file) = kept {
                let mode = rng.pick(&[0o600, 0o644, 0o640]);
                let set = SetAttr { mode: Some(Mode::new(mode)), ..SetAttr::default() };
                file.set_attr(&set)?;
            }
        }
    }
    Ok(())
}

#[test]
fn names_in_a_whirl_end_without_conflicts() {
    for round in 0..60 {
        let bench = Bench::new();
        while_flushing(&bench, || {
            thread::scope(|scope| {
                for thread in 0..3 {
                    let root = &bench.root;
                    scope.spawn(move || {
                        let (mut rng, mut kept) = (SplitMix64::new(round * 31 + thread), None);
                        for _ in 0..200 {
                            match verb(root, &mut rng, &mut kept) {
                                Err(error) if !matches!(error.errno(), Errno::NOENT | Errno::EXIST) => {
                                    panic!("{error:?}")
                                }
                                _ => {}
                            }
                        }
                    });
                }
            });
        });
        bench.settle();
        assert_eq!(names(&*bench.root), names(&*bench.bare), "no conflict was kept, nothing left behind");
        for at in names(&*bench.root) {
            assert_eq!(bytes(&*bench.root, &at), bytes(&*bench.bare, &at), "{at}");
            let (seen, there) = (bench.stat(&at), bench.bare.stat(name(&at)).unwrap());
            assert_eq!((seen.size, seen.mtime, seen.links), (there.size, there.mtime, there.links), "{at}");
        }
    }
}
