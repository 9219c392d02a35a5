//! What is told of a change of names.

use cachefs_vfs::{Attr, Name, RenameHow, Touch};

use super::change::{At, Change};
use super::dir::OutsideDir;

impl OutsideDir {
    pub(super) fn made(&self, name: Name<'_>, child: &Attr) -> Vec<Change> {
        vec![Change::Made { at: self.at(name), child: Some(child.id) }]
    }

    /// What becomes of an inode that lost a name.
    pub(super) fn lost_name(&self, child: &Attr) -> Option<Change> {
        if child.links > 1 && !child.kind.is_dir() {
            return Some(Change::itself(child.id, Touch::Attr));
        }
        self.shared.handles.lost_last_name(child.id).then(|| Change::itself(child.id, Touch::Gone))
    }

    pub(super) fn renamed(&self, from: &At, to: &At, how: RenameHow, of: [Option<Attr>; 2]) -> Vec<Change> {
        self.shared.places.moved(from, to, how);
        let [moved, target] = of;
        let child = moved.map(|attr| attr.id);
        if target.is_some_and(|attr| Some(attr.id) == child) {
            return Vec::new();
        }
        let first = Change::Moved { from: from.clone(), to: to.clone(), child };
        let second = if how == RenameHow::Exchange {
            let child = target.map(|attr| attr.id);
            Some(Change::Moved { from: to.clone(), to: from.clone(), child })
        } else {
            target.and_then(|attr| self.lost_name(&attr))
        };
        [Some(first), second].into_iter().flatten().collect()
    }
}
