use std::io::{ErrorKind, Read};

use super::Request;
use super::error::Flaw;

/// Bytes per record.
const RECORD: usize = 24;

/// Requests of an oracleGeneral trace. When a key comes again is not taken from there (it may be of a longer trace
/// that this one was cut from), but what it says must be possible: so garbage is told from a trace.
pub(super) struct Records<R> {
    reader: R,
    /// How many were read.
    count: u64,
}

impl<R: Read> Records<R> {
    pub(super) const fn new(reader: R) -> Self {
        Self { reader, count: 0 }
    }

    fn read(&mut self) -> Result<Option<Request>, Flaw> {
        let mut record = [0; RECORD];
        let mut filled = 0;
        while filled < RECORD {
            match self.reader.read(&mut record[filled..]) {
                Ok(0) if filled == 0 => return Ok(None),
                Ok(0) => return Err(self.flaw(format!("cut off after {filled} of {RECORD} bytes"))),
                Ok(more) => filled += more,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        self.parse(&record).map(Some)
    }

    fn parse(&mut self, record: &[u8; RECORD]) -> Result<Request, Flaw> {
        let [_, _, _, _, key @ .., s0, s1, s2, s3, _, _, _, _, _, _, _, _] = record;
        let next = i64::from_le_bytes(record_end(record));
        // -1 and -2 are written for what does not come again, or is not known to.
        if next < -2 || u64::try_from(next).is_ok_and(|next| next <= self.count) {
            let what = format!("comes again at {next}, which cannot be: this is no oracleGeneral trace");
            return Err(self.flaw(what));
        }
        self.count += 1;
        let size = u32::from_le_bytes([*s0, *s1, *s2, *s3]);
        Ok(Request { key: u64::from_le_bytes(*key), size: size.into(), place: None })
    }

    fn flaw(&self, what: String) -> Flaw {
        Flaw::Record(self.count + 1, what)
    }
}

fn record_end(record: &[u8; RECORD]) -> [u8; 8] {
    let [.., a, b, c, d, e, f, g, h] = *record;
    [a, b, c, d, e, f, g, h]
}

impl<R: Read> Iterator for Records<R> {
    type Item = Result<Request, Flaw>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}
