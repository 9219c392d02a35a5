//! The shapes that most requests have.

use std::ffi::OsStr;
use std::sync::Arc;

use cachefs_vfs::{RemoveKind, Result};
use fuser::{INodeNo, ReplyEmpty, ReplyEntry};

use super::Adapter;
use crate::dispatch::Call;
use crate::inodes::NodeId;
use crate::requests::Op;
use crate::tree::{Change, Tree};

impl Adapter {
    /// A request that is answered without a value.
    pub(super) fn simple<V>(&self, call: Call, reply: ReplyEmpty, data: &[u8], verb: V)
    where
        V: Fn(&Tree, &[u8]) -> Result<()> + Send + 'static,
    {
        self.dispatch.serve(call, reply, data, verb, |_, reply, ()| reply.ok());
    }

    /// A request that takes a name away.
    pub(super) fn remove(
        &self,
        op: Op,
        (parent, name): (INodeNo, &OsStr),
        kind: RemoveKind,
        reply: ReplyEmpty,
    ) {
        let (dir, name) = (NodeId(parent.0), name.to_owned());
        let change = Change::of_name(dir, &name);
        self.change_names(op, parent, change, reply, move |tree| Ok(vec![tree.remove(dir, &name, kind)?]));
    }

    /// A request that changes names; its verb answers what was behind them.
    pub(super) fn change_names<V>(&self, op: Op, dir: INodeNo, change: Change, reply: ReplyEmpty, verb: V)
    where
        V: Fn(&Tree) -> Result<Vec<NodeId>> + Send + 'static,
    {
        let change = Arc::new(change);
        let call = Call::naming(op, dir.0, Arc::clone(&change));
        self.simple(call, reply, &[], move |tree, _| {
            change.found(verb(tree)?);
            Ok(())
        });
    }

    /// A request that makes a name.
    pub(super) fn make<V>(&self, op: Op, parent: INodeNo, change: Change, reply: ReplyEntry, verb: V)
    where
        V: Fn(&Tree) -> Result<crate::tree::Entry> + Send + 'static,
    {
        let asked = self.asked();
        self.dispatch.serve(
            Call::naming(op, parent.0, change),
            reply,
            &[],
            move |tree, _| verb(tree),
            move |tree, reply, entry| asked.entry(tree, reply, &entry),
        );
    }
}
