use std::fmt;

use super::memory::Memory;
use super::{FrameMut, SizeClass};
use crate::sync::{Arc, AtomicUsize, Mutex, Ordering};

/// Hands out frames and takes their memory back.
///
/// Memory handed out and memory kept idle for the next frame both count against the limit, by capacity, and are
/// counted before they are allocated: at no moment does the pool hold more. Idle memory of one size is given back to
/// the allocator when another size needs its place. Cheap to clone; clones are the same pool.
#[derive(Clone)]
pub(crate) struct BufferPool(Arc<Inner>);

struct Inner {
    bytes_max: AtomicUsize,
    /// Bytes handed out and idle; never above `bytes_max`, but for what was handed out before that was lowered.
    bytes: AtomicUsize,
    /// Bytes in `idle`; a part of `bytes`.
    bytes_idle: AtomicUsize,
    /// By size class, most recently used last. A leaf lock: nothing is called under it.
    idle: [Mutex<Vec<Memory>>; SizeClass::COUNT],
}

impl BufferPool {
    /// Holds at most `bytes_max` bytes. Allocates nothing yet.
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self(Arc::new(Inner {
            bytes_max: AtomicUsize::new(bytes_max),
            bytes: AtomicUsize::new(0),
            bytes_idle: AtomicUsize::new(0),
            idle: std::array::from_fn(|_| Mutex::new(Vec::new())),
        }))
    }

    /// A frame of exactly `len` bytes of unspecified content; `None` if it does not fit into the limit right now.
    pub(crate) fn take(&self, len: usize) -> Option<FrameMut> {
        let class = SizeClass::of(len)?;
        let memory = match self.0.take_idle(class) {
            Some(memory) => memory,
            None => self.0.allocate(class)?,
        };
        let lease = Lease { memory: Some(memory), class, pool: Arc::clone(&self.0) };
        Some(FrameMut::new(lease, len))
    }

    /// Bytes held, handed out or idle.
    pub(crate) fn bytes(&self) -> usize {
        self.0.bytes.load(Ordering::Relaxed)
    }

    /// Bytes held that are not handed out.
    pub(crate) fn bytes_idle(&self) -> usize {
        self.0.bytes_idle.load(Ordering::Relaxed)
    }

    /// The limit.
    pub(crate) fn bytes_max(&self) -> usize {
        self.0.bytes_max.load(Ordering::Relaxed)
    }

    /// Sets the limit, and gives idle memory back that is above it.
    pub(crate) fn resize(&self, bytes_max: usize) {
        self.0.bytes_max.store(bytes_max, Ordering::Relaxed);
        while self.is_above() && self.0.release_one() {}
    }

    /// Whether more is held than may be, since the limit was lowered.
    pub(crate) fn is_above(&self) -> bool {
        self.bytes() > self.bytes_max()
    }

    /// Gives all idle memory back to the allocator.
    pub(crate) fn trim(&self) {
        while self.0.release_one() {}
    }
}

impl Inner {
    fn take_idle(&self, class: SizeClass) -> Option<Memory> {
        let mut idle = self.idle[class.index()].lock();
        let memory = idle.pop()?;
        self.bytes_idle.fetch_sub(class.bytes(), Ordering::Relaxed);
        Some(memory)
    }

    /// New memory, in place of idle memory of other sizes if need be.
    fn allocate(&self, class: SizeClass) -> Option<Memory> {
        while !self.reserve(class.bytes()) {
            if !self.release_one() {
                return None;
            }
        }
        Some(Memory::new(class))
    }

    fn reserve(&self, bytes: usize) -> bool {
        let bytes_max = self.bytes_max.load(Ordering::Relaxed);
        self.bytes
            .try_update(Ordering::Relaxed, Ordering::Relaxed, |held| {
                held.checked_add(bytes).filter(|&sum| sum <= bytes_max)
            })
            .is_ok()
    }

    /// Gives the idle memory of one frame back to the allocator, the largest first: fewest calls for the most room.
    fn release_one(&self) -> bool {
        for list in self.idle.iter().rev() {
            let Some(memory) = list.lock().pop() else { continue };
            let bytes = memory.class().bytes();
            self.bytes_idle.fetch_sub(bytes, Ordering::Relaxed);
            // Freed before it is no longer counted: the sum never understates what is held.
            drop(memory);
            self.bytes.fetch_sub(bytes, Ordering::Relaxed);
            return true;
        }
        false
    }

    fn put(&self, memory: Memory) {
        let class = memory.class();
        if self.bytes.load(Ordering::Relaxed) > self.bytes_max.load(Ordering::Relaxed) {
            drop(memory);
            self.bytes.fetch_sub(class.bytes(), Ordering::Relaxed);
            return;
        }
        let mut idle = self.idle[class.index()].lock();
        idle.push(memory);
        self.bytes_idle.fetch_add(class.bytes(), Ordering::Relaxed);
    }
}

impl fmt::Debug for BufferPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BufferPool({} of {} bytes, {} idle)", self.bytes(), self.bytes_max(), self.bytes_idle())
    }
}

/// Memory that goes back to its pool when dropped.
pub(super) struct Lease {
    /// `None` only while being dropped.
    memory: Option<Memory>,
    class: SizeClass,
    pool: Arc<Inner>,
}

impl Lease {
    pub(super) fn class(&self) -> SizeClass {
        self.class
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.memory.as_ref().map_or(&[], Memory::bytes)
    }

    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        self.memory.as_mut().map_or(&mut [], Memory::bytes_mut)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(memory) = self.memory.take() {
            self.pool.put(memory);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::BLOCK_SIZE;

    #[test]
    fn frames_have_the_length_asked_for_and_cost_their_class() {
        let pool = BufferPool::new(1 << 20);
        let frame = pool.take(1500).expect("room");
        assert_eq!((frame.len(), pool.bytes(), pool.bytes_idle()), (1500, 2048, 0));
        drop(frame);
        assert_eq!((pool.bytes(), pool.bytes_idle()), (2048, 2048), "kept for the next");
        let again = pool.take(2000).expect("room");
        assert_eq!((again.len(), pool.bytes(), pool.bytes_idle()), (2000, 2048, 0), "the same memory");
        drop(again);
        pool.trim();
        assert_eq!((pool.bytes(), pool.bytes_idle()), (0, 0));
    }

    #[test]
    fn idle_memory_makes_room_for_another_size() {
        let pool = BufferPool::new(BLOCK_SIZE);
        let small: Vec<FrameMut> = (0..64).map(|_| pool.take(1024).expect("room")).collect();
        assert!(pool.take(1).is_none(), "full");
        drop(small);
        assert_eq!(pool.bytes_idle(), BLOCK_SIZE);
        let block = pool.take(BLOCK_SIZE).expect("the small ones are given back");
        assert_eq!((pool.bytes(), pool.bytes_idle()), (BLOCK_SIZE, 0));
        drop(block);
    }

    #[test]
    fn a_pinned_frame_is_not_handed_out_again() {
        let pool = BufferPool::new(1024);
        let mut frame = pool.take(4).expect("room");
        frame.copy_from_slice(b"old!");
        let cached = frame.freeze();
        let pinned = cached.clone();
        drop(cached);
        assert!(pool.take(4).is_none(), "the reader still has it");
        assert_eq!(&*pinned, b"old!");
        drop(pinned);
        assert!(pool.take(4).is_some());
    }

    #[test]
    fn what_cannot_ever_fit_is_refused() {
        assert!(BufferPool::new(1 << 30).take(BLOCK_SIZE + 1).is_none());
        assert!(BufferPool::new(1000).take(1).is_none(), "a class does not fit into the limit");
    }
}
