//! A filesystem that does not answer hurts only those who need it, and not for ever.

#[expect(dead_code, reason = "shared by several tests, each of which uses a part")]
mod support;

use std::fs;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cachefs_fuse::MountConfig;
use cachefs_testkit::{CallKind, FaultFs, Rule, RuleHandle};
use cachefs_vfs::{MemFs, Vfs, VfsExt};
use rustix::io::Errno;
use support::{MountGuard, PATIENCE, eventually, uncached};

const DEADLINE: Duration = Duration::from_millis(400);

/// A mount whose calls can be held up.
struct Faulty {
    guard: MountGuard,
    faults: Arc<FaultFs>,
}

impl std::ops::Deref for Faulty {
    type Target = MountGuard;

    fn deref(&self) -> &MountGuard {
        &self.guard
    }
}

/// A mount on which everything below `hung` hangs until released.
fn hanging(config: MountConfig) -> (Faulty, RuleHandle) {
    let memory = MemFs::new();
    for dir in ["hung", "well"] {
        memory.create_dir(dir).expect("a directory");
        for n in 0..8 {
            memory.write(format!("{dir}/{n}"), b"bytes").expect("a file");
        }
    }
    let faults = Arc::new(FaultFs::new(Arc::new(memory)));
    let guard = MountGuard::new(
        Arc::clone(&faults) as Arc<dyn Vfs>,
        tempfile::tempdir().expect("a directory"),
        config,
    );
    assert!(guard.at("hung").is_dir());
    let rule =
        faults.add(Rule::on(CallKind::Stat).or(CallKind::ReadDir).or(CallKind::Open).within("hung").hang());
    (Faulty { guard, faults }, rule)
}

fn timed_out<T>(result: io::Result<T>) -> bool {
    result.is_err_and(|e| e.raw_os_error() == Some(Errno::TIMEDOUT.raw_os_error()))
}

#[test]
fn calls_that_hang_are_answered_at_their_deadline_and_others_go_on() {
    let (guard, rule) = hanging(MountConfig { deadline: DEADLINE, readers: 2, ..uncached() });
    let started = Instant::now();
    std::thread::scope(|scope| {
        for n in 0..8 {
            let path = guard.at(format!("hung/{n}"));
            scope.spawn(move || assert!(timed_out(fs::metadata(path))));
        }
        assert!(rule.wait_waiting(2, PATIENCE), "calls hang");
        for n in 0..8 {
            assert_eq!(fs::read(guard.at(format!("well/{n}"))).unwrap(), b"bytes");
        }
        assert!(started.elapsed() < DEADLINE, "others did not wait for those that hang");
    });
    assert!(started.elapsed() >= DEADLINE);
    let requests = guard.mount().requests();
    assert_eq!(requests.timed_out, 8);

    // Four calls on the directory are overdue: the next is refused without being tried.
    let waiting = rule.waiting();
    let started = Instant::now();
    assert!(timed_out(fs::metadata(guard.at("hung/0"))));
    assert!(started.elapsed() < DEADLINE && rule.waiting() == waiting);

    rule.release();
    eventually("the directory's return", || fs::metadata(guard.at("hung/0")).is_ok());
}

#[test]
fn a_mount_with_hanging_calls_can_be_removed() {
    let (guard, rule) = hanging(MountConfig { deadline: Duration::from_secs(60), readers: 2, ..uncached() });
    let path = guard.at("hung/1");
    let caller = std::thread::spawn(move || fs::metadata(path));
    assert!(rule.wait_waiting(1, PATIENCE));
    let started = Instant::now();
    drop(guard);
    assert!(started.elapsed() < Duration::from_secs(5), "it took {:?}", started.elapsed());
    rule.release();
    assert!(caller.join().is_ok());
}

#[test]
fn a_sync_is_waited_for_longer_than_other_calls() {
    let (guard, rule) = hanging(MountConfig { deadline: DEADLINE, readers: 3, ..uncached() });
    let file = fs::OpenOptions::new().write(true).open(guard.at("well/0")).unwrap();
    let sync = guard.faults.add(Rule::on(CallKind::SyncFile).hang());
    std::thread::scope(|scope| {
        let synced = scope.spawn(|| file.sync_all());
        assert!(sync.wait_waiting(1, PATIENCE));
        // Asked later and given up: the other deadline has passed.
        assert!(timed_out(fs::metadata(guard.at("hung/0"))));
        sync.release();
        synced.join().unwrap().expect("a slow sync is a sync");
    });
    rule.release();
}

#[test]
fn a_sync_is_not_waited_for_for_ever() {
    let config = MountConfig { deadline: DEADLINE, sync_deadline: Some(DEADLINE), readers: 3, ..uncached() };
    let (guard, _) = hanging(config);
    let file = fs::OpenOptions::new().write(true).open(guard.at("well/0")).unwrap();
    let sync = guard.faults.add(Rule::on(CallKind::SyncFile).hang());
    assert!(timed_out(file.sync_all()));
    sync.release();
}
