use cachefs_vfs::{Attr, Privileges, Result};

use super::naming::Calm;
use super::{Core, Target, Turn};
use crate::dirty::State;
use crate::journal::Entry;

/// What became of the wish to make a file dirty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Begun {
    /// It is dirty.
    Dirty,
    /// Its writes have to go to the backing.
    Through,
}

impl Core {
    /// Makes the file dirty, so that bytes of it may be put into the journal.
    ///
    /// # Errors
    /// Those of asking the backing for its attributes, or of flushing another file where too many are dirty.
    pub(super) fn begin(&self, target: &Target<'_>, privileges: Privileges) -> Result<Begun> {
        loop {
            self.room_for_file()?;
            let turn = self.turn(target.id)?;
            if turn.is_dirty() && turn.file().state().seen.is_some() {
                return Ok(Begun::Dirty);
            }
            let known = target.known.and_then(|known| self.still(&turn, known));
            let (attr, calm) = match known {
                Some(known) => known,
                None => {
                    let calm = self.calm();
                    (target.handle.attr()?, calm)
                }
            };
            if turn.is_dirty() {
                // A replay found it while the backing did not answer.
                turn.file().state().seen = Some((attr, self.clock.now()));
                return Ok(Begun::Dirty);
            }
            if self.is_broken() || !attr.kind.is_regular() || must_go_through(&attr, privileges) {
                return Ok(Begun::Through);
            }
            if let Some(before) = self.table.became_dirty(turn.file(), self.config.files_max.max(1)) {
                let begun = self.begin_with(&turn, target, &attr, calm);
                if before == 0 {
                    // Not by how many there are now: of several at once each would leave it to the others.
                    self.bell.ring();
                }
                return Ok(begun);
            }
        }
    }

    fn begin_with(&self, turn: &Turn<'_>, target: &Target<'_>, attr: &Attr, calm: Calm) -> Begun {
        // Of one without a name: where it had one, which may come back when the power goes.
        let path = target.place.last_path().unwrap_or_default();
        let no = self.new_no();
        let entry = Entry::File { no, id: target.id, path: path.clone(), own: attr.version() };
        let now = self.clock.now();
        let mut state = turn.file().state();
        let Ok(record) = self.append(&mut state, &entry, &[]) else {
            self.table.not_dirty(target.id);
            drop(state);
            self.has_no_room();
            return Begun::Through;
        };
        if state.own != Some(attr.version()) {
            (state.mtime, state.ctime) = (attr.mtime, attr.ctime);
            // What others wrote, or we did before we took note of it, may be unsynced.
            state.wrote += 2;
        }
        state.no = Some(no);
        state.anchor = Some(record);
        state.handle = Some(target.handle.clone());
        state.place = Some(target.place.clone());
        state.hint = path;
        (state.first, state.last) = (now, now);
        begin_afresh(&mut state);
        // What was only created, or written to, has the same for both. The removal of a name moves one.
        state.shed = attr.ctime != attr.mtime;
        if attr.links == 0 {
            state.unlinked = true;
            self.note(&mut state, &Entry::Gone { no });
        }
        state.know(attr, now);
        self.place_again(&mut state);
        if !self.was_calm(calm) {
            // A replay is to know it, too.
            self.note(&mut state, &Entry::Window { no });
            state.windows += 1;
            state.loose = true;
        }
        Begun::Dirty
    }
}

/// Forgets what was true of its last time as a dirty file.
fn begin_afresh(state: &mut State) {
    state.open = false;
    state.windows = 0;
    state.foreign = false;
    state.loose = false;
    state.truncate = None;
    state.unlinked = false;
    state.unreferenced = false;
    state.removed_from = None;
    state.dropped = false;
    state.misses = 0;
    state.recovered();
}

/// Whether a write has to reach the backing before it returns, because the backing does more than write.
pub(super) fn must_go_through(attr: &Attr, privileges: Privileges) -> bool {
    // Any x bit: such a file may have capabilities, which a write strips.
    attr.mode.has_set_id() || (privileges == Privileges::Drop && attr.mode.bits() & 0o111 != 0)
}
