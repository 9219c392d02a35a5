use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::odds::Odds;

/// The unit in which bytes get to the disk.
pub(super) const SECTOR_SIZE: usize = 4096;

/// The same for offsets.
pub(super) const SECTOR: u64 = SECTOR_SIZE as u64;

/// The bytes of one sector; nothing for a hole, which reads as zeros.
pub(super) type Sector = Option<Arc<[u8]>>;

/// The bytes of a regular file: those that are durable, and all that were seen since.
#[derive(Debug, Default)]
pub(super) struct Bytes {
    length: u64,
    /// The lengths since, by the change that made them.
    lengths: Vec<(Change, u64)>,
    sectors: BTreeMap<u64, History>,
    changes: u64,
}

/// What changed something, numbered in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Change(u64);

#[derive(Debug, Default)]
struct History {
    durable: Sector,
    later: Vec<Version>,
}

#[derive(Debug)]
struct Version {
    change: Change,
    /// Whether this was no write, but a truncation or the like: durable together with the length it left, and what
    /// was written before it cannot come back after it.
    settles: bool,
    sector: Sector,
}

/// What is left of a file.
#[derive(Debug, Default)]
pub(super) struct Remains {
    pub(super) length: u64,
    pub(super) sectors: Vec<(u64, Arc<[u8]>)>,
}

impl Bytes {
    /// Sectors from `from` on that may be other than holes.
    pub(super) fn known(&self, from: u64) -> Vec<u64> {
        self.sectors.range(from..).map(|(&index, _)| index).collect()
    }

    /// Takes down what these sectors are, and the length, after one change.
    pub(super) fn changed(&mut self, sectors: Vec<(u64, Sector)>, length: u64, settles: bool) {
        self.changes += 1;
        let change = Change(self.changes);
        for (index, sector) in sectors {
            self.sectors.entry(index).or_default().later.push(Version { change, settles, sector });
        }
        if settles || self.lengths.last().map_or(self.length, |last| last.1) != length {
            self.lengths.push((change, length));
        }
    }

    /// Makes durable what is seen.
    pub(super) fn sync(&mut self) {
        if let Some((_, length)) = self.lengths.drain(..).next_back() {
            self.length = length;
        }
        for history in self.sectors.values_mut() {
            if let Some(version) = history.later.drain(..).next_back() {
                history.durable = version.sector;
            }
        }
        self.sectors.retain(|_, history| history.durable.is_some());
    }

    /// What survives: any of the lengths, and by each sector for itself any of the bytes that it had while the file
    /// was cut as it was when it had that length.
    pub(super) fn survive(&self, odds: &mut Odds) -> Remains {
        let (upto, length) = match odds.state(self.lengths.len() + 1) {
            0 => (Change(0), self.length),
            n => self.lengths[n - 1],
        };
        let mut remains = Remains { length, sectors: Vec::new() };
        for (&index, history) in &self.sectors {
            let states = history.between(upto);
            let chosen = states.get(odds.state(states.len())).and_then(|sector| sector.as_ref());
            if let Some(sector) = chosen
                && let Some(cut) = cut(sector, index, length)
            {
                remains.sectors.push((index, cut));
            }
        }
        remains
    }

    /// What survived and is durable by that.
    pub(super) fn of(remains: &Remains) -> Self {
        let durable = |sector: &Arc<[u8]>| History { durable: Some(Arc::clone(sector)), later: Vec::new() };
        let sectors = remains.sectors.iter().map(|(index, sector)| (*index, durable(sector))).collect();
        Self { length: remains.length, sectors, ..Self::default() }
    }
}

impl History {
    /// What the sector was between the last settling change up to `upto` and the first one after it.
    fn between(&self, upto: Change) -> Vec<&Sector> {
        let settled = |version: &Version| version.settles && version.change <= upto;
        let from = self.later.iter().rposition(settled);
        let pending = |version: &Version| version.settles && version.change > upto;
        let to = self.later.iter().position(pending).unwrap_or(self.later.len());
        let later = self.later[from.unwrap_or(0)..to].iter().map(|version| &version.sector);
        if from.is_some() { later.collect() } else { std::iter::once(&self.durable).chain(later).collect() }
    }
}

/// The part of a sector that lies before the end of the file.
fn cut(sector: &Arc<[u8]>, index: u64, length: u64) -> Option<Arc<[u8]>> {
    let left = length.saturating_sub(index * SECTOR);
    match usize::try_from(left.min(SECTOR)).unwrap_or(0) {
        0 => None,
        left if left < sector.len() => Some(Arc::from(&sector[..left])),
        _ => Some(Arc::clone(sector)),
    }
}

/// The sectors that hold at least one byte of `range`.
pub(super) fn sectors_of(range: &Range<u64>) -> Range<u64> {
    if range.is_empty() { 0..0 } else { range.start / SECTOR..range.end.div_ceil(SECTOR) }
}
