use cachefs_vfs::{Access, Errno, Notice, Subject, Touch, VFile};

use super::writers::Found;
use crate::engine::Engine;
use crate::meta::{Doubt, Node};
use crate::stats::BackingVerb;
use crate::sync::Arc;

/// Asking whether a file is open for writing.
impl Engine {
    /// To be called when the backing's handle for reading was just opened, for a handle of ours, and before bytes are
    /// loaded through it: finds out whether there is a writer, unless that is known, or we may be the writer. May call
    /// the backing.
    pub(crate) fn probe_writer(&self, node: &Arc<Node>, is_new: bool) {
        if !self.freshness.is_watched() || self.freshness.is_lost() {
            return;
        }
        let doubt = node.state.lock().doubt();
        let writers = &self.lookout.writers;
        // Who does not come back from a look is not followed by another.
        let is_open = doubt == Doubt::Unknown || (is_new && doubt == Doubt::Unseen && !writers.has(node));
        if !is_open || writers.is_blind(node) {
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
        let found = self.ask_writer(node, &*file);
        if found == Found::Somebody {
            self.list_writer(node);
            return;
        }
        let was_covered = {
            let mut state = node.state.lock();
            let was_covered = state.is_covered(&self.freshness);
            match found {
                // Unless somebody came meanwhile.
                _ if state.doubt() != doubt => return,
                Found::Nobody => state.set_doubt(Doubt::Free),
                Found::Unseen => state.set_doubt(Doubt::Unseen),
                Found::Nothing | Found::Somebody => {}
            }
            was_covered && found == Found::Unseen
        };
        if was_covered {
            let whose = Subject { id: Some(node.id), at: None };
            self.lookout.listeners.tell(&Notice::Inode { whose, touch: Touch::Data });
        }
    }

    pub(super) fn ask_writer(&self, node: &Node, file: &dyn VFile) -> Found {
        match self.backing.call(BackingVerb::HasWriter, || file.has_writer()) {
            Ok(true) => Found::Somebody,
            Ok(false) => Found::Nobody,
            Err(error) if error.errno() == Errno::OPNOTSUPP => {
                self.lookout.writers.set_blind(node);
                Found::Nothing
            }
            Err(error) => {
                tracing::debug!(inode = node.id.inode, %error, "nobody can tell whether it is being written");
                if is_forbidden(&error) { Found::Unseen } else { Found::Somebody }
            }
        }
    }
}

/// Whether the error says that this process may not look at this file.
pub(super) fn is_forbidden(error: &cachefs_vfs::Error) -> bool {
    matches!(error.errno(), Errno::ACCESS | Errno::PERM)
}
