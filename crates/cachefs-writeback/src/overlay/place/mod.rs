use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ffi::{OsStr, OsString};
use std::hash::Hash;
use std::path::PathBuf;
use std::sync::Weak;

use cachefs_vfs::{FileId, Name};

use crate::sync::{Arc, Mutex};

/// The deepest path that is told. Renames by others, unseen here, could tie a knot into what is known.
const DEPTH_MAX: usize = 4096;

/// Where a file or directory is, by our own account: kept right over our own renames, wrong after those of others.
/// A hint for the journal and for messages, never a proof.
#[derive(Debug)]
pub(crate) struct Place {
    id: FileId,
    at: Mutex<At>,
    places: Weak<Places>,
}

#[derive(Clone, Debug)]
enum At {
    Root,
    In {
        dir: Arc<Place>,
        name: OsString,
    },
    /// Its name was there, and was removed.
    Was(PathBuf),
    /// Found by its identity.
    Nowhere,
}

impl Place {
    /// Which file or directory it is the place of.
    pub(crate) fn id(&self) -> FileId {
        self.id
    }

    /// The path from the root, where that is known.
    pub(crate) fn path(&self) -> Option<PathBuf> {
        let mut names: Vec<OsString> = Vec::new();
        let mut at = self.at();
        while let At::In { dir, name } = at {
            if names.len() == DEPTH_MAX {
                return None;
            }
            names.push(name);
            at = dir.at();
        }
        matches!(at, At::Root).then(|| names.iter().rev().collect())
    }

    /// Where it was before its name was removed; where it is, if it was not.
    pub(crate) fn last_path(&self) -> Option<PathBuf> {
        match self.at() {
            At::Was(path) => Some(path),
            At::Root | At::In { .. } | At::Nowhere => self.path(),
        }
    }

    /// It has this name no more. Answers what it was, to be dropped without a lock.
    fn leave(&self) -> At {
        let was = self.path().map_or(At::Nowhere, At::Was);
        std::mem::replace(&mut *self.at.lock(), was)
    }

    /// The directory it is in and its name there, where that is known.
    pub(crate) fn spot(&self) -> Option<(FileId, OsString)> {
        match &*self.at.lock() {
            At::In { dir, name } => Some((dir.id, name.clone())),
            At::Root | At::Was(_) | At::Nowhere => None,
        }
    }

    /// Its directory, where that is known.
    pub(crate) fn parent(&self) -> Option<Arc<Self>> {
        match &*self.at.lock() {
            At::In { dir, .. } => Some(Arc::clone(dir)),
            At::Root | At::Was(_) | At::Nowhere => None,
        }
    }

    /// Whether a directory is above it.
    pub(crate) fn is_beneath(&self, dir: FileId) -> bool {
        let mut next = self.parent();
        for _ in 0..DEPTH_MAX {
            match next {
                Some(place) if place.id == dir => return true,
                Some(place) => next = place.parent(),
                None => return false,
            }
        }
        true
    }

    fn at(&self) -> At {
        self.at.lock().clone()
    }

    fn is_within(&self, other: &Arc<Self>) -> bool {
        let mut next = self.parent();
        for _ in 0..DEPTH_MAX {
            match next {
                Some(place) if Arc::ptr_eq(&place, other) => return true,
                Some(place) => next = place.parent(),
                None => return false,
            }
        }
        true
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(places) = self.places.upgrade() else { return };
        let spot = self.spot();
        let mut known = places.known.lock();
        forget(&mut known.by_id, self.id, self);
        if let Some(spot) = spot {
            forget(&mut known.by_name, spot, self);
        }
    }
}

fn forget<K: Eq + Hash>(map: &mut HashMap<K, Weak<Place>>, key: K, place: &Place) {
    if let Entry::Occupied(entry) = map.entry(key)
        && std::ptr::eq(entry.get().as_ptr(), place)
    {
        entry.remove();
    }
}

/// All places in use. Locks: `known` before the `at` of a place.
#[derive(Debug, Default)]
pub(crate) struct Places {
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    by_name: HashMap<(FileId, OsString), Weak<Place>>,
    /// The latest place of each.
    by_id: HashMap<FileId, Weak<Place>>,
}

impl Places {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self::default())
    }

    /// The root, which has no name.
    pub(crate) fn root(self: &Arc<Self>, id: FileId) -> Arc<Place> {
        self.place(id, At::Root)
    }

    /// Of what was found by its identity: where a handle of it was before, if there is one.
    pub(crate) fn somewhere(self: &Arc<Self>, id: FileId) -> Arc<Place> {
        let place = self.known.lock().by_id.get(&id).and_then(Weak::upgrade);
        place.unwrap_or_else(|| self.place(id, At::Nowhere))
    }

    /// Of what `name` in `dir` is now.
    pub(crate) fn child(self: &Arc<Self>, dir: &Arc<Place>, name: Name<'_>, id: FileId) -> Arc<Place> {
        let key = (dir.id, name.as_os_str().to_os_string());
        let mut known = self.known.lock();
        // An old one must not be dropped under the lock.
        let old = known.by_name.get(&key).and_then(Weak::upgrade);
        if let Some(place) = &old
            && place.id == id
        {
            return Arc::clone(place);
        }
        let left = old.as_ref().map(|place| place.leave());
        let place = self.place(id, At::In { dir: Arc::clone(dir), name: key.1.clone() });
        known.by_name.insert(key, Arc::downgrade(&place));
        known.by_id.insert(id, Arc::downgrade(&place));
        drop(known);
        drop((left, old));
        place
    }

    /// What is known to be at a name.
    pub(crate) fn at(&self, dir: FileId, name: Name<'_>) -> Option<Arc<Place>> {
        self.known.lock().by_name.get(&(dir, name.as_os_str().to_os_string())).and_then(Weak::upgrade)
    }

    /// A name is gone.
    pub(crate) fn removed(&self, dir: &Place, name: Name<'_>) {
        let mut known = self.known.lock();
        let place = take(&mut known, dir.id, name.as_os_str());
        let left = place.as_ref().map(|place| place.leave());
        drop(known);
        drop((left, place));
    }

    /// A name moved, onto another one perhaps.
    pub(crate) fn renamed(&self, from: (&Arc<Place>, Name<'_>), to: (&Arc<Place>, Name<'_>)) {
        let mut known = self.known.lock();
        let moved = take(&mut known, from.0.id, from.1.as_os_str());
        let replaced = take(&mut known, to.0.id, to.1.as_os_str());
        let gone = replaced.as_ref().map(|place| place.leave());
        let left = moved.as_ref().map(|place| put(&mut known, place, to));
        drop(known);
        drop((gone, left, moved, replaced));
    }

    /// Two names changed places.
    pub(crate) fn exchanged(&self, one: (&Arc<Place>, Name<'_>), other: (&Arc<Place>, Name<'_>)) {
        let mut known = self.known.lock();
        let first = take(&mut known, one.0.id, one.1.as_os_str());
        let second = take(&mut known, other.0.id, other.1.as_os_str());
        let left = (
            first.as_ref().map(|place| put(&mut known, place, other)),
            second.as_ref().map(|place| put(&mut known, place, one)),
        );
        drop(known);
        drop((left, first, second));
    }

    fn place(self: &Arc<Self>, id: FileId, at: At) -> Arc<Place> {
        Arc::new(Place { id, at: Mutex::new(at), places: Arc::downgrade(self) })
    }
}

fn take(known: &mut Known, dir: FileId, name: &OsStr) -> Option<Arc<Place>> {
    known.by_name.remove(&(dir, name.to_os_string())).and_then(|place| place.upgrade())
}

/// Where it was before.
fn put(known: &mut Known, place: &Arc<Place>, to: (&Arc<Place>, Name<'_>)) -> At {
    let name = to.1.as_os_str().to_os_string();
    let knot = Arc::ptr_eq(to.0, place) || to.0.is_within(place);
    let at = if knot {
        At::Nowhere
    } else {
        known.by_name.insert((to.0.id, name.clone()), Arc::downgrade(place));
        At::In { dir: Arc::clone(to.0), name }
    };
    std::mem::replace(&mut *place.at.lock(), at)
}

#[cfg(test)]
mod tests;
