use std::path::PathBuf;

use cachefs_vfs::clock::Moment;
use cachefs_vfs::late::Listener;
use cachefs_vfs::{Attr, Error, Time, VDir, VFile, Version};

use super::latch::Latch;
use crate::extent::ExtentMap;
use crate::journal::{FileNo, Record, Seq};
use crate::overlay::Place;
use crate::retry::Retry;
use crate::sync::Arc;

/// A time so many seconds ahead of the clock was set by somebody, and is not that of a write.
const AHEAD_MAX: i64 = 1;

/// What is known of a file that is dirty, or was lately. Behind the lock of its [`super::DirtyFile`].
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts, each read by name")]
pub(crate) struct State {
    /// What the journal calls it while it is dirty; `None` when it is clean.
    pub(crate) no: Option<FileNo>,
    /// The `File` record that tells of it: while that is held, all that was noted since stays in the journal.
    pub(crate) anchor: Option<Record>,
    /// Its dirty bytes.
    pub(crate) extents: ExtentMap<Record>,
    /// A length that the backing still lacks, as found by a replay that could not set it.
    pub(crate) truncate: Option<u64>,
    /// A handle of the backing, good for writing, while it is dirty.
    pub(crate) handle: Option<Arc<dyn VFile>>,
    /// Where it is.
    pub(crate) place: Option<Arc<Place>>,
    /// Where it was when nothing better is known.
    pub(crate) hint: PathBuf,
    /// Its version at the backing as our last verb or flush left it. Never `None` while it is dirty.
    pub(crate) own: Option<Version>,
    /// A flush or verb of ours ended without our knowing what it did: whatever the version is may be ours.
    pub(crate) open: bool,
    /// A verb of ours by another name may have moved its ctime as it became dirty.
    pub(crate) loose: bool,
    /// Windows that the journal has open because of that.
    pub(crate) windows: u32,
    /// The backing changed under it, and not by us: seen in passing by a verb. The next flush makes a conflict of it.
    pub(crate) foreign: bool,
    /// The backing's attributes as last seen, and when.
    pub(crate) seen: Option<(Attr, Moment)>,
    /// When it was last written to, or what a user set instead.
    pub(crate) mtime: Time,
    /// When it was last changed.
    pub(crate) ctime: Time,
    /// When the oldest of its dirty bytes was written, about.
    pub(crate) first: Moment,
    /// When it was last written to.
    pub(crate) last: Moment,
    /// The newest record of it.
    pub(crate) newest: Seq,
    /// Counts what we changed of it at the backing; odd numbers are changes under way.
    pub(crate) wrote: u64,
    /// That count when we last began to change bytes of it, or its length.
    pub(crate) bytes: u64,
    /// What of these the backing has synced.
    pub(crate) synced: u64,
    /// A sync was promised of bytes that the backing did not sync yet.
    pub(crate) promised: bool,
    /// A flush is writing.
    pub(crate) flushing: bool,
    /// Those who have it flushed up to some record: meanwhile its bytes keep their records.
    pub(crate) awaited: u32,
    /// Writers are to wait for the turn.
    pub(crate) held: bool,
    /// Readers, too: the length is being changed.
    pub(crate) cutting: bool,
    /// Counts what makes an earlier look at the extents useless: truncations, conflicts, changes past them.
    pub(crate) epoch: u64,
    /// We removed its last name.
    pub(crate) unlinked: bool,
    /// It was seen with several names. Some of them may have been removed, and not durably so.
    pub(crate) several: bool,
    /// It may have lost a name before it became dirty, and not durably so.
    pub(crate) shed: bool,
    /// The backing's directory we removed it from, if the name there was all it ever had.
    pub(crate) removed_from: Option<Arc<dyn VDir>>,
    /// Nobody of ours has it open any more.
    pub(crate) unreferenced: bool,
    /// The count of moves ([`crate::core::Core::asked`]) when what the backing answers of it last changed.
    pub(crate) moved: u64,
    /// It is among those that are remembered when they are clean.
    pub(crate) remembered: bool,
    /// What was dirty of it was dropped, for nobody could read it.
    pub(crate) dropped: bool,
    /// It may be found by a name that is not known to be its.
    pub(crate) elsewhere: bool,
    /// How often, one after the other, its flush did not find it.
    pub(crate) misses: u32,
    /// The tries of its flush.
    pub(crate) retry: Retry,
    /// Since when they fail, and how the last one did.
    pub(crate) failing: Option<(Moment, Error)>,
    /// What its users are to be told of that.
    pub(super) latch: Latch,
}

impl State {
    /// Whether the journal has something of it that the backing may not have.
    pub(crate) fn is_dirty(&self) -> bool {
        self.no.is_some()
    }

    /// Whether nothing would be lost by forgetting it.
    pub(crate) fn is_idle(&self) -> bool {
        self.no.is_none() && self.own.is_none() && self.newest == Seq(0) && !self.has_unsynced_bytes()
    }

    /// How long the file is to its readers, when the backing says `backing`.
    pub(crate) fn size_over(&self, backing: u64) -> u64 {
        self.truncate.unwrap_or(backing).max(self.extents.end())
    }

    /// The attributes that programs see when the backing says `attr`.
    pub(crate) fn overlaid(&self, mut attr: Attr) -> Attr {
        let Some(own) = self.own else { return attr };
        let ours = attr.version() == own;
        if self.is_dirty() {
            attr.size = self.size_over(attr.size);
            attr.blocks = attr.blocks.max(self.extents.bytes().div_ceil(512));
            attr.mtime = self.mtime;
            let moving = ours || self.flushing || self.cutting || self.open;
            attr.ctime = if moving { self.ctime } else { self.ctime.max(attr.ctime) };
        } else if ours {
            (attr.mtime, attr.ctime) = (self.mtime, self.ctime);
        }
        attr
    }

    /// Whether `version` is what a verb or flush of ours left.
    pub(crate) fn is_own(&self, version: Version) -> bool {
        let but_for_ctime = |own: Version| Version { ctime: version.ctime, ..own };
        self.own.is_some_and(|own| own == version || (self.loose && but_for_ctime(own) == version))
    }

    /// What a write at `wall` makes its mtime: that, unless the one before is a little later, by a finer clock than
    /// ours or the next write in the same tick. Then just after that, so that every write is to be seen.
    pub(crate) fn time_of_write(&self, wall: Time) -> Time {
        let Time { seconds, nanos } = self.mtime;
        if self.mtime < wall || seconds.saturating_sub(wall.seconds) > AHEAD_MAX {
            return wall;
        }
        if nanos < 999_999_999 {
            Time { seconds, nanos: nanos + 1 }
        } else {
            Time { seconds: seconds + 1, nanos: 0 }
        }
    }

    /// Takes note of what a verb or flush of ours left at the backing.
    pub(crate) fn know(&mut self, attr: &Attr, now: Moment) {
        self.own = Some(attr.version());
        self.loose = false;
        self.several |= attr.links > 1;
        self.seen = Some((*attr, now));
    }

    /// Something of it is about to change at the backing, or just has.
    pub(crate) fn touch_backing(&mut self) {
        self.wrote += 1;
    }

    /// Bytes of it are about to change at the backing, or its length.
    pub(crate) fn touch_bytes(&mut self) {
        self.touch_backing();
        self.bytes = self.wrote;
    }

    /// Whether the backing has bytes of ours that it did not sync yet.
    pub(crate) fn has_unsynced_bytes(&self) -> bool {
        self.synced < self.bytes
    }

    /// Whether it may have had names that nobody remembers.
    pub(crate) fn had_other_names(&self) -> bool {
        self.several || self.shed
    }

    /// Whether the backing has something of ours that it did not sync yet.
    pub(crate) fn is_unsynced(&self) -> bool {
        self.synced < self.wrote
    }

    /// What a listener was not told yet.
    pub(crate) fn report(&mut self, own: &Listener) -> Option<Error> {
        self.latch.report(own)
    }

    /// More was written, of which nobody was told anything.
    pub(crate) fn wrote_more(&mut self) {
        self.latch.wrote();
    }

    /// Why it can't be flushed, where that is to be told.
    pub(crate) fn error(&self) -> Option<&Error> {
        self.latch.error()
    }

    /// How its last flush failed.
    pub(crate) fn failure(&self) -> Option<&Error> {
        self.failing.as_ref().map(|(_, error)| error).or_else(|| self.error())
    }

    /// From now on `error` is told. Returns whether that is news.
    pub(crate) fn latch(&mut self, error: &Error) -> bool {
        self.latch.put(error)
    }

    /// It was flushed.
    pub(crate) fn recovered(&mut self) {
        self.latch.clear();
        self.retry.succeeded();
        self.failing = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_write_is_later_than_the_one_before() {
        let time = |seconds, nanos| Time { seconds, nanos };
        let after = |mtime, wall| State { mtime, ..State::default() }.time_of_write(wall);
        assert_eq!(after(time(5, 3), time(5, 9)), time(5, 9));
        assert_eq!(after(time(5, 9), time(5, 9)), time(5, 10), "in the same tick");
        assert_eq!(after(time(5, 999_999_999), time(5, 3)), time(6, 0), "by a finer clock");
        assert_eq!(after(time(500, 0), time(5, 3)), time(5, 3), "set to the future by somebody");
    }
}
