use cachefs_policy::Slot;

/// Entries with priorities; among equals, who came to its priority first is lower.
#[derive(Debug, Default)]
pub(crate) struct Ranked {
    entries: Vec<(u64, u64, Slot)>,
    arrivals: u64,
}

impl Ranked {
    pub(crate) fn put(&mut self, slot: Slot, priority: u64) {
        self.take(slot);
        self.arrivals += 1;
        self.entries.push((priority, self.arrivals, slot));
    }

    /// Answers the priority it had.
    pub(crate) fn take(&mut self, slot: Slot) -> Option<u64> {
        let at = self.entries.iter().position(|entry| entry.2 == slot)?;
        Some(self.entries.remove(at).0)
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Slot and priority.
    pub(crate) fn lowest(&self) -> Option<(Slot, u64)> {
        self.entries.iter().min().map(|entry| (entry.2, entry.0))
    }

    /// Behind all that are as low as the lowest of the others; at its own priority if that is one of them. What is
    /// below `floor` counts as at it.
    pub(crate) fn refuse(&mut self, slot: Slot, floor: u64) {
        let own = self.take(slot).unwrap().max(floor);
        let priority = self.lowest().map_or(own, |(_, lowest)| lowest.max(floor));
        self.put(slot, priority);
    }
}
