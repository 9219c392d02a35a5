use std::ffi::OsStr;

use cachefs_vfs::{Attr, RenameHow, Result};

use super::Tree;
use super::names::Place;
use super::pin::Farewell;
use crate::inodes::NodeId;
use crate::notify::{Key, Work};

impl Tree {
    /// Renames; what stood under the names. The table of names follows before anybody who asks
    /// [`crate::inodes::Moves`] sees the rename as done.
    pub(crate) fn rename(
        &self,
        from: (NodeId, &OsStr),
        to: (NodeId, &OsStr),
        how: RenameHow,
    ) -> Result<Vec<NodeId>> {
        let from = Place::new(self, from.0, from.1)?;
        let to = Place::new(self, to.0, to.1)?;
        let moved = from.stat()?;
        let victim = match to.stat() {
            Ok(attr) => Some(attr),
            Err(error) if error.is_not_found() => None,
            Err(error) => return Err(error),
        };
        let farewell = match &victim {
            Some(attr) if how == RenameHow::Replace && attr.id != moved.id => {
                self.prepare_farewell(attr, to.parent, to.bytes())?.map(Farewell::replaced)
            }
            _ => None,
        };
        let moving = self.moves.begin();
        let renamed = from.dir.rename(from.name()?, &*to.dir, to.name()?, how);
        if let Err(error) = renamed {
            drop(moving);
            self.call_off(farewell);
            return Err(error);
        }
        self.say_farewell(farewell, to.parent, to.bytes());
        let behind =
            [Some(&moved), victim.as_ref()].into_iter().flatten().map(|attr| self.number(attr)).collect();
        self.follow(
            &moved,
            victim.filter(|_| how == RenameHow::Exchange),
            &from,
            &to,
            victim_is(&victim, &moved),
        );
        drop(moving);
        self.renamed(&from, &to, how);
        Ok(behind)
    }

    /// The kernel moves what it knew under the old name, which may be another file than the one that was renamed if
    /// somebody else changed the name a moment before: no notice of theirs tells of the new name. This one waits until
    /// the kernel has moved it.
    fn renamed(&self, from: &Place, to: &Place, how: RenameHow) {
        if !self.belief.is_told() {
            return;
        }
        let exchanged = (how == RenameHow::Exchange).then_some(from);
        for place in exchanged.into_iter().chain([to]) {
            self.tell(Key::Dir(place.parent), Work::again(place.bytes()));
        }
    }

    /// Moves the names in the table. Renaming a file over another name of itself does nothing at all.
    fn follow(&self, moved: &Attr, exchanged: Option<Attr>, from: &Place, to: &Place, itself: bool) {
        if itself {
            return;
        }
        let (old, new) = ((from.parent, from.bytes()), (to.parent, to.bytes()));
        self.inodes.move_link(self.number(moved), old, new);
        if let Some(other) = exchanged {
            self.inodes.move_link(self.number(&other), new, old);
        }
    }
}

fn victim_is(victim: &Option<Attr>, moved: &Attr) -> bool {
    victim.as_ref().is_some_and(|attr| attr.id == moved.id)
}
