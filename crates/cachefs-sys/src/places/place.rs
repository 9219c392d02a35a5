use std::mem::MaybeUninit;

use super::sync::{AtomicU32, Ordering, UnsafeCell, fence};

/// There is a value, and it may be pinned. The lower bits count those who have it pinned.
const LIVE: u32 = 1 << 31;
/// There is a value for those who have it pinned, and for nobody else.
const RETIRED: u32 = 1 << 30;
/// One caller has the place to himself: to put a value in, or to take it out.
const CLAIMED: u32 = 1 << 29;
/// There is no value.
const FREE: u32 = 0;

/// As many as may have one value pinned; a pin more is refused.
const PINS_MAX: u32 = CLAIMED - 1;

/// One place. On a cache line of its own, so that pins of neighbours do not meet.
#[repr(align(64))]
pub(super) struct Place<T> {
    state: AtomicU32,
    value: UnsafeCell<MaybeUninit<T>>,
}

// SAFETY: a value is put in by one thread, seen by several through & and taken out by another.
unsafe impl<T: Send + Sync> Sync for Place<T> {}

impl<T> Place<T> {
    pub(super) fn new() -> Self {
        Self { state: AtomicU32::new(FREE), value: UnsafeCell::new(MaybeUninit::uninit()) }
    }

    /// True if there is a value and it is pinned now.
    #[inline]
    pub(super) fn try_pin(&self) -> bool {
        let mut state = self.state.load(Ordering::Relaxed);
        while (LIVE..LIVE + PINS_MAX).contains(&state) {
            match self.state.compare_exchange_weak(state, state + 1, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => return true,
                Err(other) => state = other,
            }
        }
        false
    }

    /// The value.
    ///
    /// # Safety
    /// The caller has the place pinned, and goes on to as long as he uses the answer.
    #[inline]
    pub(super) unsafe fn value(&self) -> &T {
        // SAFETY: it was put in before the place became live, and nobody changes it or takes it out while it is pinned.
        self.value.with(|value| unsafe { (*value).assume_init_ref() })
    }

    /// Lets go of it. The last to let go of a retired value drops it.
    ///
    /// # Safety
    /// The caller has it pinned, and ends one of his pins by this.
    #[inline]
    pub(super) unsafe fn unpin(&self) {
        if self.state.fetch_sub(1, Ordering::Release) == RETIRED + 1 {
            // SAFETY: nobody pins what is retired, and this was the last pin.
            unsafe { self.clear() };
        }
    }

    /// # Safety
    /// The value is retired and nobody has it pinned any more.
    #[cold]
    unsafe fn clear(&self) {
        // What the others did with the value is over before it is dropped.
        fence(Ordering::Acquire);
        // SAFETY: the state is RETIRED, which nobody but the last to let go leaves.
        let value = unsafe { self.read() };
        self.state.store(FREE, Ordering::Release);
        drop(value);
    }

    pub(super) fn put(&self, value: T) -> Result<(), T> {
        if self.state.compare_exchange(FREE, CLAIMED, Ordering::Acquire, Ordering::Relaxed).is_err() {
            return Err(value);
        }
        // SAFETY: the place is claimed by this call alone and holds no value.
        self.value.with_mut(|place| unsafe { (*place).write(value) });
        self.state.store(LIVE, Ordering::Release);
        Ok(())
    }

    pub(super) fn take(&self) -> Option<T> {
        self.state.compare_exchange(LIVE, CLAIMED, Ordering::Acquire, Ordering::Relaxed).ok()?;
        // SAFETY: it was live without a pin and is claimed by this call alone, so nobody sees the value any more.
        let value = unsafe { self.read() };
        self.state.store(FREE, Ordering::Release);
        Some(value)
    }

    /// Moves the value out.
    ///
    /// # Safety
    /// There is one, nobody sees it, and the state is set to free before anybody can.
    unsafe fn read(&self) -> T {
        // SAFETY: by the contract of this function.
        self.value.with(|value| unsafe { (*value).assume_init_read() })
    }

    /// By somebody who has it pinned. False if it was retired before.
    pub(super) fn retire(&self) -> bool {
        let mut state = self.state.load(Ordering::Relaxed);
        while state & LIVE != 0 {
            let retired = state ^ (LIVE | RETIRED);
            match self.state.compare_exchange_weak(state, retired, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => return true,
                Err(other) => state = other,
            }
        }
        false
    }

    pub(super) fn is_retired(&self) -> bool {
        self.state.load(Ordering::Relaxed) & RETIRED != 0
    }

    pub(super) fn is_free(&self) -> bool {
        self.state.load(Ordering::Relaxed) == FREE
    }
}

impl<T> Drop for Place<T> {
    fn drop(&mut self) {
        // A pin that was forgotten still counts; its borrow is over.
        if self.state.load(Ordering::Acquire) & (LIVE | RETIRED) != 0 {
            // SAFETY: both states say that there is a value, and the borrow is exclusive.
            drop(unsafe { self.read() });
        }
    }
}
