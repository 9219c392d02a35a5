use super::super::segment::Segment;
use super::super::{BootId, Entry, Record, Seq};
use super::walk::Met;
use super::{Damage, LostBytes};
use crate::sync::Arc;

/// What was found so far, in the order of the journal.
#[derive(Debug, Default)]
pub(super) struct Gather {
    pub(super) records: Vec<(Record, Entry)>,
    pub(super) damage: Vec<Damage>,
    /// What is known to have been durable.
    pub(super) committed: Seq,
    /// The same by the runs of the system that say so.
    proofs: Vec<(Option<BootId>, Seq)>,
    /// The run in which what comes next was written, as far as is known.
    boot: Option<BootId>,
    /// That of each in `damage`.
    boots: Vec<Option<BootId>>,
    /// The record that comes next; `None` while nothing is known.
    pub(super) next: Option<Seq>,
    /// The first record that is here, or would be, and the run it is of.
    front: Option<(Seq, Option<BootId>)>,
    /// How many of the latest in `damage`, directly before `next`, are records of which the payload is not sound:
    /// unless more follows, they were never finished.
    unsound: usize,
}

impl Gather {
    /// Records before this are known already, or lost.
    pub(super) fn floor(&self) -> Seq {
        let unfinished = self.damage[self.damage.len() - self.unsound..].first();
        unfinished.map(|damage| damage.first).or(self.next).unwrap_or_default()
    }

    /// A segment begins with the record `first`, by its head.
    pub(super) fn head(&mut self, first: Seq, committed: Seq, boot: BootId) {
        self.front.get_or_insert((first, Some(boot)));
        self.skip_to(first);
        self.boot = Some(boot);
        self.prove(committed);
    }

    /// Settles which damage is certain. That a later run made everything durable that it found says nothing of what
    /// an earlier one had lost before.
    pub(super) fn judge(&mut self, now: BootId) {
        let proof = |boot: &Option<BootId>| {
            let of = self.proofs.iter().filter(|(of, _)| of == boot);
            of.map(|(_, committed)| *committed).max().unwrap_or_default()
        };
        for (damage, boot) in self.damage.iter_mut().zip(&self.boots) {
            damage.certain = *boot == Some(now) || damage.first <= proof(boot);
        }
        // Segments are given back only when all is durable: else those before the first were lost with the power.
        if let Some((front, boot)) = self.front.filter(|(_, boot)| *boot != Some(now))
            && front > proof(&boot).next()
        {
            let (first, last) = (proof(&boot).next(), Seq(front.0 - 1));
            self.damage.insert(0, Damage { first, last, bytes: None, certain: false });
        }
    }

    fn prove(&mut self, committed: Seq) {
        self.committed = self.committed.max(committed);
        match self.proofs.last_mut() {
            Some((boot, proof)) if *boot == self.boot => *proof = committed.max(*proof),
            _ => self.proofs.push((self.boot, committed)),
        }
    }

    fn push(&mut self, damage: Damage) {
        self.damage.push(damage);
        self.boots.push(self.boot);
    }

    pub(super) fn met(&mut self, segment: &Arc<Segment>, met: Met) {
        let Met { header, payload, entry, sound, adjoins } = met;
        let seq = header.seq;
        if self.next.is_none() && !adjoins && seq > Seq(1) {
            self.next = Some(Seq(seq.0 - 1));
        }
        self.front.get_or_insert((seq, self.boot));
        self.prove(header.committed);
        self.take_back(seq);
        self.skip_to(seq);
        self.next = Some(seq.next());
        let bytes = lost_bytes(entry.as_ref(), header.payload_len);
        match entry {
            Some(entry) if sound => {
                self.unsound = 0;
                let (payload_len, payload_crc) = (header.payload_len, header.payload_crc);
                let segment = Arc::clone(segment);
                self.records.push((Record { segment, seq, payload, payload_len, payload_crc }, entry));
            }
            _ => {
                self.push(Damage { first: seq, last: seq, bytes, certain: false });
                self.unsound = if sound { 0 } else { self.unsound + 1 };
            }
        }
    }

    /// Takes what was not finished at the end out of the damage.
    pub(super) fn torn(&mut self) -> Vec<Damage> {
        let promised = self.damage.iter().rposition(|damage| damage.first <= self.committed);
        let from = (self.damage.len() - self.unsound).max(promised.map_or(0, |index| index + 1));
        let torn = self.damage.split_off(from);
        self.boots.truncate(from);
        if let Some(first) = torn.first() {
            self.next = Some(first.first);
        }
        torn
    }

    /// Unfinished records from `seq` on were written again, elsewhere.
    fn take_back(&mut self, seq: Seq) {
        while self.unsound > 0 && self.damage.last().is_some_and(|damage| damage.first >= seq) {
            self.next = self.damage.pop().map(|damage| damage.first);
            self.boots.pop();
            self.unsound -= 1;
        }
    }

    /// All records before `seq` that were not found are lost.
    fn skip_to(&mut self, seq: Seq) {
        let next = *self.next.get_or_insert(seq);
        if next < seq {
            self.push(Damage { first: next, last: Seq(seq.0 - 1), bytes: None, certain: false });
            self.next = Some(seq);
            self.unsound = 0;
        }
    }
}

fn lost_bytes(entry: Option<&Entry>, length: u32) -> Option<LostBytes> {
    match entry {
        Some(&Entry::Data { no, offset, .. }) => Some(LostBytes { no, offset, length: u64::from(length) }),
        _ => None,
    }
}
