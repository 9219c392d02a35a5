use std::sync::Arc;

use parking_lot::Mutex;

/// Buffers up to this size are used again.
const SIZE: usize = 1 << 20;
/// So many are kept for that.
const SPARE_MAX: usize = 8;

/// Lends buffers for replies. Small ones are allocated: that costs less than touching a large one's cold memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Buffers(Arc<Mutex<Vec<Vec<u8>>>>);

/// A buffer that goes back when dropped.
#[derive(Debug)]
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    home: Buffers,
}

impl Buffers {
    /// A buffer of at least `length` bytes with any contents.
    pub(crate) fn take(&self, length: usize) -> Buffer {
        let spare = if length > SIZE / 16 && length <= SIZE { self.0.lock().pop() } else { None };
        let bytes = spare.unwrap_or_else(|| match length {
            large if large > SIZE / 16 && large <= SIZE => vec![0; SIZE],
            other => vec![0; other],
        });
        Buffer { bytes, home: self.clone() }
    }
}

impl Buffer {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if self.bytes.len() != SIZE {
            return;
        }
        let mut spare = self.home.0.lock();
        if spare.len() < SPARE_MAX {
            spare.push(std::mem::take(&mut self.bytes));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_buffers_come_back_and_are_bounded() {
        let buffers = Buffers::default();
        let lent: Vec<_> = (0..2 * SPARE_MAX).map(|_| buffers.take(SIZE)).collect();
        drop(lent);
        assert_eq!(buffers.0.lock().len(), SPARE_MAX);
        let again = buffers.take(SIZE / 2);
        assert!(again.bytes().len() >= SIZE / 2);
        assert_eq!(buffers.0.lock().len(), SPARE_MAX - 1);
        assert_eq!(buffers.take(100).bytes().len(), 100);
    }
}
