//! Files that were removed while they were dirty, and the directories they were in.

use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use cachefs_testkit::{CallKind, Rule};
use cachefs_vfs::clock::ManualClock;
use cachefs_vfs::{
    Access, LocalFs, MemFs, Name, OpenHow, Privileges, RemoveKind, SyncHow, VDir, Vfs, VfsExt,
};
use cachefs_writeback::{Config, DrainHow, Setup, WriteBack};

use super::bench::{Bench, config};

/// A hang is one that lasts so long.
const LONG: Duration = Duration::from_secs(5);

fn remove(dir: &dyn VDir, name: &str, kind: RemoveKind) {
    dir.remove(Name::new(name).unwrap(), kind).unwrap();
}

fn descriptors(beneath: &std::path::Path) -> usize {
    let all = std::fs::read_dir("/proc/self/fd").unwrap().filter_map(Result::ok);
    all.filter_map(|entry| std::fs::read_link(entry.path()).ok()).filter(|to| to.starts_with(beneath)).count()
}

#[test]
fn their_directories_do_not_stay_open() {
    for synced in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let backing: Arc<dyn Vfs> = Arc::new(LocalFs::open(dir.path()).unwrap());
        let clock = Arc::new(ManualClock::new());
        let setup = Setup { config: config(), source: [1; 32], boot: [2; 16], clock };
        let (fs, _) = WriteBack::open(backing, MemFs::new().root().unwrap(), setup).unwrap();
        for number in 0..100 {
            let name = format!("d{number}");
            fs.create_dir(&name).unwrap();
            let path = format!("{name}/f");
            fs.write(&path, b"short-lived").unwrap();
            if synced {
                fs.open(&path, OpenHow::new(Access::Read)).unwrap().sync(SyncHow::All).unwrap();
            }
            let root = fs.root().unwrap();
            let handle = root.dir(Name::new(&name).unwrap()).unwrap().handle;
            remove(&*handle, "f", RemoveKind::File);
            drop(handle);
            remove(&*root, &name, RemoveKind::Dir);
        }
        fs.drain(&DrainHow::default(), &mut |_| ());
        let open = descriptors(dir.path());
        assert!(open < 20, "synced {synced}: {open} descriptors are open");
    }
}

#[test]
fn a_drain_ends_at_its_deadline_when_such_a_directory_hangs() {
    let b = Bench::new();
    let file = b.dirty("f", b"promised");
    file.sync(SyncHow::All).unwrap();
    remove(&*b.root(), "f", RemoveKind::File);
    drop(file);
    let _hang = b.backing.add(Rule::on(CallKind::SyncDir).hang());
    let fs = Arc::clone(&b.fs);
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        let how = DrainHow { deadline: Some(Duration::from_millis(300)), ..DrainHow::default() };
        let _ = tell.send(fs.drain(&how, &mut |_| ()));
    });
    let drained = told.recv_timeout(LONG);
    b.backing.release();
    assert!(drained.is_ok(), "it still drains");
}

#[test]
fn such_a_directory_that_hangs_hurts_no_writer_elsewhere() {
    for flushers in [1, 0] {
        let b = Bench::with(Config {
            segment_size: 64 << 10,
            journal_max: 512 << 10,
            dirty_max: 128 << 10,
            flushers,
            flush_after: Duration::from_millis(5),
            room_wait: Duration::from_secs(2),
            ..config()
        });
        b.fs.create_dir("d").unwrap();
        b.fs.write("d/f", b"promised").unwrap();
        let file = b.fs.open("d/f", OpenHow::new(Access::Read)).unwrap();
        file.sync(SyncHow::All).unwrap();
        let _hang = b.backing.add(Rule::on(CallKind::SyncDir).hang());
        let dir = b.root().dir(Name::new("d").unwrap()).unwrap().handle;
        remove(&*dir, "f", RemoveKind::File);
        drop(file);
        let other = b.open("g");
        let (tell, told) = mpsc::channel();
        thread::spawn(move || {
            (0..400).all(|block| {
                let written = other.write_at(&[1; 4096], block * 4096, Privileges::Keep);
                tell.send(written.map_err(|error| error.errno())).is_ok()
            })
        });
        let answers: Vec<_> = (0..400).map(|_| told.recv_timeout(LONG)).take_while(Result::is_ok).collect();
        b.backing.release();
        let well = answers.iter().filter(|answer| matches!(answer, Ok(Ok(_)))).count();
        assert_eq!(well, 400, "flushers {flushers}: {:?}", answers.last());
    }
}
