//! `--mode back`: who waits is told for what, once and at once, and not longer than was said.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod back;
mod site;

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use back::{Faulty, command, foreground, state, told};
use cachefs_testkit::{CallKind, Rule};
use cachefs_writeback::state_dir::{Source, StateDir};
use rustix::mount::{UnmountFlags, unmount};
use rustix::process::Signal;
use site::{Daemon, PATIENCE, Site, run, wait_for};

/// A program whose words are listened to.
struct Speaker {
    child: Child,
    words: BufReader<std::process::ChildStderr>,
}

impl Speaker {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let words = BufReader::new(child.stderr.take().unwrap());
        Self { child, words }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.words.read_line(&mut line).unwrap();
        line
    }

    /// Its exit code, and what else it said.
    fn end(mut self) -> (Option<i32>, String) {
        let mut rest = String::new();
        self.words.read_to_string(&mut rest).unwrap();
        let ended = wait_for(|| self.child.try_wait().unwrap());
        (ended.expect("it has ended").code(), rest)
    }
}

impl Drop for Speaker {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

fn cachefs(verb: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cachefs"));
    command.arg(verb).stdin(Stdio::null());
    command
}

#[test]
fn a_source_that_hangs_is_waited_for_once() {
    const GIVEN: Duration = Duration::from_secs(2);
    let faulty = Faulty::new(0);
    let site = &faulty.site;
    let mut daemon = foreground(site, &["--drain-patience", "2s"]);
    fs::write(site.mountpoint().join("f"), b"text").unwrap();
    let hung = faulty.faults.add(Rule::on(CallKind::Write).hang()).release_on_drop();
    let began = Instant::now();
    let (code, outcome) = told("umount", &[&site.mountpoint()]);
    let took = began.elapsed();
    assert!(hung.wait_waiting(1, PATIENCE), "it is written to the source");
    assert_eq!((code, outcome["dirty_files"].as_u64()), (10, Some(1)), "{outcome}");
    assert!(took >= GIVEN && took < GIVEN * 2, "once before the mount leaves, not again behind it: {took:?}");
    // What hangs in the source keeps the process from ending, not those who wait for it.
    drop(hung);
    assert_eq!(daemon.exit_code(), Some(10));
}

#[test]
fn a_state_directory_that_is_refused_is_not_made() {
    let site = Site::new();
    let inside = site.source().join("a/b");
    let mut command = site.command(&["--mode", "back", "--state-dir"]);
    let output = run(command.arg(&inside));
    assert_eq!(output.status.code(), Some(32), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains(inside.to_str().unwrap()), "{output:?}");
    assert_eq!(fs::read_dir(site.source()).unwrap().count(), 0);
}

#[test]
fn who_waits_for_the_mount_before_is_told_at_once() {
    let site = Site::new();
    let source = Source::of(&site.source()).unwrap();
    let hold = || {
        let held = StateDir::open(&state(&site), &source, None, Duration::ZERO, |_| ()).unwrap();
        held.begin_drain().unwrap();
        held
    };
    let held = hold();
    let mut recover =
        Speaker::start(cachefs("recover").arg(site.source()).arg("--state-dir").arg(state(&site)));
    let line = recover.line();
    assert!(line.contains("waiting at most 60 s for the last mount"), "{line}");
    drop(held);
    assert_eq!(recover.end().0, Some(0));
    let held = hold();
    let mut mounting = Speaker::start(&mut command(&site, &[]));
    let line = mounting.line();
    assert!(line.contains("waiting at most 60 s for the mount before this one"), "{line}");
    drop(held);
    assert_eq!(mounting.end().0, Some(0));
    assert_eq!(told("umount", &[&site.mountpoint()]).0, 0);
}

#[test]
fn a_replay_is_told_once_where_people_look() {
    let site = Site::new();
    for (round, is_log_apart) in [(1, false), (2, true)] {
        let mut killed = foreground(&site, &[]);
        fs::write(site.mountpoint().join("f"), vec![b'x'; round]).unwrap();
        killed.signal(Signal::KILL);
        killed.exit_code();
        unmount(site.mountpoint(), UnmountFlags::DETACH).unwrap();
        let (words, log) = (site.top().join("words"), site.top().join("own-log"));
        let mut next = site.command(&["--mode", "back", "--state-dir"]);
        next.arg(state(&site)).stderr(File::create(&words).unwrap());
        if is_log_apart {
            next.arg("--log").arg(&log);
        }
        let mut next = Daemon::in_foreground(&mut next);
        assert_eq!(told("umount", &[&site.mountpoint()]).0, 0);
        assert_eq!(next.exit_code(), Some(0));
        let count = |path: &Path| {
            fs::read_to_string(path).unwrap_or_default().matches("replayed the journal").count()
        };
        assert_eq!((count(&words), count(&log)), (1, usize::from(is_log_apart)));
    }
}

#[test]
fn who_asks_a_daemon_that_is_stopped_is_told() {
    let site = Site::new();
    let mut daemon = foreground(&site, &[]);
    let pid = daemon.pid().as_raw_nonzero();
    daemon.signal(Signal::STOP);
    let mut umount = Speaker::start(cachefs("umount").arg(site.mountpoint()));
    let line = umount.line();
    daemon.signal(Signal::CONT);
    assert!(line.contains("says nothing") && line.contains(&format!("`kill -CONT {pid}`")), "{line}");
    assert_eq!(umount.end().0, Some(0));
    assert_eq!(daemon.exit_code(), Some(0));
}
