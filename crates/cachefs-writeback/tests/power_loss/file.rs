//! One file of the model, with all that it was since it was last made durable.

use std::collections::BTreeSet;

use cachefs_vfs::SyncHow;

use crate::op::Place;

/// Where a write that was not made durable may have ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ends {
    /// It came about as a whole, or not at all, as far as the length goes.
    Exact,
    /// Anywhere: it was cut off on its way to the backing.
    Torn,
}

#[derive(Clone, Debug)]
pub(crate) struct File {
    /// Its contents: as last made durable, then after each verb since.
    states: Vec<Vec<u8>>,
    /// Where writes since then ended: its length if those before were lost.
    ends: Vec<usize>,
    pub(crate) modes: Vec<u32>,
    /// All names it had since all of them were durable.
    pub(crate) ever: BTreeSet<Place>,
    /// Durable names and what they were renamed to since: it is to be found under one of each.
    pub(crate) chains: Vec<Vec<Place>>,
    /// All that changed since it was last durable are bytes, and nothing can have flushed them.
    only_dirty: bool,
    /// What is not durable of it is from before a kill: who was killed knew of it, and who came after does not.
    inherited: bool,
    /// It was flushed but not synced, in pieces of which any may be lost: it may end anywhere.
    torn: bool,
    /// The last state may have come about, or not, or in part.
    pub(crate) doubtful: bool,
}

impl File {
    pub(crate) fn new(at: Place) -> Self {
        Self {
            states: vec![Vec::new()],
            ends: Vec::new(),
            modes: vec![0o644],
            ever: BTreeSet::from([at]),
            chains: Vec::new(),
            only_dirty: true,
            inherited: false,
            torn: false,
            doubtful: false,
        }
    }

    /// As it was found after a crash, all of it durable.
    pub(crate) fn found(bytes: Vec<u8>, mode: u32, places: BTreeSet<Place>) -> Self {
        let chains = places.iter().map(|place| vec![*place]).collect();
        let (states, modes) = (vec![bytes], vec![mode]);
        Self {
            states,
            ends: Vec::new(),
            modes,
            ever: places,
            chains,
            only_dirty: true,
            inherited: false,
            torn: false,
            doubtful: false,
        }
    }

    /// As it was found, with no name durable.
    pub(crate) fn found_unsynced(bytes: Vec<u8>, mode: u32, places: BTreeSet<Place>) -> Self {
        Self { chains: Vec::new(), ..Self::found(bytes, mode, places) }
    }

    pub(crate) fn now(&self) -> &Vec<u8> {
        self.states.last().unwrap()
    }

    pub(crate) fn mode(&self) -> u32 {
        *self.modes.last().unwrap()
    }

    pub(crate) fn write(&mut self, offset: Option<u64>, data: &[u8]) {
        let mut bytes = self.now().clone();
        let start = offset.map_or(bytes.len(), |offset| usize::try_from(offset).unwrap());
        bytes.resize(bytes.len().max(start + data.len()), 0);
        bytes[start..start + data.len()].copy_from_slice(data);
        self.states.push(bytes);
        self.ends.push(start + data.len());
        self.inherited = false;
        // Programs are written through.
        self.only_dirty &= self.mode() & 0o111 == 0;
    }

    pub(crate) fn set_len(&mut self, length: u64) {
        let mut bytes = self.now().clone();
        bytes.resize(usize::try_from(length).unwrap(), 0);
        self.states.push(bytes);
        (self.only_dirty, self.inherited) = (false, false);
    }

    /// Whoever did all that was killed.
    pub(crate) fn inherit(&mut self) {
        self.inherited = self.states.len() > 1;
    }

    /// Its bytes may be in the backing, and not durable there.
    pub(crate) fn flushed(&mut self) {
        self.only_dirty &= self.states.len() == 1;
    }

    /// Likewise, and a write of the flush may have ended anywhere.
    pub(crate) fn flushed_in_part(&mut self) {
        self.flushed();
        self.torn |= self.states.len() > 1;
    }

    /// Its directory was synced, which is a barrier for what was written since the start.
    pub(crate) fn dir_synced(&mut self) {
        if self.only_dirty || !self.inherited {
            self.sync(SyncHow::Data);
        }
    }

    pub(crate) fn sync(&mut self, how: SyncHow) {
        self.states.drain(..self.states.len() - 1);
        self.ends.clear();
        (self.only_dirty, self.inherited, self.torn) = (true, false, false);
        if how == SyncHow::All {
            self.modes.drain(..self.modes.len() - 1);
        }
    }

    /// It was found like this, which is not durable.
    pub(crate) fn settle(&mut self, bytes: Vec<u8>, mode: u32) {
        if *self.now() != bytes {
            self.ends.push(bytes.len());
            self.states.push(bytes);
            self.only_dirty = false;
        }
        if self.mode() != mode {
            self.modes.push(mode);
        }
        self.only_dirty &= self.states.len() == 1;
        self.doubtful = false;
    }

    pub(crate) fn renamed(&mut self, from: Place, to: Place) {
        self.ever.insert(to);
        for chain in self.chains.iter_mut().filter(|chain| chain.last() == Some(&from)) {
            chain.push(to);
        }
    }

    pub(crate) fn unlinked(&mut self, at: Place) {
        self.chains.retain(|chain| chain.last() != Some(&at));
    }

    pub(crate) fn name_synced(&mut self, at: Place) {
        self.chains.retain(|chain| chain.last() != Some(&at));
        self.chains.push(vec![at]);
    }

    /// What is wrong with `found` after the power went.
    pub(crate) fn wrong_after_power_loss(&self, found: &[u8], mode: u32, ends: Ends) -> Option<String> {
        wrong(&self.states, &self.ends, self.doubtful || self.torn || ends == Ends::Torn, found)
            .or_else(|| wrong_mode(&self.modes, mode))
    }

    /// What is wrong with `found` after a kill, which takes nothing.
    pub(crate) fn wrong_after_kill(&self, found: &[u8], mode: u32) -> Option<String> {
        let tail = |length: usize| length - (1 + usize::from(self.doubtful)).min(length);
        let states = &self.states[tail(self.states.len())..];
        wrong(states, &[], self.doubtful, found)
            .or_else(|| wrong_mode(&self.modes[tail(self.modes.len())..], mode))
    }
}

fn wrong_mode(modes: &[u32], mode: u32) -> Option<String> {
    (!modes.contains(&mode)).then(|| format!("mode {mode:o}, not of {modes:?}"))
}

/// Each byte must have been there in one of these states; where one of them ended before a later one, a zero may be.
fn wrong(states: &[Vec<u8>], ends: &[usize], torn: bool, found: &[u8]) -> Option<String> {
    if states.last().is_some_and(|last| last == found) {
        return None;
    }
    let lengths: Vec<_> = states.iter().map(Vec::len).collect();
    let (shortest, longest) = (lengths.iter().min().unwrap_or(&0), lengths.iter().max().unwrap_or(&0));
    let torn = torn && (*shortest..=*longest).contains(&found.len());
    let ended = found.len() >= *shortest && ends.contains(&found.len());
    if !lengths.contains(&found.len()) && !torn && !ended {
        return Some(format!("length {}, not of {lengths:?} (writes ended at {ends:?})", found.len()));
    }
    // Nothing, where it ended and went on later: the length may have come about without the bytes.
    let hole = |at: usize, index: usize| states[index..].iter().any(|later| later.len() > at);
    let was = |at: usize, byte: u8| {
        let mut all = states.iter().enumerate();
        all.any(|(index, state)| state.get(at).map_or(byte == 0 && hole(at, index), |was| *was == byte))
    };
    let bad = |at: &usize| !was(*at, found[*at]);
    let first = (0..found.len()).find(bad)?;
    let count = (first..found.len()).filter(bad).count();
    let should: Vec<_> = states.iter().map(|state| state.get(first)).collect();
    Some(format!(
        "{count} of {} bytes were never there, the first at {first}: {} instead of {should:?}",
        found.len(),
        found[first]
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> File {
        let mut file = File::new(Place { dir: "", name: "a" });
        file.write(Some(0), &[1; 4]);
        file.sync(SyncHow::All);
        file.write(Some(2), &[2; 4]);
        file.set_len(5);
        file
    }

    #[test]
    fn after_power_loss_each_byte_is_of_some_moment_since_the_last_sync() {
        let ok = |bytes: &[u8]| file().wrong_after_power_loss(bytes, 0o644, Ends::Exact).is_none();
        assert!(ok(&[1; 4]) && ok(&[1, 1, 2, 2, 2, 2]) && ok(&[1, 1, 2, 2, 2]));
        assert!(ok(&[1, 1, 1, 2]) && ok(&[1, 1, 1, 2, 0]), "torn");
        assert!(!ok(&[1; 3]), "shorter than it ever was");
        assert!(!ok(&[1; 5]) && !ok(&[2, 1, 2, 2]) && !ok(&[0, 1, 2, 2]), "never there");
        assert!(file().wrong_after_power_loss(&[1; 4], 0o600, Ends::Exact).is_some());
        let mut synced = file();
        synced.sync(SyncHow::Data);
        assert!(synced.wrong_after_power_loss(&[1; 4], 0o644, Ends::Exact).is_some());
    }

    #[test]
    fn after_a_kill_nothing_is_missing() {
        let ok = |bytes: &[u8]| file().wrong_after_kill(bytes, 0o644).is_none();
        assert!(ok(&[1, 1, 2, 2, 2]));
        assert!(!ok(&[1; 4]) && !ok(&[1, 1, 2, 2, 2, 2]) && !ok(&[1, 1, 1, 2, 2]));
        let mut doubtful = file();
        doubtful.doubtful = true;
        assert!(doubtful.wrong_after_kill(&[1, 1, 2, 2, 2, 2], 0o644).is_none());
    }
}
