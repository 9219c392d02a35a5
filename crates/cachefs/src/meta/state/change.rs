use std::ops::Range;

use cachefs_vfs::Attr;

use super::{Dropped, State};
use crate::block::{BlockIndex, Generation};
use crate::meta::{Asked, Seen, Stamp};
use crate::stats::MissReason;

/// Our own changes of the inode, one at a time: the caller holds the file's writer lock from one to the other.
impl State {
    /// A change of these blocks (none: of attributes only) begins.
    pub(crate) fn begin_change(&mut self, stamp: Stamp, blocks: Option<Range<BlockIndex>>) {
        self.changed = self.changed.max(stamp);
        self.busy = true;
        if let Some(blocks) = blocks {
            self.data().touches.begin(blocks);
        }
    }

    /// It is over since `over`, and left these attributes; the generation stays. `begun` is the stamp it began with: if
    /// another change of ours came between, they are not answered to anybody but kept to compare with.
    ///
    /// What was asked for before `over` is not learnt any more, for it may be from before the change.
    pub(crate) fn end_change(&mut self, attr: Attr, seen: Seen, begun: Stamp, over: Asked) {
        let alone = self.changed == begun;
        let moved = (self.ctime_ours, self.ctime_told);
        self.end_busy();
        self.set_attr(attr, seen);
        self.first_seen = over.at;
        if !alone {
            (self.ctime_ours, self.ctime_told) = moved;
            self.valid = false;
        }
        self.note_change(over.stamp);
    }

    /// It is over, and nobody knows what it left.
    pub(crate) fn break_change(&mut self, stamp: Stamp, fresh: Generation) -> Option<Dropped> {
        self.end_busy();
        self.reset(stamp, fresh, MissReason::Error)
    }

    /// It is over since `over`, and others changed the file, too: `attr` is what it is like now.
    pub(crate) fn end_change_foreign(
        &mut self,
        attr: Attr,
        seen: Seen,
        over: Asked,
        fresh: Generation,
    ) -> Option<Dropped> {
        self.end_busy();
        let dropped = self.reset(self.changed, fresh, MissReason::Invalidated);
        self.set_attr(attr, seen);
        self.first_seen = over.at;
        if self.changed > seen.stamp() {
            self.valid = false;
        }
        self.note_change(over.stamp);
        dropped
    }

    /// It is over; what it left is for the caller to say.
    pub(crate) fn end_busy(&mut self) {
        self.busy = false;
        if let Some(data) = &mut self.data {
            data.touches.end();
        }
    }
}
