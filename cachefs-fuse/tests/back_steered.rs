//! Steering a mount with `--mode back` while programs write, and while its source hangs: what is asked ends all the same.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod back;
mod site;

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::fs::FileExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use back::{Faulty, cachefs, foreground, mount, state, text, told};
use cachefs_fuse::control::Trace;
use cachefs_testkit::{CallKind, Rule};
use rustix::process::Signal;
use site::{PATIENCE, Site, bare, run};

/// Writes to a file over and over, until it is dropped.
struct Writer {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    fn of(path: &Path) -> Self {
        let file = File::create(path).unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let over = Arc::clone(&stop);
        let write = move || {
            for at in (0..256).cycle().take_while(|_| !over.load(Ordering::Relaxed)) {
                file.write_all_at(&[7; 4096], at * 4096).unwrap();
            }
        };
        Self { stop, thread: Some(thread::spawn(write)) }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let ended = self.thread.take().unwrap().join();
        assert!(ended.is_ok() || thread::panicking(), "the writer was served to its end");
    }
}

#[test]
fn a_flush_and_an_umount_end_while_somebody_writes_on() {
    let site = Site::new();
    let mut daemon = foreground(&site, &[]);
    fs::write(site.mountpoint().join("f"), b"text").unwrap();
    let writer = Writer::of(&site.mountpoint().join("busy"));
    let (code, outcome) = told("flush", &[&site.mountpoint()]);
    assert_eq!((code, &outcome["left"]), (0, &serde_json::json!([])), "{outcome}");
    assert_eq!(fs::read(site.source().join("f")).unwrap(), b"text");
    assert_eq!(told("flush", &[&site.mountpoint().join("busy")]).0, 0);
    let busy = cachefs([Path::new("umount"), &site.mountpoint()]);
    assert_eq!(busy.status.code(), Some(5), "{busy:?}");
    assert!(text(&busy).contains("is busy"), "{busy:?}");
    let (_, outcome) = told("umount", &[Path::new("--lazy"), &site.mountpoint()]);
    assert_eq!(outcome["detached"], true, "{outcome}");
    assert_eq!(site.mounts(), [""; 0]);
    drop(writer);
    assert_eq!(daemon.exit_code(), Some(0));
    assert_eq!(fs::read(site.source().join("busy")).unwrap(), vec![7; 256 * 4096]);
}

#[test]
fn a_daemon_that_is_killed_leaves_a_trace_of_its_journal() {
    let site = Site::new();
    let mut daemon = foreground(&site, &[]);
    let socket = std::path::PathBuf::from(daemon.told("control").as_str().unwrap());
    fs::write(site.mountpoint().join("f"), b"text").unwrap();
    daemon.signal(Signal::KILL);
    daemon.exit_code();
    let left = Trace::of(&socket).unwrap();
    assert_eq!(left.source, site.source().canonicalize().unwrap());
    assert!(left.state.unwrap().starts_with(state(&site).canonicalize().unwrap()));
    let mut next = foreground(&site, &[]);
    let socket = std::path::PathBuf::from(next.told("control").as_str().unwrap());
    assert!(Trace::of(&socket).is_some());
    assert_eq!(told("umount", &[&site.mountpoint()]).0, 0);
    assert_eq!(next.exit_code(), Some(0));
    assert_eq!(Trace::of(&socket), None, "nothing is left to be told");
}

#[test]
fn a_mount_that_is_detached_says_so_and_can_be_ended() {
    let site = Site::new();
    fs::create_dir(site.top().join("other")).unwrap();
    let mut daemon = foreground(&site, &[]);
    let held = File::create(site.mountpoint().join("f")).unwrap();
    assert_eq!(told("umount", &[Path::new("--lazy"), &site.mountpoint()]).1["detached"], true);
    let socket = daemon.told("control").as_str().unwrap().to_owned();
    let mut client = cachefs_fuse::control::Client::connect(Path::new(&socket)).unwrap();
    let request = cachefs_fuse::control::Request::new("status", serde_json::Value::Null);
    assert_eq!(client.call(&request, |_| ()).unwrap()["stage"], "detached");
    // Who comes next is told what to do about it.
    let pid = daemon.pid().as_raw_nonzero();
    for mode in ["back", "through"] {
        let other = site.top().join("other");
        let output =
            run(bare().arg(site.source()).arg(other).args(["--mode", mode, "--state-dir"]).arg(state(&site)));
        let told = text(&output);
        assert_eq!(output.status.code(), Some(32), "{told}");
        assert!(told.contains("detached") && told.contains(&format!("`kill {pid}`")), "{told}");
    }
    held.write_all_at(b"text", 0).unwrap();
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.exit_code(), Some(0));
    assert_eq!(fs::read(site.source().join("f")).unwrap(), b"text");
}

#[test]
fn a_source_that_hangs_does_not_keep_who_asks() {
    let faulty = Faulty::new(0);
    let site = &faulty.site;
    let daemon = mount(site, &[]);
    fs::create_dir(site.mountpoint().join("d")).unwrap();
    fs::write(site.mountpoint().join("d/f"), b"text").unwrap();
    let hung = faulty.faults.add(Rule::on(CallKind::Write).hang()).release_on_drop();
    let socket = daemon.told("control").as_str().unwrap().to_owned();
    // More than may ask at a time; each has gone before it is answered.
    for _ in 0..40 {
        let mut forgotten = UnixStream::connect(&socket).unwrap();
        _ = forgotten.write_all(b"{\"version\":1,\"verb\":\"flush\",\"path\":\"d/f\"}\n");
    }
    assert!(hung.wait_waiting(1, PATIENCE), "it is written to the source");
    site::wait_until("those who are gone are forgotten", || {
        let ended = cachefs([
            Path::new("flush"),
            Path::new("--timeout"),
            Path::new("1s"),
            &site.mountpoint().join("d/f"),
        ]);
        ended.status.code() == Some(10)
    });
    let (code, outcome) =
        told("flush", &[Path::new("--timeout"), Path::new("1s"), &site.mountpoint().join("d")]);
    assert_eq!((code, &outcome["left"][0]["path"]), (10, &"d/f".into()), "{outcome}");
    assert_eq!(told("status", &[&site.mountpoint()]).0, 0);
    drop(hung);
    assert_eq!(told("flush", &[&site.mountpoint().join("d/f")]).0, 0);
    assert_eq!(fs::read(faulty.beneath("d/f")).unwrap(), b"text");
}

#[test]
fn who_asks_for_a_path_gets_away_from_a_source_that_hangs() {
    let faulty = Faulty::new(0);
    let _daemon = mount(&faulty.site, &["--deadline", "1h"]);
    fs::write(faulty.beneath("f"), b"text").unwrap();
    let hung = [CallKind::Stat, CallKind::Open]
        .map(|call| faulty.faults.add(Rule::on(call).hang()).release_on_drop());
    let mut status = Command::new(env!("CARGO_BIN_EXE_cachefs"))
        .arg("status")
        .arg(faulty.site.mountpoint().join("f"))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let ended = site::wait_for(|| status.try_wait().unwrap());
    drop(hung);
    let mut said = String::new();
    status.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(ended.and_then(|ended| ended.code()), Some(5), "{said}");
    assert!(said.contains("the mount does not answer"), "{said}");
}
