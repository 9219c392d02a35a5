use std::collections::HashMap;
use std::ffi::OsString;
use std::sync::{Arc, Weak};

use cachefs_vfs::{FileId, RenameHow};
use parking_lot::Mutex;

use super::change::{At, Via};

/// Below this many names the dead ones are not looked for.
const PRUNE_MIN: usize = 1024;

/// The names that handles were reached by. They follow renames, as the kernel's do, so that a change through an old
/// handle is told of under the name the file has now.
#[derive(Debug, Default)]
pub(super) struct Places(Mutex<Table>);

#[derive(Debug, Default)]
struct Table {
    names: HashMap<At, Weak<Place>>,
    prune_at: usize,
}

/// Where one name is.
#[derive(Debug)]
pub(super) struct Place(Mutex<(FileId, Option<OsString>)>);

impl Place {
    /// The way by which its holder is reached.
    pub(super) fn via(&self) -> Via {
        let (dir, name) = self.0.lock().clone();
        Via { dir: Some(dir), name }
    }

    fn put(&self, at: &At) {
        *self.0.lock() = (at.0, Some(at.1.clone()));
    }
}

impl Places {
    /// The place of a name, the same one for all its handles.
    pub(super) fn at(&self, at: At) -> Arc<Place> {
        let mut table = self.0.lock();
        if let Some(place) = table.names.get(&at).and_then(Weak::upgrade) {
            return place;
        }
        if table.names.len() >= table.prune_at.max(PRUNE_MIN) {
            table.names.retain(|_, place| place.strong_count() > 0);
            table.prune_at = table.names.len() * 2;
        }
        let place = Arc::new(Place(Mutex::new((at.0, Some(at.1.clone())))));
        table.names.insert(at, Arc::downgrade(&place));
        place
    }

    /// The name was removed: who holds the file has it without a name.
    pub(super) fn removed(&self, at: &At) {
        let place = self.0.lock().names.remove(at);
        if let Some(place) = place.and_then(|place| place.upgrade()) {
            place.0.lock().1 = None;
        }
    }

    /// The name was moved.
    pub(super) fn moved(&self, from: &At, to: &At, how: RenameHow) {
        if from == to {
            return;
        }
        if how != RenameHow::Exchange {
            self.removed(to);
        }
        let mut table = self.0.lock();
        let (came, went) = (table.names.remove(from), table.names.remove(to));
        for (place, at) in [(came, to), (went, from)] {
            if let Some(held) = place.as_ref().and_then(Weak::upgrade) {
                held.put(at);
                table.names.insert(at.clone(), Arc::downgrade(&held));
            }
        }
    }
}
