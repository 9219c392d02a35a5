use std::collections::{HashMap, HashSet};

use cachefs_vfs::{FileId, Notice, Subject, Touch};

use crate::engine::Engine;
use crate::meta::{Doubt, Node, Stamp};
use crate::sync::{Arc, Mutex};

/// Files that others may have open for writing: through a mapping they change them without a word.
#[derive(Debug, Default)]
pub(super) struct Writers {
    /// Each is [`Doubt::Listed`], or [`Doubt::Unseen`] while a look at it is late; which is set under this lock.
    list: Mutex<HashMap<FileId, Suspect>>,
    /// Devices where nobody can tell who has a file open. A leaf lock.
    blind: Mutex<HashSet<u64>>,
}

#[derive(Debug)]
struct Suspect {
    node: Arc<Node>,
    /// When it was last heard of.
    heard: Stamp,
    look: Look,
}

/// Whether somebody is looking at a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    Idle,
    /// Since this period.
    Out,
    /// Since an earlier one.
    Late,
}

/// What to do about a file in this period.
#[derive(Debug)]
pub(super) enum Due {
    /// Look at it; when it was last heard of is for [`Writers::back`].
    Look(Stamp),
    /// Nobody came back from the last look: no watch covers it until somebody does.
    Late,
    /// That is known already.
    Nothing,
}

/// Files re-checked at most. Those beyond are not covered by the watch.
pub(super) const LIST_MAX: usize = 4096;

/// Whether others have a file open for writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Nobody,
    Somebody,
    /// The file is not there, or is where nobody can tell of any.
    Nothing,
    /// Of this one, nobody here may tell.
    Unseen,
}

impl Writers {
    pub(super) fn len(&self) -> usize {
        self.list.lock().len()
    }

    /// What is thought of the file then.
    pub(super) fn add(&self, node: &Arc<Node>, stamp: Stamp) -> Doubt {
        let mut list = self.list.lock();
        let has_room = list.len() < LIST_MAX;
        let doubt = match list.get_mut(&node.id) {
            Some(suspect) => {
                suspect.heard = stamp;
                if suspect.look == Look::Late { Doubt::Unseen } else { Doubt::Listed }
            }
            None if has_room => {
                list.insert(node.id, Suspect { node: Arc::clone(node), heard: stamp, look: Look::Idle });
                Doubt::Listed
            }
            None => Doubt::Crowded,
        };
        node.state.lock().set_doubt(doubt);
        doubt
    }

    /// A period begins for the file.
    pub(super) fn due(&self, node: &Node) -> Due {
        let mut list = self.list.lock();
        let Some(suspect) = list.get_mut(&node.id) else { return Due::Nothing };
        match suspect.look {
            Look::Idle => {
                suspect.look = Look::Out;
                Due::Look(suspect.heard)
            }
            Look::Out => {
                suspect.look = Look::Late;
                node.state.lock().set_doubt(Doubt::Unseen);
                Due::Late
            }
            Look::Late => Due::Nothing,
        }
    }

    /// Nobody looked after all.
    pub(super) fn put_off(&self, node: &Node) {
        if let Some(suspect) = self.list.lock().get_mut(&node.id) {
            suspect.look = Look::Idle;
        }
    }

    /// Somebody came back from a look; true if he was late. A file that is free of writers leaves the list if nothing
    /// was heard of it since the look began, one that cannot be looked at leaves it anyway.
    pub(super) fn back(&self, node: &Node, found: Found, heard: Stamp) -> bool {
        let mut list = self.list.lock();
        let Some(suspect) = list.get_mut(&node.id) else { return false };
        let was_late = std::mem::replace(&mut suspect.look, Look::Idle) == Look::Late;
        let is_over = found != Found::Somebody && (found != Found::Nobody || suspect.heard == heard);
        node.state.lock().set_doubt(match found {
            Found::Nobody if is_over => Doubt::Free,
            Found::Nobody | Found::Somebody => Doubt::Listed,
            Found::Nothing => Doubt::Unknown,
            Found::Unseen => Doubt::Unseen,
        });
        let gone = if is_over { list.remove(&node.id) } else { None };
        drop(list);
        drop(gone);
        was_late
    }

    /// Nobody will look at the file any more.
    pub(super) fn remove(&self, node: &Node) {
        let mut list = self.list.lock();
        let gone = list.remove(&node.id);
        if let Some(suspect) = &gone {
            suspect.node.state.lock().set_doubt(Doubt::Unknown);
        }
        drop(list);
        drop(gone);
    }

    pub(super) fn clear(&self) {
        let gone = std::mem::take(&mut *self.list.lock());
        drop(gone);
    }

    pub(super) fn all(&self) -> Vec<Arc<Node>> {
        self.list.lock().values().map(|suspect| Arc::clone(&suspect.node)).collect()
    }

    pub(super) fn has(&self, node: &Node) -> bool {
        self.list.lock().contains_key(&node.id)
    }

    /// Nobody can tell who has a file of this device open.
    pub(super) fn set_blind(&self, node: &Node) {
        self.blind.lock().insert(node.id.device);
    }

    fn has_room(&self) -> bool {
        self.list.lock().len() < LIST_MAX
    }

    pub(super) fn is_blind(&self, node: &Node) -> bool {
        self.blind.lock().contains(&node.id.device)
    }
}

impl Engine {
    /// Others opened the file, perhaps to write.
    pub(super) fn suspect(&self, node: &Arc<Node>) {
        let writers = &self.lookout.writers;
        if writers.is_blind(node) {
            return;
        }
        let is_held = node.io_if_any().is_some_and(|io| io.is_held());
        let is_served = {
            let mut state = node.state.lock();
            if state.attr_known().is_some_and(|attr| !attr.kind.is_regular()) {
                return;
            }
            // What cannot be looked at is covered by nothing as it is. Where nobody has anything of it, whoever opens
            // it next will find out.
            let is_unseen = state.doubt() == Doubt::Unseen;
            state.set_doubt(if is_unseen { Doubt::Unseen } else { Doubt::Unknown });
            !is_unseen
                && (is_held
                    || state.blocks_end().0 > 0
                    || (state.attr_known().is_some() && !self.lookout.listeners.is_empty()))
        };
        if is_served || writers.has(node) {
            self.list_writer(node);
        }
    }

    /// Puts a file on the list. Where there is no room, whoever believes the watch must not believe it of this one.
    pub(super) fn list_writer(&self, node: &Arc<Node>) {
        if self.lookout.writers.add(node, self.stamps.next()) == Doubt::Crowded {
            let whose = Subject { id: Some(node.id), at: None };
            self.lookout.listeners.tell(&Notice::Inode { whose, touch: Touch::Data });
        }
    }

    /// Nobody knows who opened the file since it was free of writers.
    pub(super) fn suspect_unseen(&self, node: &Arc<Node>) {
        let doubt = node.state.lock().doubt();
        if doubt == Doubt::Free {
            self.suspect(node);
        }
    }

    /// A file that there was no room for on the list, if there is some now.
    pub(crate) fn reconsider(&self, node: &Arc<Node>) {
        if self.freshness.is_watched()
            && !self.freshness.is_lost()
            && node.state.lock().doubt() == Doubt::Crowded
            && self.lookout.writers.has_room()
        {
            self.list_writer(node);
        }
    }
}
