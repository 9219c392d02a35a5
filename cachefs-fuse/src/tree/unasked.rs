//! Where the kernel opens files without asking although others change them
//! ([`crate::MountConfig::assume_no_growth`]), nothing mends what it knows of them but what it is told and asks for.

use std::time::Duration;

use cachefs_vfs::{Attr, Time};

use super::Tree;
use super::entry::is_younger;
use crate::inodes::NodeId;

/// A change may be told of so late.
const UNFINISHED: Duration = Duration::from_secs(1);

impl Tree {
    /// The kernel is about to be given attributes that it may believe. To be called before the last look at whether they
    /// have changed: who tells of a change raises its epoch first, and looks then whether any were given.
    pub(super) fn give_attr(&self, node: NodeId) {
        if self.belief.is_unasked() {
            self.inodes.give_attr(node);
        }
    }

    /// The kernel asks for bytes, or sends some.
    pub(super) fn give_bytes(&self, node: NodeId) {
        if self.belief.is_unasked() {
            self.inodes.give_bytes(node);
        }
    }

    /// Whether the kernel, about to be told that attributes changed, may believe any.
    pub(crate) fn takes_attr(&self, node: NodeId) -> bool {
        !self.belief.is_unasked() || self.inodes.take_attr(node)
    }

    /// Whether the kernel, about to be told that bytes changed, may have any.
    pub(crate) fn takes_bytes(&self, node: NodeId) -> bool {
        !self.belief.is_unasked() || self.inodes.take_bytes(node)
    }

    /// Whether others may be at a file still, or at its directory, as far as anybody can tell: what a listing shows of it
    /// may be from before, and arrive after what was asked for later.
    pub(crate) fn is_unfinished(&self, node: NodeId, attr: &Attr, restless: bool) -> bool {
        let young = |time: Time| is_younger(time, UNFINISHED);
        let changing = || self.belief.flux().is_changing(node) || young(attr.ctime);
        self.belief.is_unasked() && (restless || attr.kind.is_regular() && changing())
    }
}
