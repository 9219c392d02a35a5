use std::fmt::Debug;
use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::super::Shared;
use super::super::node::Node;
use super::mounts::Change;
use crate::{FileId, Notice, Result, WatchMethod, Watcher};

/// A queue of the kernel's events, and what fills it. No method that a user of the watch calls waits for one that
/// calls the watcher.
pub(super) trait Source: Send + Sync + Debug {
    fn method(&self) -> WatchMethod;

    /// Polls readable when there are events.
    fn fd(&self) -> BorrowedFd<'_>;

    /// Whether changes of `id` are told of.
    fn covers(&self, id: FileId) -> bool;

    /// Sees to it that changes of `node` are told of.
    fn add(&self, node: &Node) -> Result<()>;

    /// Reads the events there are, at most as many as fit, and tells of them. Answers how many they were; an error is
    /// the end of the watch.
    fn read(&self, buffer: &mut [u8], teller: &Teller<'_>) -> Result<usize>;

    /// Finds out which marks are left, for events that tell of the end of marks may be among those that were lost.
    /// That takes some microseconds for each mark.
    fn recount(&self) -> Result<()>;

    /// The devices of filesystems that are known to have been unmounted since they were met, though another may be in
    /// their place that looks the same.
    fn ended(&self) -> Vec<u64>;

    /// Catches up with what is mounted below the root; the watcher is told of an overflow afterwards.
    fn mounts_changed(&self, shared: &Shared, change: &Change<'_>);

    /// Marks set at the moment.
    fn marks(&self) -> u64;
}

/// What was told so far.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) events: AtomicU64,
    pub(super) own: AtomicU64,
    pub(super) overflows: AtomicU64,
    /// How often the kernel lost events.
    pub(super) lost: AtomicU64,
}

impl Counts {
    pub(super) fn add(counter: &AtomicU64, by: u64) {
        counter.fetch_add(by, Ordering::Relaxed);
    }
}

/// The way from a source to the watcher.
#[derive(Debug)]
pub(super) struct Teller<'a> {
    pub(super) watcher: &'a dyn Watcher,
    pub(super) counts: &'a Counts,
    pub(super) stopping: &'a AtomicBool,
    /// The process whose events are left out.
    pub(super) silent: Option<i32>,
}

impl Teller<'_> {
    /// Tells, unless the watch is being dropped.
    pub(super) fn tell(&self, notice: &Notice<'_>) {
        if !self.stopping.load(Ordering::Relaxed) {
            self.watcher.notice(notice);
        }
    }

    /// Tells that the kernel lost events.
    pub(super) fn lost(&self) {
        Counts::add(&self.counts.lost, 1);
        self.overflow();
    }

    /// Tells that there were changes that cannot be told of one by one.
    pub(super) fn overflow(&self) {
        Counts::add(&self.counts.overflows, 1);
        self.tell(&Notice::Overflow);
    }
}
