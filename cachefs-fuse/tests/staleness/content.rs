//! Contents that tell by themselves which file and version they are of, and whether they are whole.

/// Bytes of a record.
pub(crate) const RECORD: usize = 64;
const MAGIC: u64 = 0x5ca1_ab1e_0ddb_a115;

/// What each record of a file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    /// The file it belongs to.
    pub(crate) file: u32,
    /// The version that wrote it.
    pub(crate) version: u64,
    /// Records in the whole file at that version.
    pub(crate) records: u32,
    /// Its position, in records.
    pub(crate) index: u32,
}

impl Record {
    fn encode(self, out: &mut Vec<u8>) {
        let place = u64::from(self.records) << 32 | u64::from(self.index);
        let seed = mix(mix(u64::from(self.file), self.version), place);
        let words =
            [MAGIC, u64::from(self.file), self.version, place, mix(seed, 1), mix(seed, 2), mix(seed, 3)];
        let sum = words.into_iter().fold(0, mix);
        for word in words.into_iter().chain([sum]) {
            out.extend_from_slice(&word.to_le_bytes());
        }
    }

    /// None if it is torn, or no record at all.
    fn decode(bytes: &[u8]) -> Option<Self> {
        let mut words = [0; 8];
        let (chunks, []) = bytes.as_chunks::<8>() else { return None };
        if chunks.len() != words.len() {
            return None;
        }
        for (word, chunk) in words.iter_mut().zip(chunks) {
            *word = u64::from_le_bytes(*chunk);
        }
        let sum = words[..7].iter().copied().fold(0, mix);
        let whole = words[0] == MAGIC && sum == words[7];
        let low = |word: u64| u32::try_from(word & u64::from(u32::MAX)).ok();
        whole.then_some(Self {
            file: low(words[1])?,
            version: words[2],
            records: low(words[3] >> 32)?,
            index: low(words[3])?,
        })
    }
}

/// Stirs `word` into `state`: good enough that no mix of two records has the sum of a third.
fn mix(state: u64, word: u64) -> u64 {
    let stirred = (state ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29) ^ word.rotate_left(17);
    stirred.wrapping_mul(0xbf58_476d_1ce4_e5b9) ^ (stirred >> 31)
}

/// Records `first..` up to `records` of a file of this version and length.
pub(crate) fn bytes(file: u32, version: u64, first: u32, records: u32) -> Vec<u8> {
    let mut out = Vec::with_capacity((records - first) as usize * RECORD);
    for index in first..records {
        Record { file, version, records, index }.encode(&mut out);
    }
    out
}

/// What some records of a file show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Whole records.
    pub(crate) valid: u32,
    /// Records whose checksum is wrong, and trailing bytes that are no record.
    pub(crate) torn: u32,
    /// Records of another file, or not at their position.
    pub(crate) strangers: u32,
    /// The oldest version seen.
    pub(crate) low: u64,
    /// The newest version seen.
    pub(crate) high: u64,
    /// The length that the last record speaks of, in records.
    pub(crate) records: u32,
}

/// Looks at the bytes of `file` from record `first` on.
pub(crate) fn inspect(file: u32, first: u32, bytes: &[u8]) -> Piece {
    let mut piece = Piece { low: u64::MAX, ..Piece::default() };
    for (at, chunk) in bytes.chunks(RECORD).enumerate() {
        match Record::decode(chunk) {
            None => piece.torn += 1,
            Some(record) => {
                let expected = u32::try_from(at).ok().and_then(|at| first.checked_add(at));
                piece.valid += 1;
                piece.strangers += u32::from(record.file != file || Some(record.index) != expected);
                piece.low = piece.low.min(record.version);
                piece.high = piece.high.max(record.version);
                piece.records = record.records;
            }
        }
    }
    piece
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_known_by_its_bytes() {
        let whole = bytes(7, 3, 0, 100);
        let piece = inspect(7, 0, &whole);
        assert_eq!((piece.valid, piece.torn, piece.strangers), (100, 0, 0));
        assert_eq!((piece.low, piece.high, piece.records), (3, 3, 100));
        assert_eq!(inspect(8, 0, &whole).strangers, 100, "of another file");
        assert_eq!(inspect(7, 1, &whole).strangers, 100, "at another position");
    }

    #[test]
    fn mixes_and_tears_are_seen() {
        let (old, new) = (bytes(7, 3, 0, 4), bytes(7, 4, 0, 4));
        let mixed = [&old[..RECORD], &new[RECORD..]].concat();
        let piece = inspect(7, 0, &mixed);
        assert_eq!((piece.low, piece.high, piece.torn), (3, 4, 0));
        let torn = [&old[..40], &new[40..]].concat();
        assert_eq!(inspect(7, 0, &torn).torn, 1);
        assert_eq!(inspect(7, 0, &old[..100]).torn, 1, "a record cut off");
        assert_eq!(inspect(7, 0, &[0; 128]).torn, 2, "a hole");
    }
}
