//! Counter cells that one thread writes and everybody may read.

use std::cell::RefCell;
use std::sync::Weak;

use super::{BackingVerb, Counter};
use crate::sync::{Arc, AtomicU64, Mutex, Ordering};

/// Cells: the counters, then calls and errors of each verb of the backing.
pub(super) const CELLS: usize = Counter::COUNT + 2 * BackingVerb::COUNT;

/// The cells of one thread for one [`Registry`]. On cache lines of their own.
#[derive(Debug)]
#[repr(align(128))]
struct Cells([AtomicU64; CELLS]);

impl Cells {
    fn new() -> Self {
        Self([const { AtomicU64::new(0) }; CELLS])
    }

    /// Only for the thread that owns them: nobody else writes, so nothing is lost between load and store.
    fn add(&self, cell: usize, amount: u64) {
        let cell = &self.0[cell];
        cell.store(cell.load(Ordering::Relaxed).wrapping_add(amount), Ordering::Relaxed);
    }
}

/// All cells of one set of statistics.
#[derive(Debug)]
pub(super) struct Registry {
    /// Tells it from every other one of this process, also from those that are gone.
    id: u64,
    threads: Mutex<Threads>,
}

#[derive(Debug)]
struct Threads {
    alive: Vec<Arc<Cells>>,
    /// The sums of threads that ended.
    ended: [u64; CELLS],
}

impl Registry {
    pub(super) fn new() -> Arc<Self> {
        static IDS: AtomicU64 = AtomicU64::new(0);
        let id = IDS.fetch_add(1, Ordering::Relaxed);
        Arc::new(Self { id, threads: Mutex::new(Threads { alive: Vec::new(), ended: [0; CELLS] }) })
    }

    /// Adds to a cell of this thread: a look-up by id among the thread's sets (mostly one), a load and a store. Takes
    /// a lock only at the thread's first time, and while the thread is being taken down.
    #[inline]
    pub(super) fn add(self: &Arc<Self>, cell: usize, amount: u64) {
        self.add_each([(cell, amount)]);
    }

    /// As [`Self::add`], to several cells by one look-up.
    #[inline]
    pub(super) fn add_each<const N: usize>(self: &Arc<Self>, amounts: [(usize, u64); N]) {
        let added = OWN.try_with(|own| {
            let own = own.borrow();
            let membership = own.iter().find(|membership| membership.id == self.id);
            let Some(membership) = membership else { return false };
            amounts.iter().for_each(|&(cell, amount)| membership.cells.add(cell, amount));
            true
        });
        if added != Ok(true) {
            amounts.iter().for_each(|&(cell, amount)| self.add_first(cell, amount));
        }
    }

    #[cold]
    fn add_first(self: &Arc<Self>, cell: usize, amount: u64) {
        let added = OWN.try_with(|own| {
            let mut own = own.borrow_mut();
            let known = own.iter().position(|membership| membership.id == self.id);
            let at = known.unwrap_or_else(|| {
                own.retain(|other| other.registry.strong_count() > 0);
                own.push(Membership::join(self));
                own.len() - 1
            });
            own[at].cells.add(cell, amount);
        });
        if added.is_err() {
            self.threads.lock().ended[cell] += amount;
        }
    }

    /// The sums over all threads, exact for everything that happened before the call.
    pub(super) fn sums(&self) -> [u64; CELLS] {
        let threads = self.threads.lock();
        let mut sums = threads.ended;
        for cells in &threads.alive {
            cells.add_to(&mut sums);
        }
        sums
    }
}

impl Cells {
    fn add_to(&self, sums: &mut [u64; CELLS]) {
        for (sum, cell) in sums.iter_mut().zip(&self.0) {
            *sum = sum.wrapping_add(cell.load(Ordering::Relaxed));
        }
    }
}

thread_local! {
    /// This thread's cells, one entry per set of statistics it ever added to that still lives.
    static OWN: RefCell<Vec<Membership>> = const { RefCell::new(Vec::new()) };
}

/// A thread's part in a registry; hands the sums over when the thread ends.
#[derive(Debug)]
struct Membership {
    id: u64,
    cells: Arc<Cells>,
    registry: Weak<Registry>,
}

impl Membership {
    fn join(registry: &Arc<Registry>) -> Self {
        let cells = Arc::new(Cells::new());
        registry.threads.lock().alive.push(Arc::clone(&cells));
        Self { id: registry.id, cells, registry: Arc::downgrade(registry) }
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        let Some(registry) = self.registry.upgrade() else { return };
        let mut threads = registry.threads.lock();
        threads.alive.retain(|cells| !Arc::ptr_eq(cells, &self.cells));
        self.cells.add_to(&mut threads.ended);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_lost_between_threads_that_come_and_go() {
        let registry = Registry::new();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..20 {
                        let inner = Arc::clone(&registry);
                        let short = std::thread::spawn(move || (0..500).for_each(|_| inner.add(3, 2)));
                        (0..500).for_each(|_| registry.add(3, 1));
                        short.join().expect("no panic");
                        assert!(registry.sums()[3] >= 1500);
                    }
                });
            }
        });
        assert_eq!(registry.sums()[3], 8 * 20 * 500 * 3);
        assert_eq!(registry.sums()[4], 0);
    }

    #[test]
    fn sets_are_apart_and_forgotten_after_their_end() {
        let kept = Registry::new();
        for _ in 0..100 {
            let brief = Registry::new();
            brief.add(0, 5);
            kept.add(0, 1);
            assert_eq!(brief.sums()[0], 5);
        }
        assert_eq!(kept.sums()[0], 100);
        assert!(OWN.with(|own| own.borrow().len()) <= 3, "dead sets are pruned");
    }

    #[test]
    fn ended_threads_leave_no_cells_behind() {
        let registry = Registry::new();
        for _ in 0..50 {
            let inner = Arc::clone(&registry);
            std::thread::spawn(move || inner.add(1, 1)).join().expect("no panic");
        }
        assert_eq!((registry.sums()[1], registry.threads.lock().alive.len()), (50, 0));
    }
}
