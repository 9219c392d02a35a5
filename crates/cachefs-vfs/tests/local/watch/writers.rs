use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Stdio};

use cachefs_vfs::{Access, OpenHow};
use rustix::thread::{CapabilitySet, capabilities, set_capabilities};

use super::super::{Fixture, is_root};
use super::*;

/// A process that has a file open, until it is told to go.
struct Holder(Child);

impl Holder {
    fn new(dir: &std::path::Path, redirection: &str) -> Self {
        let script = format!("exec 3{redirection}; echo ready; read end");
        let mut child = Command::new("sh")
            .args(["-ec", &script])
            .current_dir(dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
        Self(child)
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        self.0.stdin.take().unwrap().write_all(b"end\n").unwrap();
        self.0.wait().unwrap();
    }
}

#[test]
fn a_writer_is_known_while_it_has_the_file_open() {
    let fixture = Fixture::new();
    fixture.write("f", "x");
    let file = fixture.open("f", Access::Read);
    let by_path = fixture.open("f", Access::Path);
    match file.has_writer() {
        Err(error) => return println!("skipped: {error}"),
        none => assert!(!none.unwrap()),
    }
    {
        let _reader = Holder::new(fixture.dir.path(), "<f");
        assert!(!file.has_writer().unwrap() && !by_path.has_writer().unwrap());
        let _writer = Holder::new(fixture.dir.path(), ">>f");
        assert!(file.has_writer().unwrap() && by_path.has_writer().unwrap());
    }
    assert!(!file.has_writer().unwrap() && !by_path.has_writer().unwrap());
    let writing = fixture.open("f", Access::ReadWrite);
    assert!(writing.has_writer().unwrap() && file.has_writer().unwrap(), "this process counts");
}

#[test]
fn what_has_no_bytes_has_no_writers() {
    let fixture = Fixture::new();
    std::os::unix::fs::symlink("nowhere", fixture.dir.path().join("l")).unwrap();
    let link = fixture.root.open(name("l"), OpenHow::new(Access::Path)).unwrap().handle;
    assert_eq!(link.has_writer().map_err(|error| error.errno()), Err(Errno::INVAL));
}

#[test]
fn what_this_process_may_not_be_told_says_nothing_about_other_files() {
    if !is_root() {
        return;
    }
    let fixture = Fixture::new();
    fixture.write("ours", "x");
    fixture.write("theirs", "x");
    std::os::unix::fs::chown(fixture.dir.path().join("theirs"), Some(12345), None).unwrap();
    let [ours, theirs] = ["ours", "theirs"].map(|name| fixture.open(name, Access::Read));
    if let Err(error) = ours.has_writer() {
        return println!("skipped: {error}");
    }
    std::thread::scope(|threads| {
        threads.spawn(|| {
            // Of this thread, which ends with it.
            let mut sets = capabilities(None).unwrap();
            sets.effective.remove(CapabilitySet::LEASE);
            set_capabilities(None, sets).unwrap();
            assert_eq!(theirs.has_writer().map_err(|error| error.errno()), Err(Errno::ACCESS));
            assert!(!ours.has_writer().unwrap());
        });
    });
    assert!(!theirs.has_writer().unwrap());
}

#[test]
fn being_asked_does_not_show_as_a_change() {
    for method in [WatchMethod::Filesystem, WatchMethod::Directories] {
        let Some(watched) = Watched::new(method) else { continue };
        watched.sh("echo x > f");
        watched.settle();
        let file = watched.root.open(name("f"), OpenHow::new(Access::Path)).unwrap().handle;
        if let Err(error) = file.has_writer() {
            return println!("skipped: {error}");
        }
        let id = watched.id("f");
        let told = watched.settle();
        assert!(told.iter().all(|told| told.id != Some(id)), "{told:#?}");
    }
}
