use cachefs_vfs::late::Listener;
use cachefs_vfs::{Errno, Error, FileId, Privileges, Result, VFile, nowait};

use super::begin::{Begun, must_go_through};
use super::{Core, Known, Stats};
use crate::dirty::DirtyFile;
use crate::extent::Extent;
use crate::journal::{Entry, JournalError};
use crate::overlay::Place;
use crate::pressure::Reservation;
use crate::sync::Arc;

/// Bytes in one record. An append goes into as few as can be, so that no other gets between.
const RECORD_MAX: usize = 1 << 20;
const APPEND_MAX: usize = 16 << 20;

/// What is written to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target<'a> {
    /// Which file of the backing.
    pub(crate) id: FileId,
    /// A handle of the backing, good for writing.
    pub(crate) handle: &'a Arc<dyn VFile>,
    /// Where the file is.
    pub(crate) place: &'a Arc<Place>,
    /// Who is told what failed, where the caller does not say.
    pub(crate) listener: &'a Listener,
    /// What the backing told as the handle was opened, if nobody asked it since.
    pub(crate) known: Option<Known>,
}

/// Where a write begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum At {
    /// There.
    Offset(u64),
    /// At the end, wherever that is at the moment.
    End,
}

/// What became of one record's worth of bytes.
enum Outcome {
    /// It is in the journal.
    Written,
    /// The file is clean.
    Clean,
    /// Somebody needs it to stand still.
    Held,
    /// It has to go to the backing.
    Through,
    /// The journal has no room.
    Full,
}

impl Core {
    /// Writes `data`: into the journal, as a rule, after waiting for room. Answers how many bytes were written; what is
    /// missing failed. The caller has no turn.
    ///
    /// # Errors
    /// What kept a flush of this file from succeeding, once for each listener; those of the backing where the write goes
    /// through; why there is no room.
    pub(crate) fn write(
        &self,
        target: &Target<'_>,
        data: &[u8],
        at: At,
        privileges: Privileges,
    ) -> Result<usize> {
        if let Some(error) = self.table.get(target.id).and_then(|file| file.state().report(target.listener)) {
            return Err(error);
        }
        let chunk_max = if at == At::End { APPEND_MAX } else { RECORD_MAX };
        let mut written = 0;
        while written < data.len() {
            let chunk = &data[written..data.len().min(written.saturating_add(chunk_max))];
            let at = match at {
                At::Offset(offset) => At::Offset(offset.checked_add(written as u64).ok_or(Errno::FBIG)?),
                At::End => At::End,
            };
            match self.write_chunk(target, chunk, at, privileges) {
                Ok(0) => break,
                Ok(count) if count < chunk.len() => return Ok(written + count),
                Ok(count) => written += count,
                Err(_) if written > 0 => break,
                Err(error) => {
                    self.table.get(target.id).iter().for_each(|file| self.tidy(file));
                    return Err(error);
                }
            }
        }
        Ok(written)
    }

    fn write_chunk(&self, target: &Target<'_>, data: &[u8], at: At, privileges: Privileges) -> Result<usize> {
        let mut room = match self.room_for(data.len() as u64)? {
            Some(reservation) => Some(reservation),
            None => return self.write_through(target, data, at, privileges),
        };
        let mut waited = self.patience();
        loop {
            let file = self.table.enter(target.id);
            match self.put(&file, data, at, privileges, &mut room)? {
                Outcome::Written => return Ok(data.len()),
                Outcome::Held => drop(self.turn_of(file)?),
                Outcome::Clean => {
                    nowait::check()?;
                    drop(file);
                    if self.begin(target, privileges)? == Begun::Through {
                        return self.write_through(target, data, at, privileges);
                    }
                }
                Outcome::Full if self.wait_for_journal(&mut waited)? => {}
                Outcome::Through | Outcome::Full => {
                    drop(room);
                    return self.write_through(target, data, at, privileges);
                }
            }
        }
    }

    /// Puts bytes of a dirty file into the journal.
    fn put(
        &self,
        file: &DirtyFile,
        data: &[u8],
        at: At,
        privileges: Privileges,
        room: &mut Option<Reservation<'_>>,
    ) -> Result<Outcome> {
        let mut state = file.state();
        if state.held {
            return Ok(Outcome::Held);
        }
        let (Some(no), Some((attr, _))) = (state.no, state.seen) else {
            return Ok(Outcome::Clean);
        };
        if must_go_through(&attr, privileges) {
            return Ok(Outcome::Through);
        }
        let offset = match at {
            At::Offset(offset) => offset,
            At::End => state.size_over(attr.size),
        };
        let len = data.len() as u64;
        if offset.checked_add(len).is_none_or(|end| end > i64::MAX.unsigned_abs()) {
            return Err(Error::new(Errno::FBIG));
        }
        let mtime = state.time_of_write(self.clock.wall());
        let record = match self.append(&mut state, &Entry::Data { no, offset, mtime }, data) {
            Ok(record) => {
                self.hunger.end();
                record
            }
            Err(JournalError::Full { .. }) => return Ok(Outcome::Full),
            Err(_) => return Ok(Outcome::Through),
        };
        let now = self.clock.now();
        if state.extents.is_empty() {
            state.first = now;
        }
        state.unreferenced = false;
        state.wrote_more();
        (state.last, state.mtime, state.ctime) = (now, mtime, state.ctime.max(mtime));
        let seq = record.seq();
        let left = state.extents.insert(Extent { offset, len, skip: 0, seq, record });
        drop(state);
        if let Some(room) = room.take() {
            room.used(left);
        }
        Ok(Outcome::Written)
    }

    /// Writes to the backing, after what is dirty of the file.
    fn write_through(
        &self,
        target: &Target<'_>,
        data: &[u8],
        at: At,
        privileges: Privileges,
    ) -> Result<usize> {
        nowait::check()?;
        Stats::add(&self.stats.through, 1);
        let turn = self.turn(target.id)?;
        let written = turn.at_place(target.place).through(|| match at {
            At::Offset(offset) => target.handle.write_at(data, offset, privileges),
            At::End => target.handle.append(data, privileges),
        })?;
        turn.sync_astray(target.handle)?;
        Ok(written)
    }
}
