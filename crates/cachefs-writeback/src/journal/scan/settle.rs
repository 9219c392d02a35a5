use cachefs_vfs::{Access, VDir};

use super::super::head::Head;
use super::super::segment::Segment;
use super::super::verified::Verified;
use super::super::{BootId, JournalError, Seq, SourceId};
use super::gather::Gather;
use super::opened::Opened;
use super::walk::Walk;
use super::window::Window;
use super::{Damage, Scan};
use crate::sync::{Arc, AtomicU64, Ordering};

/// Zeros behind the last record that are worth cutting off, in bytes.
const SLACK: u64 = 64 << 10;

/// What is needed to go on with a journal.
#[derive(Debug)]
pub(in super::super) struct Found {
    pub(in super::super) scan: Scan,
    /// The oldest first.
    pub(in super::super) segments: Vec<Arc<Segment>>,
    /// Files in which nothing was ever written.
    pub(in super::super) unused: Vec<Arc<Segment>>,
    pub(in super::super) last: Seq,
    pub(in super::super) committed: Seq,
    /// `None` for a new journal.
    pub(in super::super) nonce: Option<u32>,
    /// The number of the newest segment, 0 without any.
    pub(in super::super) newest: u64,
}

/// Reads all segments. With [`Access::ReadWrite`], cuts off what was reserved in them and not used.
///
/// # Errors
/// `WrongSource` if one says another than `source`, `Version`, `Io`.
pub(in super::super) fn read(
    dir: &dyn VDir,
    access: Access,
    source: Option<SourceId>,
    boot: BootId,
) -> Result<Found, JournalError> {
    let opened = Opened::all(dir, access, source)?;
    let mut settle = Settle::new(&opened, access);
    let limits = limits(&opened);
    for (opened, limit) in opened.into_iter().zip(limits) {
        settle.segment(opened, limit)?;
    }
    Ok(settle.finish(boot))
}

/// Before which record each segment ends, by the heads of those after it: what was never finished was written again
/// there, under the same number.
fn limits(opened: &[Opened]) -> Vec<Seq> {
    let mut limit = Seq(u64::MAX);
    let mut limits = Vec::with_capacity(opened.len());
    for opened in opened.iter().rev() {
        limits.push(limit);
        limit = opened.head.map_or(limit, |head: Head| head.first.min(limit));
    }
    limits.reverse();
    limits
}

#[derive(Debug)]
struct Settle {
    access: Access,
    nonce: Option<u32>,
    newest: u64,
    gather: Gather,
    segments: Vec<Arc<Segment>>,
    unused: Vec<Arc<Segment>>,
    /// The newest segment has bytes, and nothing of it is to be understood.
    garbage: bool,
}

impl Settle {
    fn new(opened: &[Opened], access: Access) -> Self {
        Self {
            access,
            nonce: opened.iter().rev().find_map(|opened| opened.head).map(|head| head.nonce),
            newest: opened.last().map_or(0, |opened| opened.no.0),
            gather: Gather::default(),
            segments: Vec::new(),
            unused: Vec::new(),
            garbage: false,
        }
    }

    fn segment(&mut self, opened: Opened, limit: Seq) -> Result<(), JournalError> {
        let Opened { no, file, length, head } = opened;
        let boot = head.map(|head| head.boot);
        let segment = Arc::new(Segment {
            no,
            capacity: AtomicU64::new(length),
            boot,
            verified: Verified::default(),
            file: Arc::new(file),
        });
        if let Some(head) = head {
            self.gather.head(head.first.min(limit), head.committed, head.boot);
        }
        let nonce = head.map(|head| head.nonce).or(self.nonce);
        let mut walk = Walk::new(Window::new(&segment.file, length), no, nonce, limit);
        let mut met = 0_u64;
        while let Some(record) = walk.next(self.gather.floor())? {
            self.gather.met(&segment, record);
            met += 1;
        }
        self.nonce = self.nonce.or(walk.nonce);
        let empty = head.is_none() && met == 0;
        let end = walk.end();
        let blank = walk.window.is_zero_from(end)?;
        if empty && blank {
            self.unused.push(segment);
            return Ok(());
        }
        if blank && self.access.writes() && length > end + SLACK {
            segment.file.cut(end)?;
            segment.capacity.store(end, Ordering::Relaxed);
        }
        self.garbage = empty;
        self.segments.push(segment);
        Ok(())
    }

    fn finish(self, boot: BootId) -> Found {
        let Self { mut gather, segments, unused, nonce, newest, garbage, .. } = self;
        let mut torn = gather.torn();
        gather.judge(boot);
        let Gather { records, damage, committed, next, .. } = gather;
        let last = Seq(next.map_or(0, |next| next.0.saturating_sub(1))).max(committed);
        if garbage && torn.is_empty() {
            torn.push(Damage { first: last.next(), last: last.next(), bytes: None, certain: false });
        }
        let same_boot = records.iter().all(|(record, _)| record.boot() == Some(boot));
        let scan = Scan { records, damage, torn, same_boot };
        Found { scan, segments, unused, last, committed, nonce, newest }
    }
}
