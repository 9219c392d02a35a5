use std::collections::BTreeMap;
use std::ops::Range;

/// The unit of storage in bytes: small enough that a sparse file stays small, large enough that most reads are one
/// copy.
const CHUNK: usize = 64 * 1024;

/// Bytes at offsets from 0 to 2^64, zero wherever none were stored.
///
/// By offset / `CHUNK`, each at most `CHUNK` long; what is missing, or behind the end of one, is zero.
#[derive(Debug, Default)]
pub(super) struct Chunks(BTreeMap<u64, Vec<u8>>);

impl Chunks {
    /// Fills `buffer` with the bytes from `offset` on.
    pub(super) fn read(&self, buffer: &mut [u8], offset: u64) {
        let mut done = 0;
        while done < buffer.len() {
            let (index, within) = place(offset + done as u64);
            let take = (CHUNK - within).min(buffer.len() - done);
            let out = &mut buffer[done..done + take];
            let stored = self.0.get(&index).and_then(|chunk| chunk.get(within..)).unwrap_or(&[]);
            let (copied, zeroed) = out.split_at_mut(stored.len().min(take));
            copied.copy_from_slice(&stored[..copied.len()]);
            zeroed.fill(0);
            done += take;
        }
    }

    /// Copies `bytes` in.
    pub(super) fn store(&mut self, bytes: &[u8], offset: u64) {
        let mut done = 0;
        while done < bytes.len() {
            let (index, within) = place(offset + done as u64);
            let take = (CHUNK - within).min(bytes.len() - done);
            let source = &bytes[done..done + take];
            let chunk = self.0.entry(index).or_default();
            if chunk.len() < within {
                chunk.resize(within, 0);
            }
            let over = (chunk.len() - within).min(take);
            chunk[within..within + over].copy_from_slice(&source[..over]);
            chunk.extend_from_slice(&source[over..]);
            done += take;
        }
    }

    /// Drops stored bytes from `from` on.
    pub(super) fn forget(&mut self, from: u64) {
        let (index, within) = place(from);
        drop(self.0.split_off(&(index + 1)));
        if within == 0 {
            self.0.remove(&index);
        } else if let Some(chunk) = self.0.get_mut(&index) {
            chunk.truncate(within);
            chunk.shrink_to_fit();
        }
    }

    /// Zeroes stored bytes; whole chunks are dropped.
    pub(super) fn blank(&mut self, range: Range<u64>) {
        let touched = range.start / CHUNK as u64..range.end.div_ceil(CHUNK as u64);
        if touched.is_empty() {
            return;
        }
        let mut emptied = Vec::new();
        for (&index, chunk) in self.0.range_mut(touched) {
            let start = index * CHUNK as u64;
            let within =
                |at: u64| usize::try_from(at.saturating_sub(start)).unwrap_or(CHUNK).min(chunk.len());
            let (from, to) = (within(range.start), within(range.end));
            if to < chunk.len() {
                chunk[from..to].fill(0);
            } else {
                chunk.truncate(from);
            }
            if chunk.is_empty() {
                emptied.push(index);
            }
        }
        for index in emptied {
            self.0.remove(&index);
        }
    }
}

/// Which chunk a byte is in, and where there.
#[expect(clippy::cast_possible_truncation, reason = "the remainder is below CHUNK")]
fn place(offset: u64) -> (u64, usize) {
    (offset / CHUNK as u64, (offset % CHUNK as u64) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(chunks: &Chunks, range: Range<usize>) -> Vec<u8> {
        let mut buffer = vec![255; range.len()];
        chunks.read(&mut buffer, range.start as u64);
        buffer
    }

    #[test]
    fn what_was_not_stored_is_zero() {
        let mut chunks = Chunks::default();
        chunks.store(&[7; 3], CHUNK as u64 - 1);
        assert_eq!(bytes(&chunks, CHUNK - 2..CHUNK + 4), [0, 7, 7, 7, 0, 0]);
        chunks.forget(CHUNK as u64 + 1);
        assert_eq!(bytes(&chunks, CHUNK - 2..CHUNK + 4), [0, 7, 7, 0, 0, 0]);
        chunks.store(&[8], CHUNK as u64 + 2);
        assert_eq!(
            bytes(&chunks, CHUNK - 2..CHUNK + 4),
            [0, 7, 7, 0, 8, 0],
            "what was cut does not come back"
        );
    }

    #[test]
    fn blanked_chunks_take_no_memory() {
        let mut chunks = Chunks::default();
        chunks.store(&vec![1; 3 * CHUNK], 0);
        chunks.blank(10..2 * CHUNK as u64 + 5);
        assert_eq!(bytes(&chunks, 9..11), [1, 0]);
        assert_eq!(bytes(&chunks, 2 * CHUNK + 4..2 * CHUNK + 6), [0, 1]);
        assert_eq!(chunks.0.len(), 2);
        assert_eq!(chunks.0[&0].len(), 10);
    }
}
