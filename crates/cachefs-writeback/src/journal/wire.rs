//! A record as it lies on the disk: a header of 40 bytes, little endian, the entry (postcard), the payload. The next
//! one begins at the next multiple of 8.

use super::{SegmentNo, Seq};

/// Bytes of a header.
pub(super) const HEADER: usize = 40;
/// Records begin at multiples of this.
pub(super) const ALIGN: u64 = 8;
/// An entry is no longer than this, encoded.
pub(super) const BODY_MAX: usize = 64 << 10;
/// A payload is no longer than this.
pub(super) const PAYLOAD_MAX: usize = 256 << 20;

pub(super) const MAGIC: [u8; 4] = *b"cfjR";

/// Where a record lies. Its checksum covers this, so that a copy of it elsewhere (in the payload of another, for one)
/// is never taken for it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) segment: SegmentNo,
    pub(super) offset: u64,
}

/// What stands in a header beside its own checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) seq: Seq,
    /// What was durable when it was written: tells, after a loss of power, what must be there.
    pub(super) committed: Seq,
    pub(super) body_len: u32,
    pub(super) payload_len: u32,
    pub(super) payload_crc: u32,
    /// Of the journal.
    pub(super) nonce: u32,
}

impl Header {
    /// Its bytes, for an entry of these bytes.
    pub(super) fn encode(&self, place: Place, body: &[u8]) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        bytes[..4].copy_from_slice(&MAGIC);
        bytes[8..16].copy_from_slice(&self.seq.0.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.committed.0.to_le_bytes());
        bytes[24..28].copy_from_slice(&self.body_len.to_le_bytes());
        bytes[28..32].copy_from_slice(&self.payload_len.to_le_bytes());
        bytes[32..36].copy_from_slice(&self.payload_crc.to_le_bytes());
        bytes[36..40].copy_from_slice(&self.nonce.to_le_bytes());
        let crc = checksum(place, &bytes, body);
        bytes[4..8].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// What `bytes` would say if they were one: to be believed after [`verify`].
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let header = Self {
            seq: Seq(u64::from_le_bytes(part(bytes, 8)?)),
            committed: Seq(u64::from_le_bytes(part(bytes, 16)?)),
            body_len: u32::from_le_bytes(part(bytes, 24)?),
            payload_len: u32::from_le_bytes(part(bytes, 28)?),
            payload_crc: u32::from_le_bytes(part(bytes, 32)?),
            nonce: u32::from_le_bytes(part(bytes, 36)?),
        };
        let plausible = header.body_len() <= BODY_MAX && header.payload_len as usize <= PAYLOAD_MAX;
        (part(bytes, 0)? == MAGIC && plausible && header.seq.0 > 0).then_some(header)
    }

    pub(super) fn body_len(&self) -> usize {
        self.body_len as usize
    }

    /// Bytes before the payload.
    pub(super) fn front(&self) -> u64 {
        HEADER as u64 + u64::from(self.body_len)
    }

    /// Bytes from the beginning of the header to that of the next record.
    pub(super) fn extent(&self) -> u64 {
        (self.front() + u64::from(self.payload_len)).next_multiple_of(ALIGN)
    }
}

/// Whether header and entry are as they were written, and where.
pub(super) fn verify(place: Place, header: &[u8], body: &[u8]) -> bool {
    part(header, 4).is_some_and(|crc| u32::from_le_bytes(crc) == checksum(place, header, body))
}

fn checksum(place: Place, header: &[u8], body: &[u8]) -> u32 {
    let mut salt = [0; 16];
    salt[..8].copy_from_slice(&place.segment.0.to_le_bytes());
    salt[8..].copy_from_slice(&place.offset.to_le_bytes());
    let crc = crc32c::crc32c_append(crc32c::crc32c(&salt), &header[8..HEADER]);
    crc32c::crc32c_append(crc, body)
}

/// The `N` bytes from `at` on.
pub(super) fn part<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at + N)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place = Place { segment: SegmentNo(3), offset: 96 };

    fn header() -> Header {
        Header { seq: Seq(9), committed: Seq(7), body_len: 4, payload_len: 5, payload_crc: 1, nonce: 0xabcd }
    }

    #[test]
    fn what_was_encoded_is_decoded() {
        let bytes = header().encode(PLACE, b"body");
        assert_eq!(Header::decode(&bytes), Some(header()));
        assert!(verify(PLACE, &bytes, b"body"));
        assert_eq!(header().extent(), 56);
    }

    #[test]
    fn it_is_valid_nowhere_else() {
        let bytes = header().encode(PLACE, b"body");
        assert!(!verify(Place { offset: 104, ..PLACE }, &bytes, b"body"));
        assert!(!verify(Place { segment: SegmentNo(4), ..PLACE }, &bytes, b"body"));
    }

    #[test]
    fn each_bit_counts() {
        let bytes = header().encode(PLACE, b"body");
        for bit in 0..HEADER * 8 {
            let mut bytes = bytes;
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(Header::decode(&bytes).is_none() || !verify(PLACE, &bytes, b"body"), "bit {bit}");
        }
    }
}
