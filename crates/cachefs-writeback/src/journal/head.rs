use super::wire::part;
use super::{BootId, SegmentNo, Seq, SourceId};

/// Bytes of a head; the first record follows.
pub(super) const HEAD: usize = 96;
/// The form of all that is in a segment.
pub(super) const FORMAT: u32 = 1;

const MAGIC: [u8; 8] = *b"cachefsJ";
const CRC: usize = HEAD - 4;

/// What a segment begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// Of the journal, from its first segment to its last: old bytes of other files are never taken for its records.
    pub(super) nonce: u32,
    pub(super) no: SegmentNo,
    /// The first record that it has, or would have had.
    pub(super) first: Seq,
    /// What was durable when it was begun.
    pub(super) committed: Seq,
    pub(super) source: SourceId,
    pub(super) boot: BootId,
}

/// Why something is no head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoHead {
    /// It is one, of a form that is not ours.
    Version(u32),
    /// It is damaged, or was never written.
    Damaged,
}

impl Head {
    pub(super) fn encode(&self) -> [u8; HEAD] {
        let mut bytes = [0; HEAD];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&FORMAT.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.nonce.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.no.0.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.first.0.to_le_bytes());
        bytes[32..40].copy_from_slice(&self.committed.0.to_le_bytes());
        bytes[40..72].copy_from_slice(&self.source.0);
        bytes[72..88].copy_from_slice(&self.boot.0);
        let crc = crc32c::crc32c(&bytes[..CRC]);
        bytes[CRC..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// The head of segment `no`. Every format keeps the first 12 bytes, the length and the checksum.
    pub(super) fn decode(bytes: &[u8], no: SegmentNo) -> Result<Self, NoHead> {
        Self::fields(bytes).ok_or(NoHead::Damaged).and_then(|(format, head)| match format {
            FORMAT if head.no == no && head.first.0 > 0 => Ok(head),
            FORMAT => Err(NoHead::Damaged),
            other => Err(NoHead::Version(other)),
        })
    }

    fn fields(bytes: &[u8]) -> Option<(u32, Self)> {
        let sound = part(bytes, 0)? == MAGIC
            && u32::from_le_bytes(part(bytes, CRC)?) == crc32c::crc32c(bytes.get(..CRC)?);
        let head = Self {
            nonce: u32::from_le_bytes(part(bytes, 12)?),
            no: SegmentNo(u64::from_le_bytes(part(bytes, 16)?)),
            first: Seq(u64::from_le_bytes(part(bytes, 24)?)),
            committed: Seq(u64::from_le_bytes(part(bytes, 32)?)),
            source: SourceId(part(bytes, 40)?),
            boot: BootId(part(bytes, 72)?),
        };
        sound.then_some((u32::from_le_bytes(part(bytes, 8)?), head))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head() -> Head {
        Head {
            nonce: 1,
            no: SegmentNo(2),
            first: Seq(3),
            committed: Seq(4),
            source: SourceId([5; 32]),
            boot: BootId([6; 16]),
        }
    }

    #[test]
    fn what_was_encoded_is_decoded() {
        assert_eq!(Head::decode(&head().encode(), SegmentNo(2)), Ok(head()));
        assert_eq!(Head::decode(&head().encode(), SegmentNo(3)), Err(NoHead::Damaged), "a file renamed");
        assert_eq!(Head::decode(&head().encode()[..HEAD - 1], SegmentNo(2)), Err(NoHead::Damaged));
    }

    #[test]
    fn another_format_is_told_from_damage() {
        let mut bytes = head().encode();
        bytes[8] = 9;
        assert_eq!(Head::decode(&bytes, SegmentNo(2)), Err(NoHead::Damaged));
        let crc = crc32c::crc32c(&bytes[..CRC]);
        bytes[CRC..].copy_from_slice(&crc.to_le_bytes());
        assert_eq!(Head::decode(&bytes, SegmentNo(2)), Err(NoHead::Version(9)));
    }
}
