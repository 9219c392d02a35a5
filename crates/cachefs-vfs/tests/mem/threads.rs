use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use cachefs_vfs::{
    Access, Errno, MemFs, OpenHow, Privileges::Keep, RemoveKind, RenameHow, VDir, Vfs, VfsExt,
};

use super::{create, make_dir, n, names, root};

/// Longer than any of these tests takes, unless it is stuck.
const DEADLINE: Duration = Duration::from_secs(120);

/// Runs `test` and fails, rather than hangs, if it is locked up.
fn within_deadline(test: impl FnOnce() + Send + 'static) {
    let (done, wait) = mpsc::channel();
    let runner = thread::spawn(move || {
        test();
        let _ = done.send(());
    });
    match wait.recv_timeout(DEADLINE) {
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("locked up"),
        _ => runner.join().unwrap(),
    }
}

#[test]
fn appends_of_many_threads_all_arrive_whole() {
    within_deadline(|| {
        let fs = MemFs::new();
        let file = create(&*root(&fs), "f");
        thread::scope(|scope| {
            for thread in 0..8_u8 {
                let file = &file;
                scope.spawn(move || {
                    (0..500).for_each(|_| assert_eq!(file.append(&[thread; 10], Keep), Ok(10)))
                });
            }
        });
        let bytes = fs.read("f").unwrap();
        assert_eq!(bytes.len(), 8 * 500 * 10);
        assert!(bytes.chunks(10).all(|record| record.iter().all(|byte| *byte == record[0])));
    });
}

#[test]
fn one_of_many_creates_wins() {
    within_deadline(|| {
        let fs = MemFs::new();
        for round in 0..200 {
            let path = format!("f{round}");
            let won: usize = thread::scope(|scope| {
                let make = || usize::from(fs.create_dir(&path).is_ok());
                let threads: Vec<_> = (0..4).map(|_| scope.spawn(make)).collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).sum()
            });
            assert_eq!(won, 1);
        }
    });
}

#[test]
fn a_name_that_is_replaced_is_always_there() {
    within_deadline(|| {
        let fs = MemFs::new();
        fs.create_dir("other").unwrap();
        fs.write("f", &[0; 5000]).unwrap();
        let stop = AtomicBool::new(false);
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    while !stop.load(Ordering::Relaxed) {
                        let bytes = fs.read("f").unwrap();
                        assert!(bytes.len() == 5000 && bytes.iter().all(|byte| *byte == bytes[0]));
                    }
                });
            }
            for round in 0..2000_u32 {
                fs.write("other/new", &[round as u8; 5000]).unwrap();
                fs.rename("other/new", "f").unwrap();
            }
            stop.store(true, Ordering::Relaxed);
        });
    });
}

/// Directories are exchanged at three levels while others work below: nothing gets lost and nothing locks up.
#[test]
fn a_rename_storm_loses_nothing() {
    within_deadline(|| {
        let fs = MemFs::new();
        let top = root(&fs);
        let dirs: Vec<Arc<dyn VDir>> = ["a", "b"].iter().map(|name| make_dir(&*top, name)).collect();
        let below: Vec<_> = dirs.iter().map(|dir| make_dir(&**dir, "x")).collect();
        let leaves: Vec<_> = below.iter().map(|dir| make_dir(&**dir, "y")).collect();
        for (index, leaf) in leaves.iter().enumerate() {
            create(&**leaf, "f").write_at(&[index as u8; 100], 0, Keep).unwrap();
        }
        thread::scope(|scope| {
            for level in [vec![&top, &top], dirs.iter().collect(), below.iter().collect()] {
                scope.spawn(move || {
                    let names = if Arc::ptr_eq(level[0], level[1]) { ["a", "b"] } else { ["x", "x"] };
                    for _ in 0..3000 {
                        let names = if level[0].stat(n("y")).is_ok() { ["y", "y"] } else { names };
                        level[0].rename(n(names[0]), &**level[1], n(names[1]), RenameHow::Exchange).unwrap();
                    }
                });
            }
            for (index, leaf) in leaves.iter().enumerate() {
                scope.spawn(move || {
                    for round in 0..3000 {
                        let name = format!("t{round}");
                        let file = leaf.open(n("f"), OpenHow::new(Access::ReadWrite)).unwrap().handle;
                        let mut bytes = [9; 100];
                        assert_eq!(file.read_at(&mut bytes, 0), Ok(100));
                        assert_eq!(bytes, [index as u8; 100]);
                        leaf.hard_link(n("f"), &**leaf, n(&name)).unwrap();
                        leaf.remove(n(&name), RemoveKind::File).unwrap();
                    }
                });
            }
        });
        let files = fs.walk("").unwrap().map(Result::unwrap).filter(|entry| entry.kind.is_regular()).count();
        assert_eq!(files, 2);
    });
}

#[test]
fn a_tree_under_change_stays_whole() {
    within_deadline(|| {
        let fs = MemFs::builder().capacity_inodes(100).build();
        let top = root(&fs);
        thread::scope(|scope| {
            for thread in 0..4_u64 {
                let (fs, top) = (&fs, &top);
                scope.spawn(move || churn(fs, &**top, thread));
            }
        });
        for name in names(&*top) {
            if fs.remove_file(&name).is_err() {
                fs.remove_dir_all(&name).unwrap();
            }
        }
        let stat = fs.stat_fs().unwrap();
        assert_eq!(stat.files_free, stat.files - 1, "every inode but the root was given back");
        assert_eq!(top.attr().unwrap().links, 2);
    });
}

/// Random verbs on few names; only what a race may answer is accepted.
fn churn(fs: &MemFs, top: &dyn VDir, seed: u64) {
    let mut state = seed + 1;
    let mut random = move |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let fine =
        [Errno::NOENT, Errno::EXIST, Errno::ISDIR, Errno::NOTDIR, Errno::NOTEMPTY, Errno::INVAL, Errno::PERM];
    for _ in 0..5000 {
        let (a, b) = (random(4).to_string(), random(4).to_string());
        let (from, to) = (format!("{a}/{b}"), format!("{}/{}", random(4), random(4)));
        let result = match random(8) {
            0 => fs.create_dir(&a),
            1 => fs.create_dir(&from),
            2 => fs.write(&from, b"x"),
            3 => fs.rename(&from, &to),
            4 => top.rename(n(&a), top, n(&b), RenameHow::Exchange),
            5 => fs.link(&from, &to),
            6 => fs.remove_file(&from),
            _ => fs.remove_dir(&from),
        };
        if let Err(error) = result {
            assert!(fine.contains(&error.errno()), "{error:?}");
        }
    }
}
