use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;
use std::slice;

/// The alignment that every page size, block device and `O_DIRECT` reader here is content with, in bytes.
pub const PAGE_SIZE: usize = 4096;

/// A fixed piece of zeroed memory at an aligned address, freed when dropped.
pub struct AlignedBuf {
    start: NonNull<u8>,
    layout: Layout,
}

// SAFETY: the memory is owned by this value alone and reached only through its borrows, as that of a Box<[u8]>.
unsafe impl Send for AlignedBuf {}
// SAFETY: a shared borrow gives out nothing but &[u8].
unsafe impl Sync for AlignedBuf {}

impl AlignedBuf {
    /// `len` zeroed bytes whose address is a multiple of `align` bytes. Aborts when there is no memory, as `Vec`
    /// does.
    ///
    /// # Panics
    /// If `align` is not a power of two, or `len` is beyond the address space.
    #[must_use]
    pub fn new(len: usize, align: usize) -> Self {
        let layout =
            Layout::from_size_align(len, align).expect("a power of two and a length that fits memory");
        if len == 0 {
            return Self { start: layout.dangling_ptr(), layout };
        }
        // SAFETY: the layout is not of size 0.
        let memory = unsafe { alloc_zeroed(layout) };
        let Some(start) = NonNull::new(memory) else { handle_alloc_error(layout) };
        Self { start, layout }
    }

    /// `len` zeroed bytes from the beginning of a page on.
    ///
    /// # Panics
    /// If `len` is beyond the address space.
    #[must_use]
    pub fn pages(len: usize) -> Self {
        Self::new(len, PAGE_SIZE)
    }
}

impl Deref for AlignedBuf {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: `start` is valid for `size` initialised bytes (or dangling and aligned for 0), and they are ours.
        unsafe { slice::from_raw_parts(self.start.as_ptr(), self.layout.size()) }
    }
}

impl DerefMut for AlignedBuf {
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in deref, and the borrow is exclusive.
        unsafe { slice::from_raw_parts_mut(self.start.as_ptr(), self.layout.size()) }
    }
}

impl Drop for AlignedBuf {
    fn drop(&mut self) {
        if self.layout.size() != 0 {
            // SAFETY: allocated in `new` with this very layout, and not freed before.
            unsafe { dealloc(self.start.as_ptr(), self.layout) };
        }
    }
}

impl fmt::Debug for AlignedBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AlignedBuf")
            .field("len", &self.layout.size())
            .field("align", &self.layout.align())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_zeroed_aligned_and_of_the_length_asked_for() {
        for (len, align) in [(0, 1), (1, 1), (511, 512), (4096, 4096), (100_000, 2 << 20)] {
            let mut buf = AlignedBuf::new(len, align);
            assert_eq!((buf.len(), buf.as_ptr().addr() % align), (len, 0));
            assert!(buf.iter().all(|&byte| byte == 0));
            buf.fill(0xa5);
            assert!(buf.iter().all(|&byte| byte == 0xa5));
        }
    }

    #[test]
    fn a_buffer_may_cross_threads() {
        let mut buf = AlignedBuf::pages(10);
        buf[9] = 7;
        let last = std::thread::spawn(move || buf[9]).join().unwrap();
        assert_eq!(last, 7);
    }

    #[test]
    #[should_panic(expected = "power of two")]
    fn a_crooked_alignment_is_refused() {
        drop(AlignedBuf::new(1, 3));
    }
}
