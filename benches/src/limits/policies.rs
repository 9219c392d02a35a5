use cachefs_policy::{Admission, EvictionPolicy, PolicyKind, Slot};
use cachefs_vfs::{Errno, Error, Result};

use super::{POLICIES, Turn, interleave, steps};
use crate::{Meter, Round, Scale};

/// Operations that are timed as one.
const BATCH: usize = 1000;

/// A policy that is full, and takes in what it never saw.
struct Full {
    policy: Box<dyn EvictionPolicy>,
    next_key: u64,
}

impl Full {
    fn new(kind: PolicyKind, entries: usize) -> Result<Self> {
        let mut policy = kind.build(entries as u64);
        let slots = u32::try_from(entries).map_err(|_| Error::new(Errno::INVAL))?;
        let mut full = Self { next_key: 0, policy: Box::new(cachefs_policy::Fifo::new()) };
        for slot in (0..slots).map(Slot) {
            policy.on_insert(slot, full.admission());
        }
        full.policy = policy;
        // Ghosts and histories fill up, too.
        (0..2 * entries).try_for_each(|_| full.replace())?;
        Ok(full)
    }

    fn admission(&mut self) -> Admission {
        self.next_key += 1;
        Admission::new(self.next_key.wrapping_mul(0x9E37_79B9_7F4A_7C15), 1)
    }

    fn replace(&mut self) -> Result<()> {
        let victim = self.policy.victim().ok_or_else(|| Error::new(Errno::NODATA))?;
        self.policy.on_remove(victim, true);
        let admission = self.admission();
        self.policy.on_insert(victim, admission);
        Ok(())
    }
}

pub(super) fn run(round: &mut Round, scale: &Scale) -> Result<()> {
    for entries in steps(scale.entries_max) {
        let turns = PolicyKind::ALL.into_iter().map(|kind| {
            let mut full = Full::new(kind, entries)?;
            let turn = move |meter: &mut Meter| {
                while meter.goes_on() {
                    meter.take(BATCH, || (0..BATCH).try_for_each(|_| full.replace()))?;
                }
                Ok(())
            };
            Ok((kind.name(), Box::new(turn) as Box<_>))
        });
        let turns: Vec<Turn<'_>> = turns.collect::<Result<_>>()?;
        interleave(round, POLICIES, &entries.to_string(), scale, turns)?;
    }
    Ok(())
}
