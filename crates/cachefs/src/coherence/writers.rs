use std::collections::HashMap;

use cachefs_vfs::{Access, Errno, FileId, Notice, Subject, Touch};

use crate::engine::Engine;
use crate::handle::Held;
use crate::meta::{Doubt, Node, Stamp};
use crate::stats::{BackingVerb, Counter};
use crate::sync::{Arc, AtomicBool, Mutex, Ordering};

/// Files that others may have open for writing: through a mapping they change them without a word.
#[derive(Debug, Default)]
pub(super) struct Writers {
    /// And when that was last heard of. Each is [`Doubt::Listed`], which is set under this lock.
    list: Mutex<HashMap<FileId, (Arc<Node>, Stamp)>>,
    /// Nobody can tell who has a file open.
    blind: AtomicBool,
}

/// Files re-checked at most. Those beyond are not covered by the watch.
const LIST_MAX: usize = 4096;

/// Whether others have a file open for writing.
enum Found {
    Nobody,
    Somebody,
    /// The file is not there, or nobody can tell.
    Nothing,
}

impl Writers {
    pub(super) fn len(&self) -> usize {
        self.list.lock().len()
    }

    fn add(&self, node: &Arc<Node>, stamp: Stamp) {
        let mut list = self.list.lock();
        let has_room = list.len() < LIST_MAX || list.contains_key(&node.id);
        if has_room {
            list.insert(node.id, (Arc::clone(node), stamp));
        }
        node.state.lock().set_doubt(if has_room { Doubt::Listed } else { Doubt::Crowded });
    }

    /// Takes a file off, which is free of writers as far as is known now, if nothing was heard of it since.
    fn acquit(&self, node: &Node, stamp: Stamp) {
        let mut list = self.list.lock();
        if list.get(&node.id).is_some_and(|(_, heard)| *heard == stamp) {
            list.remove(&node.id);
            node.state.lock().set_doubt(Doubt::Free);
        }
    }

    /// Nobody will look at the file any more.
    pub(super) fn remove(&self, node: &Node) {
        let mut list = self.list.lock();
        let gone = list.remove(&node.id);
        if let Some((node, _)) = &gone {
            node.state.lock().set_doubt(Doubt::Unknown);
        }
        drop(list);
        drop(gone);
    }

    pub(super) fn clear(&self) {
        let gone = std::mem::take(&mut *self.list.lock());
        drop(gone);
    }

    fn all(&self) -> Vec<(Arc<Node>, Stamp)> {
        self.list.lock().values().cloned().collect()
    }

    fn has_room(&self) -> bool {
        self.list.lock().len() < LIST_MAX
    }

    fn is_blind(&self) -> bool {
        self.blind.load(Ordering::Relaxed)
    }
}

impl Engine {
    /// Others opened the file, perhaps to write.
    pub(super) fn suspect(&self, node: &Arc<Node>) {
        let writers = &self.lookout.writers;
        if writers.is_blind() {
            return;
        }
        let is_held = node.io_if_any().is_some_and(|io| io.is_held());
        let is_served = {
            let mut state = node.state.lock();
            if state.attr_known().is_some_and(|attr| !attr.kind.is_regular()) {
                return;
            }
            // Where nobody has anything of it, whoever opens it next will find out.
            state.set_doubt(Doubt::Unknown);
            is_held
                || state.blocks_end().0 > 0
                || (state.attr_known().is_some() && !self.lookout.listeners.is_empty())
        };
        if is_served || writers.list.lock().contains_key(&node.id) {
            writers.add(node, self.stamps.next());
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
            self.lookout.writers.add(node, self.stamps.next());
        }
    }

    /// The backing's handle for reading was just opened, for a handle of ours: finds out whether a writer was there before us, unless that is
    /// known, or we may be the writer. May call the backing.
    pub(crate) fn probe_writer(&self, node: &Arc<Node>) {
        let is_needed = self.freshness.is_watched() && !self.freshness.is_lost();
        if !is_needed || self.lookout.writers.is_blind() || node.state.lock().doubt() != Doubt::Unknown {
            return;
        }
        let io = node.io();
        let file = {
            let slots = io.slots();
            if slots.file(Access::Write).is_some() || io.is_wanted(Access::Write) {
                return;
            }
            slots.file(Access::Read)
        };
        let Some(file) = file else { return };
        match self.ask_writer(node, &*file) {
            Found::Somebody => self.lookout.writers.add(node, self.stamps.next()),
            Found::Nobody => {
                let mut state = node.state.lock();
                if state.doubt() == Doubt::Unknown {
                    state.set_doubt(Doubt::Free);
                }
            }
            Found::Nothing => {}
        }
    }

    fn ask_writer(&self, node: &Node, file: &dyn cachefs_vfs::VFile) -> Found {
        match self.backing.call(BackingVerb::HasWriter, || file.has_writer()) {
            Ok(true) => Found::Somebody,
            Ok(false) => Found::Nobody,
            Err(error) if error.errno() == Errno::OPNOTSUPP => {
                self.lookout.writers.blind.store(true, Ordering::Relaxed);
                Found::Nothing
            }
            Err(error) => {
                tracing::debug!(inode = node.id.inode, %error, "nobody can tell whether it is being written");
                Found::Somebody
            }
        }
    }

    /// Asks the backing for each file on the list whether it is still open for writing: then it may have been changed.
    /// Where we have it open for writing ourselves, that cannot be told from others.
    pub(crate) fn recheck_writers(self: &Arc<Self>) {
        for (node, heard) in self.lookout.writers.all() {
            self.stats.count(Counter::WritersRechecked);
            match self.find_writer(&node) {
                Found::Nobody => self.lookout.writers.acquit(&node, heard),
                Found::Nothing => self.lookout.writers.remove(&node),
                Found::Somebody => {
                    let whose = Subject { id: Some(node.id), at: None };
                    self.hear(&Notice::Inode { whose, touch: Touch::Data });
                }
            }
        }
    }

    fn find_writer(self: &Arc<Self>, node: &Arc<Node>) -> Found {
        // Held as by a reader: what is opened for it is closed after it.
        let _held = Held::new(self, node, Access::Read);
        match self.file_handle(node, Access::Read) {
            Ok(file) => self.ask_writer(node, &*file),
            Err(error) if matches!(error.errno(), Errno::STALE | Errno::NOENT) => Found::Nothing,
            Err(error) => {
                tracing::debug!(inode = node.id.inode, %error, "cannot be opened to see whether it is being written");
                Found::Somebody
            }
        }
    }
}
