//! A mounted filesystem in memory that others change, and of which the kernel believes all it was told.

use std::hint::spin_loop;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use cachefs_fuse::{Mount, MountConfig, NoticeKind, Op, Trust};
use cachefs_testkit::{FaultFs, OutsideFs};
use cachefs_vfs::{MemFs, SetAttr, SetTime, Vfs, VfsExt, WatchMethod};

use crate::support::{MountGuard, config};

/// The mount, and both ways to the filesystem beneath.
#[derive(Debug)]
pub(crate) struct Watched {
    pub(crate) guard: MountGuard,
    /// Strikes calls of the mount only.
    pub(crate) faults: Arc<FaultFs>,
    pub(crate) fs: Arc<OutsideFs>,
    /// The same tree, in which somebody else works.
    pub(crate) outside: Arc<dyn Vfs>,
}

impl std::ops::Deref for Watched {
    type Target = MountGuard;

    fn deref(&self) -> &MountGuard {
        &self.guard
    }
}

/// What is not covered is asked for each time, so that whatever is believed is believed for ever.
pub(crate) fn told() -> MountConfig {
    MountConfig {
        trust: Trust::Watch,
        attr_ttl: Duration::ZERO,
        entry_ttl: Duration::ZERO,
        negative_ttl: Duration::ZERO,
        ..config()
    }
}

/// Mounts a filesystem that `fill` made, watched as a whole.
pub(crate) fn watched(config: MountConfig, fill: impl FnOnce(&MemFs)) -> Watched {
    watched_by(WatchMethod::Filesystem, config, fill)
}

/// Mounts a filesystem that `fill` made.
pub(crate) fn watched_by(method: WatchMethod, config: MountConfig, fill: impl FnOnce(&MemFs)) -> Watched {
    let memory = MemFs::new();
    fill(&memory);
    let fs = Arc::new(OutsideFs::new(Arc::new(memory)));
    fs.scope(method);
    let faults = Arc::new(FaultFs::new(Arc::clone(&fs) as _));
    let dir = tempfile::tempdir().expect("a directory");
    let guard = MountGuard::new(Arc::clone(&faults) as _, dir, config);
    let outside = fs.outside();
    Watched { guard, faults, fs, outside }
}

impl Watched {
    /// Lets others change the names in a directory, which shows no other time after that.
    pub(crate) fn change_keeping_time(&self, dir: &str, change: impl FnOnce()) {
        let mtime = SetTime::To(self.outside.stat(dir).expect("a directory").mtime);
        change();
        let set = SetAttr { mtime: Some(mtime), ..SetAttr::default() };
        self.outside.dir(dir).expect("a directory").set_attr(&set).expect("another time");
    }
}

/// How many requests the mount received that were for an answer.
pub(crate) fn asked(mount: &Mount) -> u64 {
    let forgets = |op: Op| matches!(op, Op::Forget | Op::Release | Op::ReleaseDir);
    mount.requests().ops.iter().filter(|op| !forgets(op.op)).map(|op| op.received).sum()
}

/// How many of one kind.
pub(crate) fn asked_of(mount: &Mount, op: Op) -> u64 {
    mount.requests().ops.iter().find(|found| found.op == op).map_or(0, |found| found.received)
}

/// How many notices of one kind the kernel was given.
pub(crate) fn noticed(mount: &Mount, kind: NoticeKind) -> u64 {
    mount.requests().notices.sent.iter().find(|sent| sent.kind == kind).map_or(0, |sent| sent.count)
}

/// Runs `ask` and `change` at about the same time in each round, and `check` after both. A thread that panics ends the
/// other.
pub(crate) fn at_once(rounds: u32, ask: impl Fn(u32), change: impl Fn(u32) + Send, check: impl Fn(u32)) {
    let (start, started) = sync_channel::<u32>(0);
    let (finish, finished) = sync_channel::<()>(0);
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for round in started {
                // Offsets in all sizes from nothing to a few requests.
                (0..round.wrapping_mul(2_654_435_761) >> 17).for_each(|_| spin_loop());
                change(round);
                if finish.send(()).is_err() {
                    break;
                }
            }
        });
        for round in 0..rounds {
            start.send(round).expect("the other thread goes on");
            ask(round);
            finished.recv().expect("the other thread made its change");
            check(round);
        }
        drop(start);
    });
}
