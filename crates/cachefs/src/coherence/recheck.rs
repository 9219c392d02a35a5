use cachefs_vfs::{Access, Errno, Notice, Subject, Touch};

use super::probe::is_forbidden;
use super::writers::{Due, Found};
use crate::engine::Engine;
use crate::handle::Held;
use crate::meta::{Node, Stamp};
use crate::stats::Counter;
use crate::sync::Arc;
use crate::workers::Workers;

/// Looking again at the files that others may have open for writing: each may have been changed as long as it is. Where
/// we have it open for writing ourselves, that cannot be told from others.
impl Engine {
    /// Looks at them all, one after the other.
    pub(crate) fn recheck_writers(self: &Arc<Self>) {
        self.each_due(|node, heard| self.look(node, heard));
    }

    /// Has them looked at, so that one that hangs holds up nobody.
    pub(super) fn recheck_by(self: &Arc<Self>, workers: &Workers) {
        self.each_due(|node, heard| {
            let (engine, node) = (Arc::clone(self), Arc::clone(node));
            let late = Arc::clone(&node);
            if !workers.try_spawn(move || engine.look(&node, heard)) {
                // The others are not looked at either.
                self.lookout.writers.put_off(&late);
                self.hear_writer(&late);
            }
        });
    }

    fn each_due(&self, look: impl Fn(&Arc<Node>, Stamp)) {
        for node in self.lookout.writers.all() {
            match self.lookout.writers.due(&node) {
                Due::Look(heard) => look(&node, heard),
                Due::Late => self.hear_writer(&node),
                Due::Nothing => {}
            }
        }
    }

    fn look(self: &Arc<Self>, node: &Arc<Node>, heard: Stamp) {
        self.stats.count(Counter::WritersRechecked);
        let found = self.find_writer(node);
        let was_late = self.lookout.writers.back(node, found, heard);
        // Also who relied on a watch that does not cover it any more must hear of that.
        if was_late || found != Found::Nobody {
            self.hear_writer(node);
        }
    }

    /// It may have been changed.
    fn hear_writer(&self, node: &Node) {
        let whose = Subject { id: Some(node.id), at: None };
        self.hear(&Notice::Inode { whose, touch: Touch::Data });
    }

    fn find_writer(self: &Arc<Self>, node: &Arc<Node>) -> Found {
        // Found by its identity, it would be opened to write, too, and we would be who is found. As no handle of ours
        // ever was, no bytes of it are here.
        if node.io_if_any().is_none_or(|io| io.place().is_none() && io.slots().file(Access::Read).is_none()) {
            return Found::Nothing;
        }
        // Held as by a reader: what is opened for it is closed after it.
        let _held = Held::new(self, node, Access::Read);
        match self.file_handle(node, Access::Read) {
            Ok(file) => self.ask_writer(node, &*file),
            Err(error) if matches!(error.errno(), Errno::STALE | Errno::NOENT) => Found::Nothing,
            Err(error) => {
                tracing::debug!(inode = node.id.inode, %error, "cannot be opened to see whether it is being written");
                if is_forbidden(&error) { Found::Unseen } else { Found::Somebody }
            }
        }
    }
}
