/// A segment is no smaller, in bytes.
const SEGMENT_MIN: u64 = 4096;

/// What the journal is of: a digest of what identifies its source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SourceId(pub(crate) [u8; 32]);

/// The run of the system: another one means that what was not durable may be gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct BootId(pub(crate) [u8; 16]);

/// What a journal is opened with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Setup {
    /// Bytes of a segment; cut to an eighth of `bytes_max`. A record that is longer gets a segment of its own.
    pub(crate) segment_size: u64,
    /// Bytes of all segments together at most, whether written to yet or not.
    pub(crate) bytes_max: u64,
    /// What it is of.
    pub(crate) source: SourceId,
    /// The run of the system now.
    pub(crate) boot: BootId,
}

impl Setup {
    /// With segments small enough for the oldest to be let go long before the journal is full.
    pub(super) fn checked(self) -> Self {
        let segment_size = self.segment_size.min(self.bytes_max / 8).max(SEGMENT_MIN);
        Self { segment_size, ..self }
    }
}

/// How much room a journal takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct JournalUsage {
    /// Bytes of all segments, those reserved on the disk for records to come included.
    pub(crate) bytes: u64,
    /// The limit of that.
    pub(crate) bytes_max: u64,
    /// How many segments.
    pub(crate) segments: usize,
}
