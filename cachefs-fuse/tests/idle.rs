//! A mount that nobody uses costs nothing: its threads sleep until there is something to do.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod site;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::process::Pid;
use site::{Site, wait_until};

/// The unit of processor times in `/proc`.
const TICK: Duration = Duration::from_millis(10);
/// Of all threads together: a few look after things now and then, none polls.
const WAKES_PER_SECOND_MAX: u64 = 40;
/// How long to look; the soak looks for a minute, in which a thousandth of a core shows.
const SECONDS: (&str, u64) = ("CACHEFS_IDLE_SECONDS", 5);

#[test]
fn a_mount_with_a_ttl_sleeps_while_nobody_uses_it() {
    sleeps(&["--ttl", "1s", "--metrics", "127.0.0.1:0"]);
}

/// Watched by directories: the watch of a filesystem is told of everything that others do on it.
#[test]
fn a_watched_mount_sleeps_while_nobody_uses_it() {
    sleeps(&["--coherence", "watch:inotify"]);
}

/// Who waits for the end of the mount is woken a few times while there are a thousand requests, not by each of them.
#[test]
fn requests_wake_those_who_serve_them_only() {
    let site = Site::with_file("file", b"x");
    let daemon = site.mount(&["--coherence", "open"]);
    let pid = daemon.pid();
    let waiter = PathBuf::from(format!("/proc/{0}/task/{0}/status", pid.as_raw_nonzero()));
    settle(pid);
    let before = slept(&waiter).unwrap();
    for number in 0..1000 {
        assert!(!site.mountpoint().join(format!("missing-{number}")).exists());
    }
    let woken = slept(&waiter).unwrap() - before;
    assert!(woken < 300, "woken {woken} times by 1000 requests");
}

/// Uses a mount, lets it settle, and then looks what it does.
fn sleeps(arguments: &[&str]) {
    let seconds = std::env::var(SECONDS.0).map_or(SECONDS.1, |seconds| seconds.parse().unwrap());
    let span = Duration::from_secs(seconds);
    let busy_max = (span / 1000).max(3 * TICK);
    let site = Site::with_file("file", &[7; 1 << 20]);
    let daemon = site.mount(arguments);
    assert_eq!(fs::read(site.mountpoint().join("file")).unwrap().len(), 1 << 20);
    assert_eq!(fs::read_dir(site.mountpoint()).unwrap().count(), 1);
    let pid = daemon.pid();
    settle(pid);
    let (busy, woken) = (busy(pid), wakes(pid));
    std::thread::sleep(span); // sleep: the span that is measured
    let (busy, woken) = (self::busy(pid) - busy, wakes(pid).saturating_sub(woken));
    assert!(busy <= busy_max, "{arguments:?}: {busy:?} of processor time in {span:?}");
    assert!(
        woken <= WAKES_PER_SECOND_MAX * span.as_secs(),
        "{arguments:?}: threads woke {woken} times in {span:?}"
    );
}

/// Waits for half a second in which it takes no time.
fn settle(pid: Pid) {
    let (mut since, mut before) = (Instant::now(), busy(pid));
    wait_until("the mount settles", || {
        let now = busy(pid);
        if now != before {
            (since, before) = (Instant::now(), now);
        }
        since.elapsed() > Duration::from_millis(500)
    });
}

/// Processor time so far.
fn busy(pid: Pid) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).unwrap();
    // Behind the name, which may hold anything: the state comes first, the user time twelfth.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    TICK * fields[11..13].iter().map(|ticks| ticks.parse::<u32>().unwrap()).sum::<u32>()
}

/// How often its threads went to sleep so far.
fn wakes(pid: Pid) -> u64 {
    let tasks = fs::read_dir(format!("/proc/{}/task", pid.as_raw_nonzero())).unwrap();
    tasks.map(|task| slept(&task.unwrap().path().join("status")).unwrap_or(0)).sum()
}

/// How often the thread with this status did; `None` if it has ended.
fn slept(status: &Path) -> Option<u64> {
    let status = fs::read_to_string(status).ok()?;
    let count = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))?;
    Some(count.trim().parse().unwrap())
}
