use cachefs_vfs::{Errno, Error};

use super::head::{HEAD, Head};
use super::room::{Choice, Room};
use super::segment::{Segment, SegmentFile};
use super::verified::Verified;
use super::wire::{BODY_MAX, HEADER, Header, PAYLOAD_MAX, Place};
use super::{Entry, Journal, JournalError, Record, SegmentNo, Seq};
use crate::sync::{Arc, AtomicU64, Ordering};

/// A payload up to this many bytes is written together with its header: one copy is cheaper than one more call.
const TOGETHER: usize = 64 << 10;

/// Where records are appended.
#[derive(Debug, Default)]
pub(super) struct End {
    /// `None` until the first record is written.
    pub(super) segment: Option<Arc<Segment>>,
    /// Where the next record goes in it.
    position: u64,
    /// The next segment, and its bytes.
    spare: Option<(SegmentNo, SegmentFile, u64)>,
    /// The number of the newest file.
    pub(super) newest: u64,
    pub(super) last: Seq,
    /// Segments before this one that have records which may not be durable, the oldest first.
    pub(super) unsynced: Vec<Arc<SegmentFile>>,
    /// Header, entry and short payload of the record that is written; kept for its memory.
    front: Vec<u8>,
}

impl End {
    pub(super) fn new(last: Seq, newest: u64, segments: &[Arc<Segment>]) -> Self {
        let unsynced = segments.iter().map(|segment| Arc::clone(&segment.file)).collect();
        Self { last, newest, unsynced, ..Self::default() }
    }

    fn here(&self) -> u64 {
        let capacity = self.segment.as_ref().map_or(0, |segment| segment.capacity.load(Ordering::Relaxed));
        capacity.saturating_sub(self.position)
    }

    /// Puts `entry` into the front, behind the room of a header. Answers its bytes.
    fn encode(&mut self, entry: &Entry) -> Result<u32, JournalError> {
        let mut front = std::mem::take(&mut self.front);
        front.clear();
        front.resize(HEADER, 0);
        let too_long = || JournalError::Io(Error::new(Errno::NAMETOOLONG));
        self.front = postcard::to_extend(entry, front).map_err(|_| too_long())?;
        let body = self.front.len() - HEADER;
        if body > BODY_MAX {
            return Err(too_long());
        }
        u32::try_from(body).map_err(|_| too_long())
    }
}

impl Journal {
    /// Writes a record; it is in the file when this returns.
    ///
    /// # Errors
    /// `Full`: nothing was written. `Broken`, from the first failure on for ever. `Io` for what is too long for any
    /// record.
    pub(crate) fn append(&self, entry: &Entry, payload: &[u8]) -> Result<Record, JournalError> {
        let long = |_| JournalError::Io(Error::new(Errno::MSGSIZE));
        let payload_len = u32::try_from(payload.len()).map_err(long)?;
        if payload.len() > PAYLOAD_MAX {
            return Err(JournalError::Io(Error::new(Errno::MSGSIZE)));
        }
        let payload_crc = crc32c::crc32c(payload);
        let mut end = self.end.lock();
        let end = &mut *end;
        self.latch.check()?;
        let (seq, committed, nonce) = (end.last.next(), self.committed(), self.nonce);
        let body_len = end.encode(entry)?;
        let header = Header { seq, committed, body_len, payload_len, payload_crc, nonce };
        let data = matches!(entry, Entry::Data { .. });
        let segment = self.make_room(end, header.extent(), data)?;
        let at = end.position;
        self.write(end, &segment, &header, payload)?;
        end.position = at + header.extent();
        end.last = seq;
        self.last.store(seq.0, Ordering::Release);
        Ok(Record { segment, seq, payload: at + header.front(), payload_len, payload_crc })
    }

    /// The segment in which the next `needed` bytes are free.
    fn make_room(&self, end: &mut End, needed: u64, data: bool) -> Result<Arc<Segment>, JournalError> {
        let room = Room {
            here: end.here(),
            spare: end.spare.as_ref().map(|spare| spare.2),
            unused: self.setup.bytes_max.saturating_sub(self.list.lock().bytes()),
            segment_size: self.setup.segment_size,
            reserve: self.setup.segment_size,
        };
        match room.choose(needed, data) {
            None => return Err(JournalError::Full { needed }),
            Some(Choice::Here { spare: None }) => {}
            Some(Choice::Here { spare: Some(capacity) }) => self.prepare(end, capacity, needed)?,
            Some(Choice::Next { capacity }) => self.rotate(end, capacity, needed)?,
        }
        end.segment.clone().ok_or(JournalError::Full { needed })
    }

    /// Creates the next segment's file.
    fn prepare(&self, end: &mut End, capacity: u64, needed: u64) -> Result<(), JournalError> {
        end.newest += 1;
        let no = SegmentNo(end.newest);
        let file =
            SegmentFile::create(&*self.dir, no, capacity).map_err(|error| self.failed(error, needed))?;
        self.list.lock().take(capacity);
        end.spare = Some((no, file, capacity));
        Ok(())
    }

    /// Goes on in the next segment. Nothing is synced: the first commit that needs it does that, name and all.
    fn rotate(&self, end: &mut End, capacity: u64, needed: u64) -> Result<(), JournalError> {
        if end.spare.is_none() {
            self.prepare(end, capacity, needed)?;
        }
        let Some((no, file, reserved)) = &mut end.spare else { return Err(JournalError::Full { needed }) };
        if *reserved < capacity {
            file.reserve(capacity).map_err(|error| self.failed(error, needed))?;
            self.list.lock().take(capacity - *reserved);
            *reserved = capacity;
        }
        let (source, boot) = (self.setup.source, self.setup.boot);
        let (first, committed) = (end.last.next(), self.committed());
        let head = Head { nonce: self.nonce, no: *no, first, committed, source, boot };
        file.write(&head.encode(), 0).map_err(|(_, error)| self.failed(error, needed))?;
        if let Some((no, file, capacity)) = end.spare.take() {
            let (capacity, file) = (AtomicU64::new(capacity), Arc::new(file));
            let segment =
                Arc::new(Segment { no, capacity, boot: Some(boot), verified: Verified::default(), file });
            let before = end.segment.replace(Arc::clone(&segment));
            end.unsynced.extend(before.map(|before| Arc::clone(&before.file)));
            end.position = HEAD as u64;
            self.list.lock().push(segment);
        }
        Ok(())
    }

    /// Gives back what the disk keeps for records to come. The next record begins a segment.
    ///
    /// # Errors
    /// `Io` of removing or cutting a file, which loses nothing.
    #[cfg(test)]
    pub(crate) fn trim(&self) -> Result<(), JournalError> {
        let mut end = self.end.lock();
        if let Some((no, file, capacity)) = end.spare.take() {
            if let Err(error) = file.remove(&*self.dir) {
                end.spare = Some((no, file, capacity));
                return Err(error.into());
            }
            self.list.lock().give(capacity);
        }
        let Some(segment) = &end.segment else { return Ok(()) };
        let unused = end.here();
        if unused > 0 {
            segment.file.cut(end.position)?;
            segment.capacity.store(end.position, Ordering::Relaxed);
            self.list.lock().give(unused);
        }
        Ok(())
    }

    fn write(
        &self,
        end: &mut End,
        segment: &Segment,
        header: &Header,
        payload: &[u8],
    ) -> Result<(), JournalError> {
        let (file, at, needed) = (&segment.file, end.position, header.extent());
        let bytes = header.encode(Place { segment: segment.no, offset: at }, &end.front[HEADER..]);
        end.front[..HEADER].copy_from_slice(&bytes);
        if payload.len() <= TOGETHER {
            end.front.extend_from_slice(payload);
        } else {
            file.write(payload, at + header.front()).map_err(|(_, error)| self.failed(error, needed))?;
        }
        let Err((written, error)) = file.write(&end.front, at) else { return Ok(()) };
        match file.write(&[0; HEADER], at) {
            Err((_, undo)) if written > 0 => Err(self.latch.set(undo)),
            _ => Err(self.failed(error, needed)),
        }
    }

    /// A lack of room is told, anything else is kept for ever.
    fn failed(&self, error: Error, needed: u64) -> JournalError {
        match error.errno() {
            Errno::NOSPC | Errno::DQUOT | Errno::FBIG | Errno::MFILE | Errno::NFILE | Errno::NOMEM => {
                JournalError::Full { needed }
            }
            _ => self.latch.set(error),
        }
    }
}
