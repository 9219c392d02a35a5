//! What the source does not take: every program that has the file open is told, once each.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod back;
mod site;

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::process::Command;

use back::{Faulty, foreground, told};
use cachefs_testkit::{CallKind, Rule};
use cachefs_vfs::Errno;
use site::is_root;

fn open(faulty: &Faulty) -> File {
    OpenOptions::new().read(true).write(true).open(faulty.site.mountpoint().join("f")).unwrap()
}

fn is_refused(result: io::Result<()>) -> bool {
    match result {
        Ok(()) => false,
        Err(error) => {
            assert_eq!(error.raw_os_error(), Some(rustix::io::Errno::ROFS.raw_os_error()), "{error}");
            true
        }
    }
}

/// Two have the file open, one writes to it, and the source does not take that.
fn refused(faulty: &Faulty) -> [File; 2] {
    File::create(faulty.site.mountpoint().join("f")).unwrap();
    let files = [open(faulty), open(faulty)];
    files[0].write_all_at(b"text", 0).unwrap();
    faulty.faults.add(Rule::on(CallKind::Write).at("f").fail(Errno::ROFS));
    assert_ne!(told("flush", &[&faulty.site.mountpoint()]).0, 0);
    files
}

#[test]
fn each_program_that_has_the_file_open_is_told_once() {
    if !is_root() {
        return;
    }
    let faulty = Faulty::new(0);
    let _daemon = foreground(&faulty.site, &[]);
    let [one, two] = refused(&faulty);
    let sync = |file: &File| is_refused(file.sync_all());
    assert_eq!([&one, &two, &one, &two].map(sync), [true, true, false, false]);
    let late = Command::new("sync").arg(faulty.site.mountpoint().join("f")).status().unwrap();
    assert!(late.success(), "opened when somebody knew");
    one.write_all_at(b"more", 4).unwrap();
    assert_ne!(told("flush", &[&faulty.site.mountpoint()]).0, 0);
    assert!(is_refused(two.write_all_at(b"x", 9)) && !is_refused(two.write_all_at(b"x", 9)));
    assert_eq!([&two, &one, &one].map(sync), [false, true, false]);
    faulty.faults.release();
    assert_eq!(told("flush", &[&faulty.site.mountpoint()]).0, 0);
    assert_eq!(std::fs::read(faulty.beneath("f")).unwrap(), b"textmore\0x");
}

/// Nobody tells who opens what: whoever asks first is told.
#[test]
fn somebody_is_told_where_the_kernel_opens_files_unasked() {
    if !is_root() {
        return;
    }
    let faulty = Faulty::new(0);
    let _daemon = foreground(&faulty.site, &["--coherence", "single"]);
    let [one, two] = refused(&faulty);
    assert!(is_refused(two.sync_all()));
    assert!(!is_refused(one.sync_all()) && !is_refused(two.sync_all()));
    faulty.faults.release();
}
