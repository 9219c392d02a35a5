use cachefs_vfs::Result;

use super::super::head::HEAD;
use super::super::wire::{ALIGN, HEADER, Header, Place, verify};
use super::super::{Entry, SegmentNo, Seq};
use super::window::Window;

/// A record whose header and entry are as they were written.
#[derive(Debug)]
pub(super) struct Met {
    pub(super) header: Header,
    /// Where its payload begins.
    pub(super) payload: u64,
    /// `None` for one that says what this version does not know.
    pub(super) entry: Option<Entry>,
    /// Whether the payload is as it was written.
    pub(super) sound: bool,
    /// Whether it lies where the one before it ends.
    pub(super) adjoins: bool,
}

/// Goes through the records of one segment. What is damaged is skipped.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    pub(super) window: Window<'a>,
    pub(super) no: SegmentNo,
    /// Of the journal; `None` takes that of the first record.
    pub(super) nonce: Option<u32>,
    /// Later segments begin with this record.
    pub(super) limit: Seq,
    at: u64,
}

impl<'a> Walk<'a> {
    pub(super) fn new(window: Window<'a>, no: SegmentNo, nonce: Option<u32>, limit: Seq) -> Self {
        Self { window, no, nonce, limit, at: HEAD as u64 }
    }

    /// The next record that is not before `floor`.
    pub(super) fn next(&mut self, floor: Seq) -> Result<Option<Met>> {
        let mut at = self.at;
        loop {
            if let Some(header) = self.header_at(at, floor)? {
                let met = self.record_at(at, header)?;
                self.at = at + header.extent();
                self.nonce = Some(header.nonce);
                return Ok(Some(met));
            }
            match self.window.find(at + ALIGN)? {
                Some(next) => at = next,
                None => return Ok(None),
            }
        }
    }

    /// Where the last record ends that was found.
    pub(super) fn end(&self) -> u64 {
        self.at.min(self.window.length().max(HEAD as u64))
    }

    fn header_at(&mut self, at: u64, floor: Seq) -> Result<Option<Header>> {
        let place = Place { segment: self.no, offset: at };
        let Some(header) = self.window.get(at, HEADER)?.and_then(Header::decode) else { return Ok(None) };
        let ours = self.nonce.is_none_or(|nonce| nonce == header.nonce);
        if !ours || header.seq < floor || header.seq >= self.limit {
            return Ok(None);
        }
        let front = self.window.get(at, HEADER + header.body_len())?;
        let valid = front.is_some_and(|front| verify(place, &front[..HEADER], &front[HEADER..]));
        Ok(valid.then_some(header))
    }

    fn record_at(&mut self, at: u64, header: Header) -> Result<Met> {
        let body = self.window.get(at + HEADER as u64, header.body_len())?.unwrap_or_default();
        let entry = postcard::from_bytes(body).ok();
        let payload = at + header.front();
        let crc = self.window.checksum(payload, u64::from(header.payload_len))?;
        let sound = crc == Some(header.payload_crc);
        Ok(Met { header, payload, entry, sound, adjoins: at == self.at })
    }
}
