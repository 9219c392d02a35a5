use cachefs_vfs::{Mode, Privileges, Result, SetAttr};
use fuser::Request;

use crate::inodes::NodeId;
use crate::tree::Tree;

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caller {
    uid: u32,
    gid: u32,
    pid: u32,
}

impl Caller {
    pub(super) fn of(request: &Request) -> Self {
        Self { uid: request.uid(), gid: request.gid(), pid: request.pid() }
    }

    /// The thread.
    pub(super) fn thread(self) -> u32 {
        self.pid
    }

    /// Whether it may do what only the administrator may.
    pub(super) fn is_root(self) -> bool {
        self.uid == 0
    }

    /// Whether a change of a file's contents on its behalf strips set-id bits.
    pub(super) fn privileges(self) -> Privileges {
        if self.is_root() { Privileges::Keep } else { Privileges::Drop }
    }

    /// The mode of a file once this caller has changed its ACL, where that takes a set-group-id bit away which the
    /// change by this process leaves: who is not of the file's group may not hand that group out.
    pub(super) fn after_acl(self, tree: &Tree, node: NodeId) -> Result<Option<Mode>> {
        if self.is_root() {
            return Ok(None);
        }
        let attr = tree.attr(node)?;
        let strip = attr.mode.bits() & 0o2000 != 0 && !self.is_in(attr.gid);
        Ok(strip.then(|| Mode::new(attr.mode.bits() & !0o2000)))
    }

    /// What it changes, with what that takes away.
    pub(super) fn completed(self, tree: &Tree, node: NodeId, set: SetAttr) -> Result<SetAttr> {
        let gives_away = set.mode.is_none() && (set.uid.is_some() || set.gid.is_some());
        let mode = if gives_away { self.after_chown(tree, node)? } else { set.mode };
        Ok(SetAttr { mode, ..set })
    }

    /// The same before it changes a regular file's owner or group, which costs every other set-id bit in any case.
    fn after_chown(self, tree: &Tree, node: NodeId) -> Result<Option<Mode>> {
        if self.is_root() {
            return Ok(None);
        }
        let attr = tree.attr(node)?;
        let kept = attr.kind.is_regular() && attr.mode.bits() & 0o2010 == 0o2000;
        let strip = kept && !self.is_in(attr.gid);
        Ok(strip.then(|| Mode::new(attr.mode.bits() & !0o6000)))
    }

    /// Whether this is one of its groups; those of a process that is gone are not known.
    fn is_in(self, gid: u32) -> bool {
        if gid == self.gid {
            return true;
        }
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid)).unwrap_or_default();
        let groups = status.lines().find_map(|line| line.strip_prefix("Groups:")).unwrap_or_default();
        groups.split_ascii_whitespace().any(|group| group.parse() == Ok(gid))
    }
}
