//! The shapes that most requests have.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use cachefs_vfs::{Errno, Result};
use fuser::{INodeNo, ReplyEmpty, ReplyEntry};

use super::Adapter;
use crate::dispatch::Call;
use crate::requests::Op;
use crate::tree::Tree;

impl Adapter {
    /// A request that is answered without a value.
    pub(super) fn simple<V>(&self, call: Call, reply: ReplyEmpty, data: &[u8], verb: V)
    where
        V: Fn(&Tree, &[u8]) -> Result<()> + Send + 'static,
    {
        self.dispatch.serve(call, reply, data, verb, |_, reply, ()| reply.ok());
    }

    /// A request that makes a name.
    pub(super) fn make<V>(&self, op: Op, parent: INodeNo, reply: ReplyEntry, verb: V)
    where
        V: Fn(&Tree) -> Result<crate::tree::Entry> + Send + 'static,
    {
        let ttls = self.ttls;
        self.dispatch.serve(
            Call::changing(op, parent.0),
            reply,
            &[],
            move |tree, _| verb(tree),
            move |tree, reply, entry| ttls.entry(tree, reply, &entry),
        );
    }

    /// Whether an xattr can be asked for at all; `ENOSYS` tells the kernel never to ask again.
    pub(super) fn xattr_refusal(&self, key: &OsStr) -> Option<Errno> {
        let caps = self.dispatch.tree().caps();
        if !caps.xattrs {
            return Some(Errno::NOSYS);
        }
        (!caps.acls && key.as_bytes().starts_with(b"system.posix_acl_")).then_some(Errno::OPNOTSUPP)
    }
}
