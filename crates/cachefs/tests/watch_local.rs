//! A cache over a real directory, which another process changes.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its tree may panic")]

mod support;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use cachefs::{BuildError, CacheFs};
use cachefs_testkit::CountFs;
use cachefs_vfs::{LocalFs, VfsExt, WatchMethod};

use support::outside::watching;
use support::{bytes, wait_until};

fn sh(dir: &Path, script: &str) {
    assert!(Command::new("sh").arg("-c").arg(script).current_dir(dir).status().unwrap().success());
}

fn check(method: WatchMethod) {
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path();
    std::fs::create_dir(source.join("dir")).unwrap();
    std::fs::write(source.join("dir/file"), bytes(1, 100_000)).unwrap();
    let counts = Arc::new(CountFs::new(Arc::new(LocalFs::open(source).unwrap())));
    let build = || CacheFs::builder(counts.clone()).coherence(watching(method)).readahead(0).build();
    let cache = match build() {
        Err(BuildError::Watch(error)) => return skip(method, &error),
        other => other.unwrap(),
    };
    let learn = || {
        assert!(cache.read("dir/file").unwrap() == std::fs::read(source.join("dir/file")).unwrap());
        assert!(!cache.exists("dir/missing").unwrap());
        cache.list("dir").unwrap();
        cache.stat("dir").unwrap();
    };
    // Until what was asked for before it was watched has no lifetime any more.
    wait_until("silence", || {
        counts.reset();
        learn();
        counts.calls() == 0
    });
    let within = |what: &str, seen: &dyn Fn() -> bool| wait_until(&format!("{method:?}: {what}"), seen);
    sh(source, "printf changed | dd of=dir/file conv=notrunc status=none");
    within("bytes", &|| cache.read("dir/file").unwrap().starts_with(b"changed"));
    sh(source, "echo new > dir/missing; chmod 600 dir/file");
    within("a name", &|| cache.read("dir/missing").is_ok_and(|content| content == b"new\n"));
    within("a mode", &|| cache.stat("dir/file").unwrap().mode.bits() == 0o600);
    within("a listing", &|| cache.list("dir").unwrap().len() == 2);
    sh(source, "mv dir/missing dir/file");
    within("a rename", &|| {
        cache.read("dir/file").unwrap() == b"new\n" && !cache.exists("dir/missing").unwrap()
    });
    sh(source, "rm dir/file");
    within("a removal", &|| !cache.exists("dir/file").unwrap() && cache.list("dir").unwrap().is_empty());
    assert!(cache.coherence().watch.unwrap().lost.is_none());
}

#[expect(clippy::print_stderr, reason = "a skipped test says why")]
fn skip(method: WatchMethod, error: &cachefs_vfs::Error) {
    eprintln!("{method:?} skipped: {error}");
}

#[test]
fn by_filesystem() {
    check(WatchMethod::Filesystem);
}

#[test]
fn by_directory() {
    check(WatchMethod::Directories);
}

#[test]
fn by_name() {
    check(WatchMethod::Inotify);
}
