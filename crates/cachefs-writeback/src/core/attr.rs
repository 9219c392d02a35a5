use std::time::Duration;

use cachefs_vfs::Attr;
use cachefs_vfs::clock::Moment;

use super::naming::Calm;
use super::{Core, Turn};
use crate::dirty::{DirtyFile, State};
use crate::sync::Ordering;

/// How long the backing's attributes of a dirty file are taken to hold: nobody else is expected to change it, and if
/// somebody does, its flush finds out.
const MEMORY: Duration = Duration::from_secs(1);

/// How long the attributes that an opening answered are good for the first write: what others change until then is
/// taken for a change after it, and makes a conflict.
const OPENING: Duration = Duration::from_millis(100);

/// A point in the count of what we changed at the backing: taken before the backing is asked for attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Asked(u64);

/// A moment before a file is opened, with all that tells whether we changed it since.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Before {
    asked: Asked,
    calm: Calm,
    changes: u64,
    at: Moment,
}

impl Before {
    pub(crate) const fn asked(&self) -> Asked {
        self.asked
    }
}

/// What the backing told of a file as it was opened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    pub(crate) before: Before,
    pub(crate) attr: Attr,
}

impl Core {
    /// To be called before the backing is asked for attributes.
    pub(crate) fn asked(&self) -> Asked {
        Asked(self.moves.load(Ordering::Acquire))
    }

    /// To be called before the backing opens a file whose attributes are to serve its first write.
    pub(crate) fn before(&self) -> Before {
        let changes = self.changes.load(Ordering::Acquire);
        Before { asked: self.asked(), calm: self.calm(), changes, at: self.clock.now() }
    }

    /// The attributes that the opening answered, if nothing of ours can have changed them since: no verb on the file's
    /// turn, which the caller has, no verb by name on any file, no flush.
    pub(super) fn still(&self, turn: &Turn<'_>, known: Known) -> Option<(Attr, Calm)> {
        let Known { before, attr } = known;
        let moved = turn.file().state().moved.max(self.table.forgotten());
        let holds = moved <= before.asked.0
            && self.changes.load(Ordering::Acquire) == before.changes
            && self.was_calm(before.calm)
            && self.clock.now().since(before.at) < OPENING;
        holds.then_some((attr, before.calm))
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
