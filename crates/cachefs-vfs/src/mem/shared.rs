use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::{Mutex, RwLock};

use super::node::Node;
use super::quota::Quota;
use crate::{Mode, Owner, Time};

const NANOS: i64 = 1_000_000_000;

/// The time of day, as [`super::MemFsBuilder::clock`] takes it.
pub(super) type Clock = Box<dyn Fn() -> Time + Send + Sync>;

/// What all inodes of one filesystem share.
pub(super) struct Shared {
    /// Tells this filesystem from others of the process.
    pub(super) device: u64,
    /// Held by whoever locks more than one inode, or changes the place of a directory.
    pub(super) tree: Mutex<()>,
    /// Paid for by contents.
    pub(super) pages: Quota,
    /// Paid for by existing.
    pub(super) inodes: Quota,
    pub(super) file_size_max: u64,
    pub(super) granularity: Duration,
    clock: Clock,
    /// The last time handed out, in nanoseconds.
    last: AtomicI64,
    next_inode: AtomicU64,
    by_inode: RwLock<HashMap<u64, Weak<Node>>>,
    process: Process,
}

/// What an [`Owner`] leaves to the process.
#[derive(Debug)]
struct Process {
    uid: u32,
    gid: u32,
    umask: Mode,
}

impl Shared {
    pub(super) fn new(
        clock: Clock,
        granularity: Duration,
        pages: u64,
        inodes: u64,
        file_size_max: u64,
    ) -> Arc<Self> {
        static DEVICES: AtomicU64 = AtomicU64::new(1 << 40);
        Arc::new(Self {
            device: DEVICES.fetch_add(1, Ordering::Relaxed),
            tree: Mutex::new(()),
            pages: Quota::new(pages),
            inodes: Quota::new(inodes),
            file_size_max,
            granularity,
            clock,
            last: AtomicI64::new(i64::MIN),
            next_inode: AtomicU64::new(1),
            by_inode: RwLock::default(),
            process: Process::current(),
        })
    }

    /// The time of a change: later than every other, unless the clock is coarse on purpose.
    pub(super) fn now(&self) -> Time {
        let now = (self.clock)();
        let nanos = now.seconds.saturating_mul(NANOS).saturating_add(i64::from(now.nanos));
        let tick = i64::try_from(self.granularity.as_nanos()).unwrap_or(i64::MAX);
        if tick > 0 {
            return time(nanos - nanos.rem_euclid(tick));
        }
        let later = |last: i64| Some(nanos.max(last.saturating_add(1)));
        let last = self.last.fetch_update(Ordering::Relaxed, Ordering::Relaxed, later);
        time(nanos.max(last.unwrap_or_else(|last| last).saturating_add(1)))
    }

    /// A number no other inode of this filesystem ever had.
    pub(super) fn next_inode(&self) -> u64 {
        self.next_inode.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn register(&self, node: &Arc<Node>) {
        self.by_inode.write().insert(node.inode, Arc::downgrade(node));
    }

    pub(super) fn unregister(&self, inode: u64) {
        self.by_inode.write().remove(&inode);
    }

    pub(super) fn find(&self, inode: u64) -> Option<Arc<Node>> {
        self.by_inode.read().get(&inode).and_then(Weak::upgrade)
    }

    pub(super) fn uid_of(&self, owner: &Owner) -> u32 {
        owner.uid.unwrap_or(self.process.uid)
    }

    pub(super) fn gid_of(&self, owner: &Owner) -> u32 {
        owner.gid.unwrap_or(self.process.gid)
    }

    pub(super) fn umask_of(&self, owner: &Owner) -> Mode {
        owner.umask.unwrap_or(self.process.umask)
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("device", &self.device).finish_non_exhaustive()
    }
}

impl Process {
    fn current() -> Self {
        Self {
            uid: rustix::process::geteuid().as_raw(),
            gid: rustix::process::getegid().as_raw(),
            umask: umask().unwrap_or(Mode::new(0o022)),
        }
    }
}

/// The umask of the process as /proc tells it: the system call could only read it by changing it for a moment.
fn umask() -> Option<Mode> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let octal = status.lines().find_map(|line| line.strip_prefix("Umask:"))?;
    u32::from_str_radix(octal.trim(), 8).ok().map(Mode::new)
}

fn time(nanos: i64) -> Time {
    let fraction = u32::try_from(nanos.rem_euclid(NANOS)).unwrap_or(0);
    Time { seconds: nanos.div_euclid(NANOS), nanos: fraction }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shared(granularity: Duration, seconds: i64, nanos: u32) -> Arc<Shared> {
        Shared::new(Box::new(move || Time { seconds, nanos }), granularity, 0, 0, 0)
    }

    #[test]
    fn a_clock_that_stands_still_gives_later_times_all_the_same() {
        let shared = shared(Duration::ZERO, -1, 999_999_999);
        let times: Vec<_> = (0..3).map(|_| shared.now()).collect();
        assert_eq!(times[0], Time { seconds: -1, nanos: 999_999_999 });
        assert_eq!(times[1], Time { seconds: 0, nanos: 0 });
        assert!(times[1] < times[2]);
    }

    #[test]
    fn a_coarse_clock_repeats_itself() {
        let shared = shared(Duration::from_millis(4), 10, 7_999_999);
        assert_eq!(shared.now(), Time { seconds: 10, nanos: 4_000_000 });
        assert_eq!(shared.now(), shared.now());
    }
}
