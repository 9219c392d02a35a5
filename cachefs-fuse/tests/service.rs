//! A mount as a service: what the service manager is told, what the journal reads, and the unit that is shipped.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may fail where it stands, and say what it skips"
)]

mod site;

use std::fs;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::process::Command;

use rustix::process::Signal;
use site::{Daemon, PATIENCE, Site, run, wait_until};

const UNIT: &str = include_str!("../../dist/systemd/cachefs@.service");

/// Stands for the service manager.
struct Manager(UnixDatagram);

impl Manager {
    fn listen(site: &Site) -> Self {
        Self::over(UnixDatagram::bind(site.top().join("notify")).unwrap())
    }

    fn over(socket: UnixDatagram) -> Self {
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Self(socket)
    }

    fn hear(&self) -> String {
        let mut text = [0; 4096];
        let length = self.0.recv(&mut text).expect("told");
        String::from_utf8_lossy(&text[..length]).into_owned()
    }

    /// Hears until something begins like this.
    fn hear_until(&self, begins: &str) -> String {
        loop {
            let text = self.hear();
            if text.starts_with(begins) {
                return text;
            }
        }
    }
}

#[test]
fn a_service_tells_its_manager_of_its_life() {
    let site = Site::with_file("hello", b"world");
    let manager = Manager::listen(&site);
    let state = site.top().join("state");
    let mut command = site.command(&["--mode", "back", "--flush-after", "1h", "--dirty-age", "2h"]);
    command.arg("--state-dir").arg(&state).env("NOTIFY_SOCKET", site.top().join("notify"));
    let mut daemon = Daemon::in_foreground(&mut command);
    let status = format!("{} on {}", site.source().display(), site.mountpoint().display());
    assert_eq!(manager.hear_until("READY=1"), format!("READY=1\nSTATUS={status}"));

    daemon.signal(Signal::HUP);
    let told = manager.hear();
    let micros = told.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").unwrap().parse::<u64>().unwrap();
    assert!(micros > 0);
    assert!(manager.hear().starts_with("READY=1"), "the mount goes on");

    fs::write(site.mountpoint().join("new"), vec![7; 100_000]).unwrap();
    daemon.signal(Signal::TERM);
    assert!(manager.hear().starts_with("STOPPING=1"));
    let told = manager.hear_until("EXTEND_TIMEOUT_USEC=60000000");
    assert!(told.contains("STATUS=Writing back: "), "{told}");
    assert_eq!(daemon.exit_code(), Some(0));
    assert_eq!(fs::read(site.source().join("new")).unwrap().len(), 100_000);
}

#[test]
fn in_the_background_the_manager_hears_who_serves() {
    let site = Site::new();
    let name = format!("cachefs-test-service-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).unwrap();
    let manager = Manager::over(UnixDatagram::bind_addr(&address).unwrap());
    let output = run(site.command(&["--json"]).env("NOTIFY_SOCKET", format!("@{name}")));
    let mut daemon = Daemon::from_ready_line(&output);
    assert_eq!(manager.hear(), format!("MAINPID={}\nREADY=1", daemon.pid().as_raw_nonzero()));
    daemon.signal(Signal::TERM);
    daemon.wait_ended();
    assert!(manager.hear().starts_with("STOPPING=1"));
}

#[test]
fn a_journal_reads_how_grave_each_line_is() {
    let site = Site::with_file("hello", b"world");
    let journal = fs::File::create(site.top().join("journal")).unwrap();
    let about = journal.metadata().unwrap();
    let mut command = site.command(&["-v"]);
    command.env("JOURNAL_STREAM", format!("{}:{}", about.dev(), about.ino())).stderr(journal);
    let mut daemon = Daemon::in_foreground(&mut command);
    let held = fs::File::open(site.mountpoint().join("hello")).unwrap();
    daemon.signal(Signal::TERM);
    let read = || fs::read_to_string(site.top().join("journal")).unwrap();
    wait_until("told that it is busy", || read().contains("is busy"));
    drop(held);
    assert_eq!(daemon.exit_code(), Some(0));
    let text = read();
    let grave = |severity: &str, line: &str| {
        text.lines().any(|found| found.starts_with(severity) && found.contains(line))
    };
    assert!(grave("<6> INFO", "unmounting") && grave("<4> WARN", "is busy"), "{text}");
    assert!(text.lines().all(|line| line.starts_with('<')), "{text}");
}

#[test]
fn the_unit_is_well_formed() {
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        return println!("skipped: systemd-analyze is not installed");
    }
    let top = tempfile::tempdir().unwrap();
    let unit = top.path().join("cachefs@mnt-fast.service");
    let program = "/usr/local/bin/cachefs-mount";
    assert!(UNIT.contains(program));
    fs::write(&unit, UNIT.replace(program, env!("CARGO_BIN_EXE_cachefs-mount"))).unwrap();
    let output = run(Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(&unit));
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    let reload = UNIT.lines().find(|line| line.starts_with("ExecReload=")).unwrap();
    assert!(reload.contains("-HUP") && UNIT.contains("Type=notify"));
}
