//! Files that are opened while they lose their names.

#[expect(dead_code, reason = "shared by several tests, each of which uses a part")]
mod support;

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cachefs_fuse::MountConfig;
use cachefs_testkit::{CallKind, FaultFs, Rule};
use cachefs_vfs::LocalFs;
use support::{MountGuard, PATIENCE, config, eventually, local};

/// A mounted directory in which calls can be held up, and whose names the kernel never asks for twice.
fn mounted(config: MountConfig) -> (MountGuard, Arc<FaultFs>) {
    let dir = tempfile::tempdir().expect("a directory");
    fs::create_dir(dir.path().join("src")).expect("a source");
    let source = LocalFs::open(dir.path().join("src")).expect("the source opens");
    let faults = Arc::new(FaultFs::new(Arc::new(source)));
    let hour = Duration::from_secs(3600);
    let config = MountConfig { entry_ttl: hour, attr_ttl: hour, ..config };
    (MountGuard::new(Arc::clone(&faults) as _, dir, config), faults)
}

fn text(file: &File) -> String {
    let mut bytes = [0; 32];
    let length = file.read_at(&mut bytes, 0).expect("reading");
    String::from_utf8_lossy(&bytes[..length]).into_owned()
}

/// Makes a file whose name the kernel knows, and which nobody has open.
fn known(fs: &MountGuard, path: impl AsRef<Path>) {
    fs::write(fs.beneath(&path), "first").expect("writing");
    assert_eq!(fs::metadata(fs.at(&path)).expect("a file").len(), 5);
}

#[test]
fn a_file_that_is_unlinked_while_it_is_opened_is_readable() {
    let (fs, faults) = mounted(config());
    known(&fs, "f");
    let rule = faults.add(Rule::on(CallKind::Open).at("f").nth(1).hang());
    std::thread::scope(|scope| {
        let opener = scope.spawn(|| File::open(fs.at("f")));
        assert!(rule.wait_waiting(1, PATIENCE));
        fs::remove_file(fs.at("f")).unwrap();
        rule.release();
        let file = opener.join().unwrap().expect("it was there when it was opened");
        fs::write(fs.at("f"), "another").unwrap();
        assert_eq!(text(&file), "first");
    });
    eventually("the end of the file", || fs.mount().requests().pinned == 0);
}

#[test]
fn a_file_that_is_opened_while_it_is_unlinked_stays_open() {
    let (fs, faults) = mounted(MountConfig { handles_max: 2, open_files_max: 1, ..config() });
    known(&fs, "f");
    let rule = faults.add(Rule::on(CallKind::Remove).at("f").hang());
    std::thread::scope(|scope| {
        let remover = scope.spawn(|| fs::remove_file(fs.at("f")));
        assert!(rule.wait_waiting(1, PATIENCE));
        let file = File::open(fs.at("f")).unwrap();
        rule.release();
        remover.join().unwrap().unwrap();
        assert_eq!(fs.mount().requests().pinned, 1);
        for n in 0..4 {
            fs::write(fs.at(format!("{n}")), "another").unwrap();
        }
        assert_eq!(text(&file), "first");
    });
    eventually("the end of the file", || fs.mount().requests().pinned == 0);
}

#[test]
fn opening_closing_and_unlinking_at_once_leaves_no_dead_descriptor() {
    let fs = local(config());
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    match File::open(fs.at("r")) {
                        Ok(file) => assert!(["", "payload"].contains(&&*text(&file))),
                        Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::NotFound, "{error}"),
                    }
                }
            });
        }
        for _ in 0..400 {
            fs::write(fs.at("r"), "payload").unwrap();
            fs::remove_file(fs.at("r")).unwrap();
        }
        done.store(true, Ordering::Relaxed);
    });
    eventually("the end of the files", || fs.mount().requests().pinned == 0);
}
