//! Notices sequential reading and says what to load before it is asked for. Pure: no I/O, no clock.

use std::ops::Range;

use crate::block::{BLOCK_BYTES, BlockIndex, block_count};

/// Watches the reads of one open file. Two sequences are told apart, so two readers of one handle, or a copy within a
/// file, keep theirs.
///
/// A sequence begins with a second read that continues a first one, or with one read of at least a block from the
/// start of the file. It is answered with a window of blocks to load next, twice as long each time up to the
/// limit; the next window is asked for when at most half of the one before is left ahead of
/// the reader.
#[derive(Clone, Debug)]
pub(crate) struct Readahead {
    window_blocks_max: u64,
    /// The one used last is first.
    streams: [Option<Stream>; 2],
}

/// One sequence.
#[derive(Clone, Copy, Debug)]
struct Stream {
    /// The end of its furthest read, in bytes.
    next: u64,
    /// The length of the window that is asked for next, in blocks; 0 until the sequence is certain.
    window_blocks: u64,
    /// The length of the window that was asked for last, in blocks.
    asked_blocks: u64,
    /// Up to here, exclusive, everything has been asked for or read.
    requested: BlockIndex,
}

impl Readahead {
    /// The first window, in bytes.
    const WINDOW_BYTES_MIN: u64 = 128 * 1024;

    /// A large read may begin this many of its own lengths before or after where the sequence stands: a kernel sends
    /// the requests of one long read side by side and they arrive in any order.
    const DISORDER: u64 = 4;

    /// What counts as large, in bytes. Smaller reads must continue exactly where the one before ended: near is not
    /// next in a database.
    const LARGE_BYTES: u64 = 32 * 1024;

    /// Asks for at most `window_bytes_max` at once, rounded up to blocks; 0 for never.
    pub(crate) fn new(window_bytes_max: u64) -> Self {
        Self { window_blocks_max: window_bytes_max.div_ceil(BLOCK_BYTES), streams: [None; 2] }
    }

    /// Notes a read of `len` bytes (as many as were asked for) from a file of `file_size`. Answers the blocks to load
    /// now in the background: after those of the read itself, inside the file, not asked for in this sequence before.
    pub(crate) fn on_read(&mut self, offset: u64, len: usize, file_size: u64) -> Option<Range<BlockIndex>> {
        let end = offset.saturating_add(len as u64).min(file_size);
        if self.window_blocks_max == 0 || offset >= end {
            return None;
        }
        let Some(mut stream) = self.take_stream(offset, end - offset) else {
            return self.begin(offset, end, file_size);
        };
        let goes_on = end > stream.next;
        if goes_on {
            stream.next = end;
            stream.window_blocks = stream.window_blocks.max(self.window_blocks_min());
        }
        let window = if goes_on { self.next_window(&mut stream, file_size) } else { None };
        self.streams[0] = Some(stream);
        window
    }

    /// Finds the sequence that the read belongs to and makes its place the first, which is left empty.
    fn take_stream(&mut self, offset: u64, len: u64) -> Option<Stream> {
        let slack = if len < Self::LARGE_BYTES { 0 } else { len.saturating_mul(Self::DISORDER) };
        let near = |stream: &Stream| offset.abs_diff(stream.next) <= slack;
        let place = self.streams.iter().position(|stream| stream.as_ref().is_some_and(near))?;
        self.streams.swap(0, place);
        self.streams[0].take()
    }

    fn begin(&mut self, offset: u64, end: u64, file_size: u64) -> Option<Range<BlockIndex>> {
        let mut stream = Stream { next: end, window_blocks: 0, asked_blocks: 0, requested: BlockIndex(0) };
        let certain = offset == 0 && end >= BLOCK_BYTES;
        let window = certain.then(|| {
            stream.window_blocks = self.window_blocks_min();
            self.next_window(&mut stream, file_size)
        });
        self.streams = [Some(stream), self.streams[0]];
        window.flatten()
    }

    fn next_window(&self, stream: &mut Stream, file_size: u64) -> Option<Range<BlockIndex>> {
        let reader = stream.next.div_ceil(BLOCK_BYTES);
        let start = stream.requested.0.max(reader);
        if start - reader > stream.asked_blocks / 2 {
            return None;
        }
        let end = (start + stream.window_blocks).min(block_count(file_size));
        if start >= end {
            return None;
        }
        stream.requested = BlockIndex(end);
        stream.asked_blocks = end - start;
        stream.window_blocks = (stream.window_blocks * 2).min(self.window_blocks_max);
        Some(BlockIndex(start)..BlockIndex(end))
    }

    fn window_blocks_min(&self) -> u64 {
        (Self::WINDOW_BYTES_MIN / BLOCK_BYTES).min(self.window_blocks_max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIB: u64 = 1024;
    const MIB: u64 = 1024 * KIB;
    const FILE: u64 = 64 * MIB;

    /// Reads all of a file in order and answers the windows asked for.
    fn read_through(ahead: &mut Readahead, step: u64, file_size: u64) -> Vec<Range<BlockIndex>> {
        let mut windows = Vec::new();
        let mut loaded_to = 0;
        for offset in (0..file_size).step_by(usize::try_from(step).expect("small")) {
            let window = ahead.on_read(offset, usize::try_from(step).expect("small"), file_size);
            if let Some(window) = window {
                assert!(
                    window.start < window.end && window.start.0 >= loaded_to,
                    "asked for twice: {window:?}"
                );
                loaded_to = window.end.0;
                windows.push(window);
            }
        }
        windows
    }

    #[test]
    fn windows_double_up_to_the_limit_and_leave_no_gap() {
        let mut ahead = Readahead::new(4 * MIB);
        let windows = read_through(&mut ahead, 128 * KIB, FILE);
        let lengths: Vec<u64> = windows.iter().map(|window| window.end.0 - window.start.0).collect();
        assert_eq!(&lengths[..7], &[2, 4, 8, 16, 32, 64, 64]);
        assert!(windows.windows(2).all(|pair| pair[0].end == pair[1].start), "{windows:?}");
        assert_eq!(windows.last().map(|window| window.end), Some(BlockIndex(block_count(FILE))));
    }

    #[test]
    fn the_reader_never_catches_up_once_it_is_sequential() {
        for step in [4 * KIB, 48 * KIB, 64 * KIB, 100 * KIB, 128 * KIB] {
            let mut ahead = Readahead::new(MIB);
            let mut loaded_to = u64::MAX;
            for offset in (0..16 * MIB).step_by(usize::try_from(step).expect("small")) {
                let last = (offset + step).min(16 * MIB).div_ceil(BLOCK_BYTES);
                assert!(loaded_to >= last, "{step}: read to block {last}, loaded to {loaded_to}");
                if let Some(window) = ahead.on_read(offset, usize::try_from(step).expect("small"), 16 * MIB) {
                    loaded_to = window.end.0;
                }
            }
            assert_eq!(loaded_to, block_count(16 * MIB), "{step}");
        }
    }

    #[test]
    fn a_first_small_read_and_random_reads_ask_for_nothing() {
        let mut ahead = Readahead::new(4 * MIB);
        assert_eq!(ahead.on_read(0, 4096, FILE), None);
        for number in 1..500_u64 {
            let offset = (number * 7_368_787) % (FILE / 4096) * 4096;
            assert_eq!(ahead.on_read(offset, 4096, FILE), None, "{number}");
        }
    }

    #[test]
    fn a_seek_begins_with_the_smallest_window_again() {
        let mut ahead = Readahead::new(4 * MIB);
        read_through(&mut ahead, 128 * KIB, 16 * MIB);
        assert_eq!(ahead.on_read(40 * MIB, 65536, FILE), None);
        let window = ahead.on_read(40 * MIB + 65536, 65536, FILE);
        assert_eq!(window, Some(BlockIndex(642)..BlockIndex(644)));
    }

    #[test]
    fn two_readers_of_one_handle_keep_their_windows() {
        let mut ahead = Readahead::new(MIB);
        let mut asked = [0; 2];
        for step in 0..64_u64 {
            for (reader, base) in [(0, 0), (1, 32 * MIB)] {
                if let Some(window) = ahead.on_read(base + step * 128 * KIB, 131_072, FILE) {
                    asked[reader] += window.end.0 - window.start.0;
                }
            }
        }
        assert!(asked.iter().all(|&blocks| blocks >= 120), "{asked:?}");
    }

    #[test]
    fn requests_that_overtake_each_other_stay_one_sequence() {
        let mut ahead = Readahead::new(MIB);
        let mut windows = Vec::new();
        for group in 0..16_u64 {
            for place in [1, 0, 3, 2] {
                let offset = (group * 4 + place) * 128 * KIB;
                windows.extend(ahead.on_read(offset, 131_072, FILE));
            }
        }
        assert!(windows.windows(2).all(|pair| pair[0].end <= pair[1].start), "{windows:?}");
        let asked: u64 = windows.iter().map(|window| window.end.0 - window.start.0).sum();
        assert!(asked >= 120, "{asked}");
    }

    #[test]
    fn nothing_is_asked_beyond_the_end_or_when_off() {
        let mut ahead = Readahead::new(MIB);
        assert_eq!(ahead.on_read(0, 1 << 20, 20_000), None, "the read itself loads all there is");
        assert_eq!(ahead.on_read(20_000, 4096, 20_000), None);
        assert_eq!(ahead.on_read(u64::MAX, 4096, 20_000), None);
        assert!(read_through(&mut Readahead::new(0), 128 * KIB, MIB).is_empty());
    }
}
