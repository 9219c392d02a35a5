//! Which files the kernel has open, and of what version it may keep pages.

use super::{Inodes, NodeId};

/// The kernel has no pages that it may keep.
pub(crate) const NO_PAGES: u64 = 0;
/// It may have pages of a version that cannot be told from others.
pub(crate) const ANY_PAGES: u64 = 1;

impl Inodes {
    /// The kernel opened a file. Not counted where it does not tell of all.
    pub(crate) fn opened(&self, node: NodeId) {
        if self.uncounted {
            return;
        }
        if let Some(found) = self.shard(node).nodes.get_mut(node.0) {
            found.opens = found.opens.saturating_add(1);
        }
    }

    /// The kernel closed a file; how often it still has it open.
    pub(crate) fn released(&self, node: NodeId) -> u32 {
        self.shard(node).nodes.get_mut(node.0).map_or(0, |found| {
            found.opens = found.opens.saturating_sub(1);
            found.opens
        })
    }

    /// Notes the version of which the kernel may keep pages from now on ([`NO_PAGES`]: none); the one before.
    pub(crate) fn replace_kept(&self, node: NodeId, version: u64) -> u64 {
        let mut shard = self.shard(node);
        shard.nodes.get_mut(node.0).map_or(NO_PAGES, |found| std::mem::replace(&mut found.kept, version))
    }

    /// The kernel was shown this version: if it is not the one whose pages it may keep, there is none any more. Whether
    /// there was one, so that pages of it may be there.
    pub(crate) fn shown(&self, node: NodeId, version: u64) -> bool {
        let mut shard = self.shard(node);
        let Some(found) = shard.nodes.get_mut(node.0).filter(|found| found.kept != version) else {
            return false;
        };
        std::mem::replace(&mut found.kept, NO_PAGES) != NO_PAGES
    }

    /// The same where the kernel keeps pages whatever their version, as long as what is known of the file `holds`: what
    /// it has is of the last version that was shown then. Whether it may have pages of another.
    pub(crate) fn shown_while_told(&self, node: NodeId, version: u64, holds: bool) -> bool {
        let mut shard = self.shard(node);
        let Some(found) = shard.nodes.get_mut(node.0) else { return false };
        if found.kept == NO_PAGES {
            // Pages may come at any time from now on, unasked.
            found.kept = if self.uncounted { version } else { NO_PAGES };
            return false;
        }
        let proven = holds || found.kept == version && version != ANY_PAGES;
        found.kept = if proven || self.uncounted || found.opens > 0 { version } else { NO_PAGES };
        !proven
    }
}
