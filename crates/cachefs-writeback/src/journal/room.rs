use super::head::HEAD;

/// How much room there is for a record, and where.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    /// Bytes left in the segment that is written to.
    pub(super) here: u64,
    /// Bytes of the segment that is prepared.
    pub(super) spare: Option<u64>,
    /// Bytes that no segment has.
    pub(super) unused: u64,
    /// Bytes of a new segment.
    pub(super) segment_size: u64,
    /// Bytes that data leaves to records that make room in the end.
    pub(super) reserve: u64,
}

/// Where a record goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    /// To the segment that is written to. With `spare`, the next one is to be prepared before: what is left here must
    /// be left to other records until the disk has room for it.
    Here { spare: Option<u64> },
    /// To the next segment, of this many bytes.
    Next { capacity: u64 },
}

impl Room {
    /// Where a record of `needed` bytes goes; `None` if there is no room for it.
    pub(super) fn choose(&self, needed: u64, data: bool) -> Option<Choice> {
        let elsewhere = self.unused + self.spare.unwrap_or(0);
        let (choice, left) = if needed <= self.here {
            let here = self.here - needed;
            (Choice::Here { spare: self.prepare(here, data) }, here + elsewhere)
        } else {
            let needed = needed + HEAD as u64;
            let capacity = self.spare.unwrap_or(self.segment_size.min(self.unused)).max(needed);
            (Choice::Next { capacity }, elsewhere.checked_sub(needed)?)
        };
        (!data || left >= self.reserve).then_some(choice)
    }

    /// Data does not take the end of a segment before the disk has room for the next one: a reserve that is only
    /// counted is none when others fill the disk.
    fn prepare(&self, left: u64, data: bool) -> Option<u64> {
        let soon = data && self.spare.is_none() && left < self.reserve / 8;
        let capacity = self.segment_size.min(self.unused);
        (soon && capacity > HEAD as u64).then_some(capacity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: Room = Room { here: 1000, spare: None, unused: 9000, segment_size: 1000, reserve: 1000 };

    #[test]
    fn a_record_goes_where_it_fits() {
        assert_eq!(ROOM.choose(500, true), Some(Choice::Here { spare: None }));
        assert_eq!(ROOM.choose(1001, true), Some(Choice::Next { capacity: 1097 }), "longer than a segment");
        let full = Room { here: 10, spare: Some(700), ..ROOM };
        assert_eq!(full.choose(100, true), Some(Choice::Next { capacity: 700 }));
        assert_eq!(full.choose(10_000, false), None);
    }

    #[test]
    fn the_end_of_a_segment_waits_for_the_next_one() {
        assert_eq!(ROOM.choose(900, true), Some(Choice::Here { spare: Some(1000) }));
        assert_eq!(ROOM.choose(900, false), Some(Choice::Here { spare: None }));
        assert_eq!(Room { spare: Some(1), ..ROOM }.choose(900, true), Some(Choice::Here { spare: None }));
    }

    #[test]
    fn data_leaves_the_reserve_to_others() {
        let tight = Room { here: 300, unused: 1000, ..ROOM };
        assert!(tight.choose(300, true).is_some() && tight.choose(301, true).is_none());
        let last = Room { here: 300, unused: 0, ..ROOM };
        assert!(last.choose(1, true).is_none() && last.choose(300, false).is_some());
        assert!(last.choose(301, false).is_none());
    }
}
