//! Counts of what the kernel asked for. Hits that the kernel serves by itself are not seen here.

mod histogram;
mod op;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cachefs_vfs::Errno;
use hashbrown::HashMap;
use parking_lot::Mutex;

use crate::notify::NoticeSnapshot;

pub(crate) use histogram::Histogram;
pub use histogram::HistogramSnapshot;
pub use op::Op;

/// One kind of request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpSnapshot {
    /// Which.
    pub op: Op,
    /// How many were received.
    pub received: u64,
    /// How long those took that were answered, from receipt to answer.
    pub durations: HistogramSnapshot,
}

/// How often one kind of request was answered with one errno. A look-up of a name that does not exist is not among
/// them: that is an answer like any other, which the kernel may remember.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorCount {
    /// Which kind.
    pub op: Op,
    /// The answer.
    pub errno: Errno,
    /// How often.
    pub count: u64,
}

/// What was asked of a mount and what it holds, at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestSnapshot {
    /// Every kind of request, also those never received.
    pub ops: Vec<OpSnapshot>,
    /// The errors answered.
    pub errors: Vec<ErrorCount>,
    /// Requests received and not yet answered.
    pub in_flight: u64,
    /// Requests answered `ETIMEDOUT` because the filesystem did not answer in time.
    pub timed_out: u64,
    /// Inodes the kernel knows.
    pub inodes: u64,
    /// Handles open that are closed when others are needed.
    pub handles: u64,
    /// Handles open that must stay: of files without a name, or that could not be opened again.
    pub pinned: u64,
    /// What the kernel was told of changes by others.
    pub notices: NoticeSnapshot,
}

#[derive(Debug)]
struct Cell {
    /// Those that are answered, or will be.
    received: AtomicU64,
    /// Those that have no answer.
    noted: AtomicU64,
    /// Of those that were answered.
    durations: Histogram,
}

/// Counts requests.
#[derive(Debug)]
pub(crate) struct Requests {
    cells: Box<[Cell]>,
    /// Bounded by the kinds of requests times the errnos there are.
    errors: Mutex<HashMap<(Op, i32), u64>>,
    timed_out: AtomicU64,
}

impl Requests {
    pub(crate) fn new() -> Self {
        let cell = |_: &Op| Cell {
            received: AtomicU64::new(0),
            noted: AtomicU64::new(0),
            durations: Histogram::new(),
        };
        Self {
            cells: Op::ALL.iter().map(cell).collect(),
            errors: Mutex::default(),
            timed_out: AtomicU64::new(0),
        }
    }

    pub(crate) fn received(&self, op: Op) {
        self.cells[op as usize].received.fetch_add(1, Ordering::Relaxed);
    }

    /// For requests that have no answer.
    pub(crate) fn noted(&self, op: Op, count: u64) {
        self.cells[op as usize].noted.fetch_add(count, Ordering::Relaxed);
    }

    pub(crate) fn answered(&self, op: Op, errno: Option<Errno>, took: Duration) {
        self.cells[op as usize].durations.record(took);
        if let Some(errno) = errno {
            *self.errors.lock().entry((op, errno.raw_os_error())).or_default() += 1;
        }
    }

    pub(crate) fn timed_out(&self) {
        self.timed_out.fetch_add(1, Ordering::Relaxed);
    }

    /// The counts; inodes and handles are for the caller to fill in.
    pub(crate) fn snapshot(&self) -> RequestSnapshot {
        let mut in_flight = 0;
        let op = |(&op, cell): (&Op, &Cell)| {
            // The answers first: each of them is of one that was received before.
            let durations = cell.durations.snapshot();
            let received = cell.received.load(Ordering::Acquire);
            in_flight += received.saturating_sub(durations.count);
            OpSnapshot { op, received: received + cell.noted.load(Ordering::Relaxed), durations }
        };
        let ops = Op::ALL.iter().zip(&self.cells).map(op).collect();
        let mut errors: Vec<_> = (self.errors.lock().iter())
            .map(|(&(op, errno), &count)| ErrorCount { op, errno: Errno::from_raw_os_error(errno), count })
            .collect();
        errors.sort_by_key(|e| (e.op, e.errno.raw_os_error()));
        RequestSnapshot {
            ops,
            errors,
            in_flight,
            timed_out: self.timed_out.load(Ordering::Relaxed),
            ..RequestSnapshot::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_by_kind_and_errno() {
        let requests = Requests::new();
        requests.received(Op::Lookup);
        requests.received(Op::Lookup);
        requests.answered(Op::Lookup, Some(Errno::NOENT), Duration::from_micros(3));
        requests.noted(Op::Forget, 5);
        let snapshot = requests.snapshot();
        assert_eq!(snapshot.in_flight, 1);
        let lookup = snapshot.ops.iter().find(|o| o.op == Op::Lookup).unwrap();
        assert_eq!((lookup.received, lookup.durations.count), (2, 1));
        assert_eq!(snapshot.errors, [ErrorCount { op: Op::Lookup, errno: Errno::NOENT, count: 1 }]);
        assert_eq!(snapshot.ops.len(), Op::ALL.len());
    }
}
