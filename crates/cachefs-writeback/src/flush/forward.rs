use cachefs_vfs::Result;
use tracing::{debug, error, info};

use crate::core::{Core, Stats, Turn};
use crate::dirty::State;
use crate::extent::{Extent, Weight};
use crate::journal::{Entry, FileNo, JournalError, Record, SegmentNo, Seq};
use crate::sync::Ordering;

/// Bytes that are sooner moved than waited for.
const LITTLE: u64 = 1 << 20;

impl Core {
    /// Gives back what room of the journal can be given back, after moving old bytes to its end if it is filling up.
    pub(crate) fn make_journal_room(&self) {
        if self.check_stopped().is_err() {
            return;
        }
        if self.is_broken() {
            return self.abandon_journal();
        }
        let usage = self.journal.usage();
        if self.wants_settling() {
            self.settling.ring();
        }
        let filling = self.journal_fills();
        // Most of it is of no use any more: moving the rest pays.
        let pays = usage.bytes > self.pressure.dirty().saturating_mul(2);
        if filling
            && pays
            && let Some(oldest) = self.journal.oldest_held()
        {
            self.forward(oldest);
        }
        if usage.segments > 1 && self.oldest_changed(filling) {
            match self.journal.reclaim() {
                Ok(0) => {}
                Ok(_) => {
                    self.hunger.end();
                    self.pressure.stir();
                }
                Err(error) => {
                    self.look_broken(&error);
                    debug!(%error, "the journal keeps what it does not need");
                }
            }
        }
    }

    /// Whether it is time to look for room in the journal.
    pub(crate) fn journal_fills(&self) -> bool {
        let usage = self.journal.usage();
        usage.bytes > usage.bytes_max / 2 || self.hunger.is_starved()
    }

    /// A broken journal can't be told what happens from now on, so it must not be replayed. It goes when all it has is
    /// in the backing.
    fn abandon_journal(&self) {
        if self.table.dirty() > 0 || self.abandoned.swap(true, Ordering::AcqRel) {
            return;
        }
        match self.journal.abandon() {
            Ok(()) => info!("all is in the backing, and the broken journal is gone"),
            Err(error) => {
                error!(%error, "the broken journal can't be removed: after a crash it may cost conflicts")
            }
        }
    }

    fn oldest_changed(&self, filling: bool) -> bool {
        let oldest = self.journal.oldest_held();
        let before = std::mem::replace(&mut *self.oldest_held.lock(), oldest);
        filling || before != oldest
    }

    /// Moves what files have in the oldest segment to the end, so that the segment can go. Files whose turn somebody
    /// has are about to be clean, or are left for the next time.
    fn forward(&self, oldest: SegmentNo) {
        for file in self.table.all_dirty() {
            if !is_in_the_way(&file.state(), oldest) {
                continue;
            }
            let Some(turn) = self.try_turn_of(&file) else { continue };
            if let Err(error) = self.forward_file(&turn, oldest) {
                debug!(%error, file = %file.told().display(), "its bytes stay where they are");
                return;
            }
        }
    }

    fn forward_file(&self, turn: &Turn<'_>, oldest: SegmentNo) -> Result<(), JournalError> {
        let file = turn.file();
        let path = file.path();
        loop {
            let mut state = file.state();
            let (Some(no), Some(own)) = (state.no, state.own) else { return Ok(()) };
            let next = state.extents.iter().find(|extent| extent.record.segment() <= oldest).cloned();
            match next {
                Some(extent) => self.forward_extent(&mut state, no, &extent)?,
                None => {
                    let entry = Entry::File { no, id: file.id(), path, own };
                    return self.forward_anchor(&mut state, no, &entry);
                }
            }
        }
    }

    /// The file's state is locked: what is written meanwhile comes after it.
    fn forward_extent(
        &self,
        state: &mut State,
        no: FileNo,
        extent: &Extent<Record>,
    ) -> Result<(), JournalError> {
        let len = usize::try_from(extent.len).unwrap_or(usize::MAX);
        let mut bytes = vec![0; len];
        // Not by what tells the file's name when it fails: that needs the state.
        extent.record.read(extent.skip, &mut bytes)?;
        let entry = Entry::Data { no, offset: extent.offset, mtime: state.mtime };
        let record = self.append(state, &entry, &bytes)?;
        let (offset, len, seq) = (extent.offset, extent.len, record.seq());
        let left = state.extents.insert(Extent { offset, len, skip: 0, seq, record });
        debug_assert_eq!(left, Weight::of_write(len), "one takes the place of one");
        Stats::add(&self.stats.forwarded_bytes, len);
        Ok(())
    }

    /// Says anew what the records in the old segment said.
    fn forward_anchor(&self, state: &mut State, no: FileNo, entry: &Entry) -> Result<(), JournalError> {
        let record = self.append(state, entry, &[])?;
        if let (true, Some(own)) = (state.open, state.own) {
            // Also where it was a verb: what may have become of the length is said by this.
            self.append(state, &Entry::FlushBegin { no, upto: Seq(0), own }, &[])?;
        }
        if state.unlinked {
            self.append(state, &Entry::Gone { no }, &[])?;
        }
        state.anchor = Some(record);
        Ok(())
    }
}

/// Whether a file keeps old segments and is not about to be flushed, or has little there.
fn is_in_the_way(state: &State, oldest: SegmentNo) -> bool {
    let old = state.extents.iter().filter(|extent| extent.record.segment() <= oldest);
    let bytes: u64 = old.map(|extent| extent.len).sum();
    (state.failing.is_some() || bytes <= LITTLE) && reaches_back(state, oldest)
}

/// Whether a file keeps a segment, or one before it, from being given back.
fn reaches_back(state: &State, oldest: SegmentNo) -> bool {
    // Said again behind later bytes, a truncation would cut them off.
    if state.truncate.is_some() || state.awaited > 0 {
        return false;
    }
    let anchored = state.anchor.as_ref().is_some_and(|record| record.segment() <= oldest);
    anchored || state.extents.iter().any(|extent| extent.record.segment() <= oldest)
}
