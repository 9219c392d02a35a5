//! What is told of a change of names.

use cachefs_vfs::{Attr, Name, RenameHow, Touch};

use super::change::{At, Change};
use super::dir::OutsideDir;

impl OutsideDir {
    pub(super) fn made(&self, name: Name<'_>, child: &Attr) -> Vec<Change> {
        vec![Change::Made { at: self.at(name), child: Some(child.id) }]
    }

    /// What is told of an inode that lost a name: of a file, that it has one less; and if it is gone with that.
    pub(super) fn lost_name(&self, child: &Attr) -> Vec<Change> {
        let is_dir = child.kind.is_dir();
        let gone = (is_dir || child.links <= 1) && self.shared.handles.lost_last_name(child.id);
        let fewer = (!is_dir).then(|| Change::itself(child.id, Touch::Attr));
        fewer.into_iter().chain(gone.then(|| Change::itself(child.id, Touch::Gone))).collect()
    }

    pub(super) fn renamed(&self, from: &At, to: &At, how: RenameHow, of: [Option<Attr>; 2]) -> Vec<Change> {
        let [moved, target] = of;
        let child = moved.map(|attr| attr.id);
        // Two names of one file stay as they are.
        if target.is_some_and(|attr| Some(attr.id) == child) {
            return Vec::new();
        }
        self.shared.places.moved(from, to, how);
        let mut changes = vec![Change::Moved { from: from.clone(), to: to.clone(), child }];
        match target {
            Some(target) if how == RenameHow::Exchange => {
                changes.push(Change::Moved { from: to.clone(), to: from.clone(), child: Some(target.id) });
            }
            Some(target) => changes.extend(self.lost_name(&target)),
            None => {}
        }
        changes
    }
}
