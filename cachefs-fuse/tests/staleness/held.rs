use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use cachefs_testkit::SplitMix64;

use super::content::{RECORD, inspect};
use super::plot::{Kind, Plot};

/// Records in a piece, at most.
const PIECE: u64 = 64;

/// A descriptor opened a while ago.
#[derive(Debug)]
pub(crate) struct Held<'a> {
    plot: &'a Plot,
    file: File,
    /// Where the file cannot change any more: its version and length in records, once a piece was read.
    fixed: Option<(u64, u32)>,
}

impl<'a> Held<'a> {
    pub(crate) fn open(plot: &'a Plot, root: &Path) -> io::Result<Self> {
        Ok(Self { plot, file: File::open(plot.path(root))?, fixed: None })
    }

    pub(crate) fn plot(&self) -> &Plot {
        self.plot
    }

    /// Reads a piece; answers what is wrong with it, if anything.
    pub(crate) fn read(&mut self, random: &mut SplitMix64) -> io::Result<Option<String>> {
        let most = self.fixed.map_or(self.plot.records(0), |(_, records)| records);
        let first = random.below(u64::from(most));
        let count = 1 + random.below(PIECE);
        let mut buffer = vec![0; usize::try_from(count).unwrap() * RECORD];
        let length = self.file.read_at(&mut buffer, first * RECORD as u64)?;
        let first = u32::try_from(first).unwrap();
        let piece = inspect(self.plot.id, first, &buffer[..length]);
        let right = if self.plot.kind != Kind::Replace {
            // Torn as in the source, perhaps; but never of another file or place.
            piece.strangers == 0
        } else if length == 0 && self.fixed.is_none() {
            true
        } else {
            let (version, records) = *self.fixed.get_or_insert((piece.high, piece.records));
            let left = u64::from(records.saturating_sub(first)).min(count);
            let whole = piece.torn + piece.strangers == 0 && (piece.low, piece.high) == (version, version);
            whole && piece.records == records && u64::from(piece.valid) == left
        };
        let wrong =
            || format!("{}: {length} bytes at {first}: {piece:?}, not {:?}", self.plot.name, self.fixed);
        Ok((!right).then(wrong))
    }
}
