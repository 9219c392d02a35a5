use std::sync::Arc;
use std::time::{Duration, Instant};

use cachefs_vfs::Errno;
use parking_lot::Mutex;

use crate::inodes::NodeId;
use crate::requests::Op;
use crate::tree::Change;

/// A reply that can be an error.
pub(crate) trait Refuse: Send {
    /// Sends the error.
    fn refuse(self, errno: Errno);
}

macro_rules! refuse {
    ($($reply:ident)*) => {
        $(impl Refuse for fuser::$reply {
            fn refuse(self, errno: Errno) {
                self.error(fuser::Errno::from_i32(errno.raw_os_error()));
            }
        })*
    };
}

refuse! {
    ReplyAttr ReplyCreate ReplyData ReplyDirectory ReplyDirectoryPlus ReplyEmpty ReplyEntry ReplyLseek ReplyOpen
    ReplyStatfs ReplyWrite ReplyXattr
}

/// A request that somebody works on, or will. Its reply goes to who comes first: the thread with the answer, or the
/// reaper at the deadline.
#[derive(Debug)]
pub(super) struct Ticket<R> {
    pub(super) op: Op,
    pub(super) node: NodeId,
    pub(super) since: Instant,
    patience: Duration,
    pub(super) change: Option<Arc<Change>>,
    state: Mutex<State<R>>,
}

#[derive(Debug)]
struct State<R> {
    reply: Option<R>,
    running: bool,
    /// Its deadline passed while it ran.
    overdue: bool,
}

/// How the thread that ran a request finds it when it is done.
#[derive(Debug)]
pub(super) enum Outcome<R> {
    /// Still waiting for the answer.
    Awaited(R),
    /// Answered by the reaper while it ran.
    Overdue,
    /// Answered by the reaper before it ran.
    Expired,
}

impl<R: Refuse> Ticket<R> {
    pub(super) fn new(
        op: Op,
        node: NodeId,
        since: Instant,
        patience: Duration,
        change: Option<Arc<Change>>,
        reply: R,
    ) -> Self {
        let state = State { reply: Some(reply), running: false, overdue: false };
        Self { op, node, since, patience, change, state: Mutex::new(state) }
    }

    /// Somebody starts to work on it; false if it is too late for that.
    pub(super) fn start(&self) -> bool {
        let mut state = self.state.lock();
        state.running = state.reply.is_some();
        state.running
    }

    pub(super) fn finish(&self) -> Outcome<R> {
        let mut state = self.state.lock();
        state.running = false;
        match state.reply.take() {
            Some(reply) => Outcome::Awaited(reply),
            None if state.overdue => Outcome::Overdue,
            None => Outcome::Expired,
        }
    }
}

/// A ticket of any kind, for the reaper.
pub(super) trait Pending: Send + Sync {
    fn since(&self) -> Instant;
    /// How long it is waited for.
    fn patience(&self) -> Duration;
    fn op(&self) -> Op;
    fn node(&self) -> NodeId;
    /// Answers `ETIMEDOUT`, unless it was answered before. What `overdue` does for one that is running is done
    /// before the thread that runs it can see that it is too late; what `expired` does, before the caller has the
    /// answer.
    fn expire(&self, overdue: &mut dyn FnMut(), expired: &mut dyn FnMut());
}

impl<R: Refuse> Pending for Ticket<R> {
    fn since(&self) -> Instant {
        self.since
    }

    fn patience(&self) -> Duration {
        self.patience
    }

    fn op(&self) -> Op {
        self.op
    }

    fn node(&self) -> NodeId {
        self.node
    }

    fn expire(&self, overdue: &mut dyn FnMut(), expired: &mut dyn FnMut()) {
        let mut state = self.state.lock();
        let Some(reply) = state.reply.take() else { return };
        if state.running {
            state.overdue = true;
            overdue();
        }
        drop(state);
        expired();
        reply.refuse(Errno::TIMEDOUT);
    }
}
