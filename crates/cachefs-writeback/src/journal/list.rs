use std::collections::VecDeque;

use super::segment::{Segment, SegmentFile};
use super::{JournalUsage, SegmentNo};
use crate::sync::{Arc, Ordering};

/// All segments that have a name, the oldest first, and the room they take.
#[derive(Debug, Default)]
pub(super) struct List {
    segments: VecDeque<Arc<Segment>>,
    /// Of those listed, and of one that is prepared.
    bytes: u64,
    /// The end writes to the newest, and has a reference of its own.
    writing: bool,
}

/// A segment that nobody needs.
#[derive(Debug)]
pub(super) struct Free {
    pub(super) file: Arc<SegmentFile>,
    pub(super) capacity: u64,
}

impl List {
    pub(super) fn of(segments: Vec<Arc<Segment>>) -> Self {
        let bytes = segments.iter().map(|segment| segment.capacity.load(Ordering::Relaxed)).sum();
        Self { segments: segments.into(), bytes, writing: false }
    }

    /// A segment takes room.
    pub(super) fn take(&mut self, bytes: u64) {
        self.bytes += bytes;
    }

    /// Room was given back.
    pub(super) fn give(&mut self, bytes: u64) {
        self.bytes = self.bytes.saturating_sub(bytes);
    }

    /// The end goes on in a segment, whose room was taken.
    pub(super) fn push(&mut self, segment: Arc<Segment>) {
        self.segments.push_back(segment);
        self.writing = true;
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The oldest ones, up to the first of which a record is held. The newest is always kept: it tells a later start
    /// where the journal was.
    pub(super) fn free(&mut self) -> Vec<Free> {
        let older = self.segments.len().saturating_sub(1);
        let unheld = self.segments.iter_mut().take(older);
        let free = |segment: &mut Arc<Segment>| {
            let Segment { capacity, file, .. } = Arc::get_mut(segment)?;
            Some(Free { file: Arc::clone(file), capacity: *capacity.get_mut() })
        };
        unheld.map_while(free).collect()
    }

    /// The oldest one has lost its name.
    pub(super) fn pop(&mut self) {
        if let Some(segment) = self.segments.pop_front() {
            self.give(segment.capacity.load(Ordering::Relaxed));
        }
    }

    pub(super) fn oldest_held(&self) -> Option<SegmentNo> {
        let newest = self.segments.len().wrapping_sub(1);
        let idle = |index| if index == newest && self.writing { 2 } else { 1 };
        let mut segments = self.segments.iter().enumerate();
        segments
            .find(|(index, segment)| Arc::strong_count(segment) > idle(*index))
            .map(|(_, segment)| segment.no)
    }

    pub(super) fn usage(&self, bytes_max: u64) -> JournalUsage {
        JournalUsage { bytes: self.bytes, bytes_max, segments: self.segments.len() }
    }
}
