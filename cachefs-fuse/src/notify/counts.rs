use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crate::requests::{Histogram, HistogramSnapshot};

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident $name:literal,)*) => {
        /// A kind of notice to the kernel.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum NoticeKind {
            $($(#[$doc])* $variant,)*
        }

        impl NoticeKind {
            /// All kinds, in the order of their discriminants.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name in metrics and logs.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

kinds! {
    /// Attributes of a file are to be asked for again.
    Attr "inval_attr",
    /// Attributes, and bytes or a listing.
    Data "inval_data",
    /// A name is to be looked up again.
    Entry "inval_entry",
    /// A name is gone, and who watches the mount is told.
    Delete "delete",
    /// Nothing; it comes back when answers that were on their way have arrived.
    Barrier "barrier",
    /// Every name is to be looked up again.
    Epoch "inc_epoch",
}

/// How many notices of one kind the kernel was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoticeCount {
    /// Which kind.
    pub kind: NoticeKind,
    /// How many.
    pub count: u64,
}

/// What the kernel was told of changes by others, at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NoticeSnapshot {
    /// Every kind of notice, also those never sent.
    pub sent: Vec<NoticeCount>,
    /// Those the kernel refused. That it did not know what it was told of is no refusal.
    pub failed: u64,
    /// How often everything it knew was taken back, because changes went unseen or came too fast.
    pub overflows: u64,
    /// The watch is lost.
    pub lost: bool,
    /// How often a file was found that others made longer in place, where it was said that nobody does
    /// ([`crate::MountConfig::assume_no_growth`]).
    pub grown: u64,
    /// Things waiting to be told.
    pub waiting: u64,
    /// How long it took from when the mount was told of a change until the kernel was.
    pub latency: HistogramSnapshot,
}

/// Counts notices.
#[derive(Debug)]
pub(crate) struct Counts {
    sent: Box<[AtomicU64]>,
    failed: AtomicU64,
    overflows: AtomicU64,
    lost: AtomicBool,
    grown: AtomicU64,
    latency: Histogram,
}

impl Counts {
    pub(super) fn new() -> Self {
        Self {
            sent: NoticeKind::ALL.iter().map(|_| AtomicU64::new(0)).collect(),
            failed: AtomicU64::new(0),
            overflows: AtomicU64::new(0),
            lost: AtomicBool::new(false),
            grown: AtomicU64::new(0),
            latency: Histogram::new(),
        }
    }

    pub(super) fn sent(&self, kind: NoticeKind) {
        self.sent[kind as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn failed(&self) {
        self.failed.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn overflowed(&self) {
        self.overflows.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn lost(&self) {
        self.lost.store(true, Ordering::Relaxed);
    }

    /// Whether it is the first time.
    pub(crate) fn grew(&self) -> bool {
        self.grown.fetch_add(1, Ordering::Relaxed) == 0
    }

    pub(super) fn told(&self, after: Duration) {
        self.latency.record(after);
    }

    /// The counts; what is waiting is for the caller to fill in.
    pub(crate) fn snapshot(&self) -> NoticeSnapshot {
        let count = |(&kind, cell): (&NoticeKind, &AtomicU64)| NoticeCount {
            kind,
            count: cell.load(Ordering::Relaxed),
        };
        NoticeSnapshot {
            sent: NoticeKind::ALL.iter().zip(&self.sent).map(count).collect(),
            failed: self.failed.load(Ordering::Relaxed),
            overflows: self.overflows.load(Ordering::Relaxed),
            lost: self.lost.load(Ordering::Relaxed),
            grown: self.grown.load(Ordering::Relaxed),
            waiting: 0,
            latency: self.latency.snapshot(),
        }
    }
}
