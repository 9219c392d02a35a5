//! What others put where something was that we knew. Needs root.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its tree may panic")]

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use cachefs::{BuildError, CacheFs};
use cachefs_testkit::CountFs;
use cachefs_vfs::{LocalFs, VfsExt, WatchMethod};

use support::outside::{METHODS, watching};
use support::wait_until;

fn sh(dir: &Path, script: &str) -> bool {
    Command::new("sh").arg("-ec").arg(script).current_dir(dir).status().unwrap().success()
}

#[expect(clippy::print_stderr, reason = "who runs the tests is to know what was not tested")]
fn skip(what: &str, why: &dyn std::fmt::Display) {
    eprintln!("{what} is skipped: {why}");
}

struct Unmount(PathBuf);

impl Drop for Unmount {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(&self.0).status());
    }
}

/// On overlayfs there are no generations: a directory that is made again gets the number of the one that was removed,
/// while a handle of ours still stands for that.
fn directory_made_again(method: WatchMethod) {
    let temp = tempfile::tempdir().unwrap();
    let layers = "lowerdir=lower,upperdir=upper,workdir=work";
    if !sh(temp.path(), &format!("mkdir lower upper work all; mount -t overlay none -o {layers} all")) {
        return skip("overlayfs", &"it cannot be mounted here");
    }
    let source = temp.path().join("all");
    let _unmount = Unmount(source.clone());
    assert!(sh(&source, "mkdir dir other; echo before > dir/file; echo x > other/file"));
    let counts = Arc::new(CountFs::new(Arc::new(LocalFs::open(&source).unwrap())));
    let cache = CacheFs::builder(counts.clone()).coherence(watching(method)).readahead(0).handles_max(1);
    let cache = match cache.build() {
        Err(BuildError::Watch(error)) => return skip(&format!("{method:?}"), &error),
        other => other.unwrap(),
    };
    let silence = |content: &[u8]| {
        wait_until(&format!("{method:?}: silence"), || {
            counts.reset();
            cache.read("dir/file").is_ok_and(|now| now == content) && counts.calls() == 0
        });
    };
    silence(b"before\n");
    let held = cache.dir("dir").unwrap();
    cache.read("other/file").unwrap();
    assert!(sh(&source, "rm dir/file; rmdir dir; mkdir dir; echo middle > dir/file"));
    silence(b"middle\n");
    assert!(sh(&source, "echo after > dir/file"));
    wait_until(&format!("{method:?}: the new one's change"), || {
        cache.read("dir/file").is_ok_and(|now| now == b"after\n")
    });
    drop(held);
}

#[test]
fn a_directory_made_again_while_its_forerunner_is_held_is_watched() {
    METHODS.into_iter().for_each(directory_made_again);
}
