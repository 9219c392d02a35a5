use super::SegmentNo;

/// One file of the journal.
#[derive(Debug)]
pub(super) struct Segment {
    no: SegmentNo,
}

impl Segment {
    pub(super) fn no(&self) -> SegmentNo {
        self.no
    }
}
