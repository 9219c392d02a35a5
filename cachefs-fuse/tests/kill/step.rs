use super::shelf::Moment;

/// What a worker does next: one system call that counts. Files are named by number where the call does not name them.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Create {
        path: String,
        no: u32,
    },
    /// `durable`: through a descriptor with `O_DSYNC`.
    Write {
        no: u32,
        at: u64,
        seq: u64,
        len: usize,
        durable: bool,
    },
    Append {
        no: u32,
        seq: u64,
        len: usize,
    },
    Cut {
        no: u32,
        len: u64,
    },
    Rename {
        from: String,
        to: String,
    },
    Exchange {
        one: String,
        other: String,
    },
    Link {
        from: String,
        to: String,
    },
    Unlink {
        path: String,
    },
    RenameDir {
        from: String,
        to: String,
    },
    Mode {
        no: u32,
        mode: u32,
    },
    Times {
        no: u32,
        mtime: Moment,
    },
    Sync {
        no: u32,
        data_only: bool,
    },
    SyncDir {
        dir: String,
    },
    /// Reads all of it and compares; takes note of its time.
    Look {
        no: u32,
    },
}

impl Step {
    /// Bytes it writes.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Write { len, .. } | Self::Append { len, .. } => *len,
            _ => 0,
        }
    }

    /// The rest of a write of which `written` bytes were acknowledged.
    pub(crate) fn rest(&self, written: usize, end: u64) -> Self {
        match self {
            Self::Write { no, at, seq, len, durable } => Self::Write {
                no: *no,
                at: at + written as u64,
                seq: *seq,
                len: len - written,
                durable: *durable,
            },
            Self::Append { no, seq, len } => {
                Self::Write { no: *no, at: end, seq: *seq, len: len - written, durable: false }
            }
            other => other.clone(),
        }
    }

    /// The file whose bytes it changes.
    pub(crate) fn writes_to(&self) -> Option<u32> {
        match self {
            Self::Write { no, .. } | Self::Append { no, .. } => Some(*no),
            _ => None,
        }
    }
}
