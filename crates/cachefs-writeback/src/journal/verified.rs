use super::Seq;
use crate::sync::{AtomicU64, Ordering};

/// Records remembered of one segment; beyond it, some are verified again.
const REMEMBERED: usize = 1024;

/// Which records of a segment were found to be as they were written.
#[derive(Debug)]
pub(super) struct Verified(Box<[AtomicU64]>);

impl Verified {
    pub(super) fn has(&self, seq: Seq) -> bool {
        self.slot(seq).load(Ordering::Relaxed) == seq.0
    }

    pub(super) fn note(&self, seq: Seq) {
        self.slot(seq).store(seq.0, Ordering::Relaxed);
    }

    fn slot(&self, seq: Seq) -> &AtomicU64 {
        // Records of one file lie near each other.
        let index = usize::try_from(seq.0 % REMEMBERED as u64).unwrap_or(0);
        &self.0[index]
    }
}

impl Default for Verified {
    fn default() -> Self {
        Self((0..REMEMBERED).map(|_| AtomicU64::new(0)).collect())
    }
}
