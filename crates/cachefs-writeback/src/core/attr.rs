use std::time::Duration;

use cachefs_vfs::Attr;

use super::Core;
use crate::dirty::{DirtyFile, State};
use crate::sync::Ordering;

/// How long the backing's attributes of a dirty file are taken to hold: nobody else is expected to change it, and if
/// somebody does, its flush finds out.
const MEMORY: Duration = Duration::from_secs(1);

/// A point in the count of what we changed at the backing: taken before the backing is asked for attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Asked(u64);

impl Core {
    /// To be called before the backing is asked for attributes.
    pub(crate) fn asked(&self) -> Asked {
        Asked(self.moves.load(Ordering::Acquire))
    }

    /// The attributes that programs see when the backing answered `attr`; `None` if the backing must be asked again:
    /// a flush, or another change of ours, ended since `asked`, and its answer may be from before that.
    pub(crate) fn attr_of(&self, attr: Attr, asked: Asked) -> Option<Attr> {
        if !attr.kind.is_regular() {
            return Some(attr);
        }
        let Some(file) = self.table.get(attr.id) else {
            return (self.table.forgotten() <= asked.0).then_some(attr);
        };
        let now = self.clock.now();
        let mut state = file.state();
        if state.moved > asked.0 {
            return None;
        }
        // Fresh for sure only if it is what our last change left.
        if state.is_dirty() && state.own == Some(attr.version()) {
            state.seen = Some((attr, now));
        }
        Some(state.overlaid(attr))
    }

    /// The attributes of a dirty file without asking the backing; `None` where it should be asked.
    pub(crate) fn attr_in_memory(&self, file: &DirtyFile) -> Option<Attr> {
        let now = self.clock.now();
        let state = file.state();
        let (attr, at) = state.seen.filter(|_| state.is_dirty() && !state.cutting)?;
        (now.since(at) < MEMORY).then(|| state.overlaid(attr))
    }

    /// What the backing answers of the file from now on is something else than before.
    pub(crate) fn moved(&self, state: &mut State) {
        state.moved = self.moves.fetch_add(1, Ordering::AcqRel) + 1;
    }

    /// Takes note of what a verb of ours left at the backing.
    pub(crate) fn know(&self, state: &mut State, attr: &Attr) {
        state.know(attr, self.clock.now());
        self.moved(state);
        self.place_again(state);
    }

    /// Whether it may be found by a name that is not known to be its.
    pub(crate) fn place_again(&self, state: &mut State) {
        let placed = state.place.as_ref().is_some_and(|place| place.spot().is_some());
        let is = state.is_dirty() && (!placed || state.seen.is_none_or(|(attr, _)| attr.links > 1));
        self.table.moved_elsewhere(state.elsewhere, is);
        state.elsewhere = is;
    }
}
