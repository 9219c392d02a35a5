use std::ffi::OsStr;

use cachefs_vfs::{FileId, Name, Result};

use crate::engine::Engine;
use crate::meta::{Cover, Node, Stamp};
use crate::sync::Arc;

/// Deeper places than this are taken for a circle that racing renames left.
pub(super) const DEPTH_MAX: u32 = 1024;

/// Where an inode was last met: a directory and a name in it. A hint, proved by the identity of what is found there.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) dir: Arc<Node>,
    name: Arc<OsStr>,
}

/// Where an inode was until a notice said that it left. Notices of what we did come late, and by then the name may stand
/// for it again: so it is looked for there when nothing else is known, and what is found is proved as at a [`Place`].
/// Keeps no directory in memory.
#[derive(Clone, Debug)]
pub(super) struct Left {
    dir: FileId,
    name: Arc<OsStr>,
}

impl Place {
    pub(crate) fn new(dir: &Arc<Node>, name: Name<'_>) -> Self {
        Self { dir: Arc::clone(dir), name: Arc::from(name.as_os_str()) }
    }

    /// The name in the directory.
    pub(crate) fn name(&self) -> Result<Name<'_>> {
        Name::new(&*self.name)
    }

    /// What was under watch when the stamp was taken, if the inode is here and would be found by this place.
    pub(crate) fn cover(&self, engine: &Engine, id: FileId, stamp: Stamp) -> Option<Cover> {
        // Others change it by that name: who does not know the name would not know what they changed, and one that was
        // not followed all the time may have gone elsewhere.
        let cover = engine.cover_at(&self.dir, stamp)?;
        engine.names.leads_to(&self.dir, self.name().ok()?, id).then_some(cover)
    }

    /// Whether it is this name in this directory, whose generation may be 0 for any.
    pub(crate) fn is_at(&self, (dir, name): (FileId, Name<'_>)) -> bool {
        let id = self.dir.id;
        (id.device, id.inode) == (dir.device, dir.inode) && *self.name == *name.as_os_str()
    }

    /// Whether it is this name in this directory.
    pub(crate) fn is(&self, dir: &Node, name: Name<'_>) -> bool {
        self.dir.id == dir.id && *self.name == *name.as_os_str()
    }
}

impl Engine {
    /// Where the inode may be: where it was met last, or was until a notice said otherwise.
    pub(super) fn likely_place(&self, node: &Node) -> Option<Place> {
        let left = {
            let slots = node.io().slots();
            if let Some(place) = &slots.place {
                return Some(place.clone());
            }
            slots.left.clone()?
        };
        Some(Place { dir: self.nodes.peek(left.dir)?, name: left.name })
    }
}

impl Node {
    /// Notes where the inode is.
    pub(crate) fn set_place(self: &Arc<Self>, dir: &Arc<Self>, name: Name<'_>) {
        let mut slots = self.io().slots();
        slots.left = None;
        if slots.place.as_ref().is_some_and(|place| place.is(dir, name)) {
            return;
        }
        let before = slots.place.replace(Place::new(dir, name));
        drop(slots);
        drop(before);
        if self.io().is_dir() {
            self.break_circle(dir);
        }
    }

    /// Notes that it is not there any more.
    pub(crate) fn leave_place(&self, dir: &Self, name: Name<'_>) {
        drop(self.take_place(dir, name, |_| None));
    }

    /// Notes that it is not there any more, by what a notice says.
    pub(crate) fn doubt_place(&self, dir: &Self, name: Name<'_>) {
        let left = |place: &Place| Some(Left { dir: dir.id, name: Arc::clone(&place.name) });
        drop(self.take_place(dir, name, left));
    }

    /// Answers the place, to be dropped without the lock.
    fn take_place(&self, dir: &Self, name: Name<'_>, left: impl Fn(&Place) -> Option<Left>) -> Option<Place> {
        let mut slots = self.io_if_any()?.slots();
        let place = slots.place.take_if(|place| place.is(dir, name))?;
        slots.left = left(&place);
        Some(place)
    }

    /// If the way up from `dir` leads back here, it is outdated where it does: others moved a directory meanwhile.
    /// Left alone, the nodes would hold each other for ever.
    fn break_circle(self: &Arc<Self>, dir: &Arc<Self>) {
        let mut at = Arc::clone(dir);
        for _ in 0..DEPTH_MAX {
            let Some(io) = at.io_if_any() else { return };
            let Some(up) = io.place().map(|place| place.dir) else { return };
            if Arc::ptr_eq(&up, self) {
                let mut slots = io.slots();
                let outdated = slots.place.take_if(|place| Arc::ptr_eq(&place.dir, self));
                drop(slots);
                drop(outdated);
                return;
            }
            at = up;
        }
    }
}
