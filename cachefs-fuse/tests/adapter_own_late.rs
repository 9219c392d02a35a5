//! A change of our own that the filesystem makes after its deadline had passed, and the kernel was told that it failed,
//! is seen nevertheless. Nobody else tells of it: it is none by others.

#[expect(dead_code, reason = "shared by several tests, each of which uses a part")]
mod support;
#[expect(dead_code, reason = "shared by several tests, each of which uses a part")]
mod watched;

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::Result;
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt};
use std::time::Duration;

use cachefs_fuse::{MountConfig, Trust};
use cachefs_testkit::{CallKind, Rule};
use cachefs_vfs::{MemFs, VfsExt};
use rustix::io::Errno;
use support::{PATIENCE, eventually};
use watched::{Watched, told, watched};

fn some(memory: &MemFs) {
    memory.create_dir("d").expect("a file");
    memory.write("d/f", b"first").expect("a file");
}

/// Mounts where what is known holds for ever, lets the kernel learn it, and gives up on `act` before the filesystem
/// makes the change.
fn late(
    trust: Trust,
    call: Rule,
    learn: impl Fn(&Watched),
    act: impl Fn(&Watched) -> Result<()>,
    landed: impl Fn(&Watched) -> bool,
) -> Watched {
    let fs = watched(MountConfig { deadline: Duration::from_millis(300), trust, ..told() }, some);
    learn(&fs);
    let rule = fs.faults.add(call.nth(1).hang()).release_on_drop();
    let error = act(&fs).expect_err("given up");
    assert_eq!(error.raw_os_error(), Some(Errno::TIMEDOUT.raw_os_error()), "{error}");
    assert!(rule.wait_waiting(1, PATIENCE));
    learn(&fs);
    rule.release();
    eventually("the change", || landed(&fs));
    fs
}

const MODES: [Trust; 2] = [Trust::Watch, Trust::Always];

#[test]
fn a_name_that_goes() {
    for trust in MODES {
        let fs = late(
            trust,
            Rule::on(CallKind::Remove).at("d/f"),
            |fs| assert!(fs::metadata(fs.at("d/f")).is_ok()),
            |fs| fs::remove_file(fs.at("d/f")),
            |fs| fs.outside.stat("d/f").is_err(),
        );
        eventually("a name that is gone", || fs::metadata(fs.at("d/f")).is_err());
    }
}

#[test]
fn a_file_that_loses_one_of_its_names() {
    for trust in MODES {
        let links = |fs: &Watched| fs::metadata(fs.at("d/g")).expect("an answer").nlink();
        let fs = late(
            trust,
            Rule::on(CallKind::Remove).at("d/f"),
            |fs| {
                drop(fs::hard_link(fs.at("d/f"), fs.at("d/g")));
                assert_eq!(links(fs), 2);
            },
            |fs| fs::remove_file(fs.at("d/f")),
            |fs| fs.outside.stat("d/f").is_err(),
        );
        eventually("the number of its names", || links(&fs) == 1);
    }
}

#[test]
fn a_name_that_comes() {
    for trust in MODES {
        let fs = late(
            trust,
            Rule::on(CallKind::Create).at("d/new"),
            |fs| assert!(fs::metadata(fs.at("d/new")).is_err()),
            |fs| File::create_new(fs.at("d/new")).map(drop),
            |fs| fs.outside.stat("d/new").is_ok(),
        );
        eventually("a name that came to be", || fs::metadata(fs.at("d/new")).is_ok());
    }
}

#[test]
fn a_listing() {
    for trust in MODES {
        let listed = |fs: &Watched| fs::read_dir(fs.at("d")).expect("a listing").count();
        let fs = late(
            trust,
            Rule::on(CallKind::MakeDir).at("d/new"),
            |fs| (0..2).for_each(|_| assert_eq!(listed(fs), 1)),
            |fs| fs::create_dir(fs.at("d/new")),
            |fs| fs.outside.stat("d/new").is_ok(),
        );
        eventually("the listing", || listed(&fs) == 2);
    }
}

#[test]
fn a_name_that_becomes_another() {
    for trust in MODES {
        let fs = late(
            trust,
            Rule::on(CallKind::Rename).at("d/f"),
            |fs| assert!(fs::metadata(fs.at("d/f")).is_ok() && fs::metadata(fs.at("d/g")).is_err()),
            |fs| fs::rename(fs.at("d/f"), fs.at("d/g")),
            |fs| fs.outside.stat("d/g").is_ok(),
        );
        eventually("both names", || {
            fs::metadata(fs.at("d/f")).is_err() && fs::metadata(fs.at("d/g")).is_ok()
        });
    }
}

#[test]
fn attributes() {
    for trust in MODES {
        let mode = |fs: &Watched| fs::metadata(fs.at("d/f")).expect("an answer").permissions().mode() & 0o777;
        let fs = late(
            trust,
            Rule::on(CallKind::SetAttr).at("d/f"),
            |fs| assert_ne!(mode(fs), 0o600),
            |fs| fs::set_permissions(fs.at("d/f"), Permissions::from_mode(0o600)),
            |fs| fs.outside.stat("d/f").expect("an answer").mode.bits() & 0o777 == 0o600,
        );
        eventually("the mode", || mode(&fs) == 0o600);
    }
}

#[test]
fn bytes() {
    for trust in MODES {
        let fs = late(
            trust,
            Rule::on(CallKind::Write).at("d/f"),
            |fs| assert_eq!(fs::read(fs.at("d/f")).expect("reading"), b"first"),
            |fs| OpenOptions::new().write(true).open(fs.at("d/f"))?.write_at(b"other", 0).map(drop),
            |fs| fs.outside.read("d/f").expect("reading") == b"other",
        );
        eventually("the bytes", || fs::read(fs.at("d/f")).expect("reading") == b"other");
    }
}
