use cachefs_policy::{Curve, Sample};

use super::buffer;
use super::feeder::Feeder;
use crate::block::SizeClass;
use crate::stats::Stats;
use crate::sync::{Arc, AtomicU64, Condvar, Mutex, Ordering};

/// Where references to blocks are tapped.
#[derive(Debug)]
pub(crate) struct Tap(Arc<Shared>);

/// What threads that read, the one that feeds, and those who ask share.
#[derive(Debug)]
pub(super) struct Shared {
    /// Tells it from every other one of this process.
    pub(super) id: u64,
    /// [`Sample::parts`] of the curve; 0: nothing is taken.
    parts: AtomicU64,
    pending: Mutex<Pending>,
    /// There is enough to do for the feeder, or it is to end.
    pub(super) filled: Condvar,
    /// Made when the first references come.
    pub(super) curve: Mutex<Option<Curve>>,
    pub(super) capacity: u64,
    pub(super) stats: Stats,
}

/// References that nobody took in yet.
#[derive(Debug, Default)]
pub(super) struct Pending {
    pub(super) references: Vec<u64>,
    /// How many there was no room for, since the start.
    pub(super) lost: u64,
    pub(super) feeder: Option<Feeder>,
    pub(super) closed: bool,
}

/// Of a reference, the upper three bits tell the size of the block, the others are of its hash.
const HASH_BITS: u32 = 61;
const _: () = assert!(SizeClass::COUNT <= 1 << (u64::BITS - HASH_BITS));

impl Tap {
    /// For a cache of so many bytes; closed if it is not `wanted`.
    pub(crate) fn new(capacity: usize, wanted: bool, stats: Stats) -> Self {
        static IDS: AtomicU64 = AtomicU64::new(0);
        Self(Arc::new(Shared {
            id: IDS.fetch_add(1, Ordering::Relaxed),
            parts: AtomicU64::new(if wanted { Sample::ALL.parts() } else { 0 }),
            pending: Mutex::default(),
            filled: Condvar::new(),
            curve: Mutex::new(None),
            capacity: capacity as u64,
            stats,
        }))
    }

    /// A reference to the block of this hash. Of those that are not in the sample this takes a load and a comparison.
    #[inline(always)]
    pub(crate) fn see(&self, hash: u64, class: impl FnOnce() -> Option<SizeClass>) {
        if hash % Sample::ALL.parts() < self.0.parts.load(Ordering::Relaxed) {
            self.take(hash, class());
        }
    }

    #[inline(never)]
    fn take(&self, hash: u64, class: Option<SizeClass>) {
        if let Some(class) = class {
            let hash = hash & ((1 << HASH_BITS) - 1);
            buffer::note(&self.0, hash | (class.index() as u64) << HASH_BITS);
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.0.parts.load(Ordering::Relaxed) > 0
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.0
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        let feeder = {
            let mut pending = self.0.pending.lock();
            pending.closed = true;
            pending.feeder.take()
        };
        self.0.filled.notify_all();
        drop(feeder);
    }
}

impl Shared {
    /// As many as may wait.
    pub(super) const PENDING_MAX: usize = 4096;
    /// The feeder is woken for so many.
    pub(super) const PENDING_ENOUGH: usize = Self::PENDING_MAX / 2;

    /// Takes references of a thread over, as far as there is room.
    pub(super) fn put(self: &Arc<Self>, references: &[u64]) {
        let mut pending = self.pending.lock();
        if pending.references.capacity() == 0 {
            pending.references.reserve_exact(Self::PENDING_MAX);
        }
        let before = pending.references.len();
        let room = (Self::PENDING_MAX - before).min(references.len());
        pending.references.extend_from_slice(&references[..room]);
        pending.lost += (references.len() - room) as u64;
        let enough = Self::PENDING_ENOUGH;
        if before >= enough || pending.references.len() < enough || pending.closed {
            return;
        }
        if pending.feeder.is_none() {
            pending.feeder = Feeder::start(self);
            if pending.feeder.is_none() {
                self.parts.store(0, Ordering::Relaxed);
            }
        }
        drop(pending);
        self.filled.notify_one();
    }

    pub(super) fn pending(&self) -> &Mutex<Pending> {
        &self.pending
    }

    /// Takes in what waits, and asks for what the curve wants next. `spare` takes the place of the list of what waits.
    pub(super) fn feed(&self, spare: &mut Vec<u64>) {
        let mut curve = self.curve.lock();
        let lost = {
            let mut pending = self.pending.lock();
            std::mem::swap(&mut pending.references, spare);
            pending.lost
        };
        let curve = curve.get_or_insert_with(|| Curve::new(self.capacity));
        for reference in spare.drain(..) {
            let class = u32::try_from(reference >> HASH_BITS).unwrap_or(0);
            let bytes = u32::try_from(SizeClass::SMALLEST << class).unwrap_or(u32::MAX);
            curve.see(reference & ((1 << HASH_BITS) - 1), Some(bytes));
        }
        let sample = curve.sample();
        curve.count_all(self.stats.references().saturating_sub(sample.grow(lost)));
        if self.parts.load(Ordering::Relaxed) > 0 {
            self.parts.store(sample.parts(), Ordering::Relaxed);
        }
    }
}
