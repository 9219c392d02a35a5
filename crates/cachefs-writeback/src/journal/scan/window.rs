use cachefs_vfs::Result;

use super::super::segment::SegmentFile;
use super::super::wire::{ALIGN, MAGIC};

/// Bytes read at a time.
const CHUNK: usize = 1 << 20;

/// A file's bytes, read in large pieces.
#[derive(Debug)]
pub(super) struct Window<'a> {
    file: &'a SegmentFile,
    length: u64,
    start: u64,
    bytes: Vec<u8>,
}

impl<'a> Window<'a> {
    pub(super) fn new(file: &'a SegmentFile, length: u64) -> Self {
        Self { file, length, start: 0, bytes: Vec::new() }
    }

    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// The `length` bytes from `at` on; `None` where the file ends before.
    pub(super) fn get(&mut self, at: u64, length: usize) -> Result<Option<&[u8]>> {
        if !self.holds(at, length) {
            self.fill(at, length)?;
        }
        if !self.holds(at, length) {
            return Ok(None);
        }
        let begin = usize::try_from(at - self.start).unwrap_or(usize::MAX);
        Ok(self.bytes.get(begin..begin + length))
    }

    /// The checksum of a range; `None` where the file ends before.
    pub(super) fn checksum(&mut self, at: u64, length: u64) -> Result<Option<u32>> {
        let (mut at, mut rest, mut crc) = (at, length, 0);
        while rest > 0 {
            let step = step(rest);
            let Some(bytes) = self.get(at, step)? else { return Ok(None) };
            crc = crc32c::crc32c_append(crc, bytes);
            at += step as u64;
            rest -= step as u64;
        }
        Ok(Some(crc))
    }

    /// The first place from `from` on, a multiple of 8, where a header might begin.
    pub(super) fn find(&mut self, from: u64) -> Result<Option<u64>> {
        let mut at = from.next_multiple_of(ALIGN);
        while at + ALIGN <= self.length {
            let step = step(self.length - at) & !7;
            let Some(bytes) = self.get(at, step)? else { return Ok(None) };
            if let Some(index) = bytes.chunks_exact(8).position(|eight| eight[..4] == MAGIC) {
                return Ok(Some(at + index as u64 * ALIGN));
            }
            at += step as u64;
        }
        Ok(None)
    }

    /// Whether there is nothing but zeros from `from` to the end.
    pub(super) fn is_zero_from(&mut self, from: u64) -> Result<bool> {
        let mut at = from;
        while at < self.length {
            let step = step(self.length - at);
            let Some(bytes) = self.get(at, step)? else { break };
            if bytes.iter().any(|&byte| byte != 0) {
                return Ok(false);
            }
            at += step as u64;
        }
        Ok(true)
    }

    fn holds(&self, at: u64, length: usize) -> bool {
        let end = self.start + self.bytes.len() as u64;
        at >= self.start && at.checked_add(length as u64).is_some_and(|wanted| wanted <= end)
    }

    fn fill(&mut self, at: u64, length: usize) -> Result<()> {
        let rest = usize::try_from(self.length.saturating_sub(at)).unwrap_or(usize::MAX);
        self.start = at;
        self.bytes.resize(length.max(CHUNK).min(rest), 0);
        let read = self.file.read(&mut self.bytes, at)?;
        if read < self.bytes.len() {
            self.bytes.truncate(read);
            self.length = at + read as u64;
        }
        Ok(())
    }
}

fn step(rest: u64) -> usize {
    usize::try_from(rest).unwrap_or(usize::MAX).min(CHUNK)
}
