//! Whether others make files longer in place, where it was said that nobody does
//! ([`crate::MountConfig::assume_no_growth`]). Seen of files whose end the kernel may have a page of, when somebody looks
//! at them the next time.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use cachefs_vfs::Attr;

use super::Tree;
use crate::inodes::NodeId;

/// So many directories are enough to know a file by.
const DEPTH_MAX: usize = 64;

impl Tree {
    /// The kernel asked for so many bytes of a file from `offset` on, and gets those up to its end.
    pub(super) fn gave_tail(&self, node: NodeId, offset: u64, asked: usize, got: usize) {
        if self.belief.is_unasked() && (1..asked).contains(&got) {
            self.inodes.reach(node, offset.saturating_add(got as u64));
        }
    }

    /// A new file is empty.
    pub(super) fn begin_tail(&self, node: NodeId, attr: &Attr) {
        if self.belief.is_unasked() && attr.size == 0 {
            self.inodes.cut(node, 0);
        }
    }

    /// A file is written up to `end` through the mount. To be called before, so that nobody takes it for others' work, and
    /// afterwards, for it may have looked shorter meanwhile.
    pub(super) fn grows_here(&self, node: NodeId, end: u64) {
        if self.belief.is_unasked() {
            self.inodes.reach_further(node, end);
        }
    }

    /// The length of a file was set through the mount.
    pub(super) fn cut_here(&self, node: NodeId, end: u64) {
        if self.belief.is_unasked() {
            self.inodes.cut(node, end);
        }
    }

    /// Others changed the bytes of a file.
    pub(crate) fn changed_there(&self, node: NodeId) {
        if self.belief.is_unasked() {
            self.inodes.touch_tail(node);
        }
    }

    /// Attributes are shown to the kernel: are those of a file that others made longer?
    pub(super) fn look_for_growth(&self, node: NodeId, attr: &Attr) {
        if self.belief.is_unasked() && attr.kind.is_regular() && self.inodes.has_grown(node, attr.size) {
            self.grew_there(node);
        }
    }

    /// Others made a file longer in place: the operator is to know, once.
    pub(super) fn grew_there(&self, node: NodeId) {
        if self.belief.is_unasked() && self.outbox.counts().grew() {
            let file = self.path(node);
            tracing::warn!(
                "{} grew by somebody else; --assume-no-growth does not hold here: a reader may see zeros at the end of \
                 such a file, and records that two append may be torn; mount without it",
                file.display()
            );
        }
    }

    /// From the top of the mount, as far as it is known.
    fn path(&self, node: NodeId) -> PathBuf {
        let mut names = Vec::new();
        let mut at = node;
        while at != NodeId::ROOT && names.len() < DEPTH_MAX {
            let Some(link) = self.inodes.links(at).into_iter().next() else { break };
            names.push(OsString::from_vec(link.name.into_vec()));
            at = link.parent;
        }
        names.iter().rev().collect()
    }
}
