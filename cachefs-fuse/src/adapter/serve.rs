//! The shapes that most requests have.

use cachefs_vfs::Result;
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
}
