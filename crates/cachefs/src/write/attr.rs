use cachefs_vfs::{Attr, Result, SetAttr};

use crate::engine::Engine;
use crate::meta::Node;
use crate::stats::BackingVerb;
use crate::sync::Arc;

/// Changes of attributes and xattrs. The caller may wait.
impl Engine {
    pub(crate) fn set_attr(
        &self,
        node: &Arc<Node>,
        set: &SetAttr,
        call: impl FnOnce() -> Result<Attr>,
    ) -> Result<Attr> {
        let change = self.begin_attr_change(node);
        let asked = self.asked_of(node);
        let answer = self.backing.call(BackingVerb::SetAttr, call);
        match &answer {
            Ok(attr) => change.end_attr(attr, set, asked),
            // It may have been done in part: the attributes are asked for again, and the bytes are as they were.
            Err(_) => change.cancel(),
        }
        answer
    }

    /// Sets or removes an xattr: `ctime` moves, and for an ACL the mode, too.
    pub(crate) fn change_xattr(
        &self,
        node: &Arc<Node>,
        verb: BackingVerb,
        call: impl FnOnce() -> Result<()>,
    ) -> Result<()> {
        let change = self.begin_attr_change(node);
        let done = self.backing.call(verb, call);
        change.cancel();
        if node.state.lock().blocks_end().0 > 0
            && let Err(error) = self.refresh(node)
        {
            tracing::debug!(inode = node.id.inode, %error, "no attributes after a change of xattrs");
        }
        done
    }
}
