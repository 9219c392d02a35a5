use std::sync::Arc;

use parking_lot::Mutex;

/// The sizes of buffers that are used again. Two, so that a small answer does not touch a large one's cold memory.
const SIZES: [usize; 2] = [64 << 10, 1 << 20];
/// So many of each size are kept for that.
const SPARE_MAX: usize = 8;

/// Lends buffers for replies. The one that came back last is lent first: it is still in the processor's cache, and it
/// is not cleared.
#[derive(Clone, Debug, Default)]
pub(crate) struct Buffers(Arc<[Mutex<Vec<Vec<u8>>>; SIZES.len()]>);

/// A buffer that goes back when dropped.
#[derive(Debug)]
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    home: Buffers,
}

impl Buffers {
    /// A buffer of at least `length` bytes with any contents.
    pub(crate) fn take(&self, length: usize) -> Buffer {
        let bytes = match SIZES.iter().zip(&*self.0).find(|&(&size, _)| length <= size) {
            Some((&size, spare)) => {
                let spare = spare.lock().pop();
                spare.unwrap_or_else(|| vec![0; size])
            }
            None => vec![0; length],
        };
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
        let size = self.bytes.len();
        let Some((_, spare)) = SIZES.iter().zip(&*self.home.0).find(|&(&kept, _)| kept == size) else {
            return;
        };
        let mut spare = spare.lock();
        if spare.len() < SPARE_MAX {
            spare.push(std::mem::take(&mut self.bytes));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_come_back_and_are_bounded() {
        for size in SIZES {
            let buffers = Buffers::default();
            let spare = || buffers.0.iter().map(|spare| spare.lock().len()).sum::<usize>();
            let lent: Vec<_> = (0..2 * SPARE_MAX).map(|_| buffers.take(size)).collect();
            drop(lent);
            assert_eq!(spare(), SPARE_MAX);
            let again = buffers.take(size / 2);
            assert!(again.bytes().len() >= size / 2);
            assert_eq!(spare(), SPARE_MAX - 1);
        }
        assert!(Buffers::default().take(SIZES[1] + 1).bytes().len() > SIZES[1]);
    }

    #[test]
    fn the_last_to_come_back_is_lent_first_as_it_was() {
        let buffers = Buffers::default();
        buffers.take(100).bytes_mut()[..3].copy_from_slice(b"old");
        assert_eq!(&buffers.take(4096).bytes()[..3], b"old");
    }
}
