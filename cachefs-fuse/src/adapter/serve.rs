//! The shapes that most requests have.

use cachefs_vfs::Result;
use fuser::{FopenFlags, INodeNo, ReplyEmpty, ReplyEntry};
use rustix::fs::OFlags;

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

    /// How a file is opened. One that is opened past the caches is read and written past those of the kernel, too. So
    /// is one that is opened for appending where others may append: the kernel would put the bytes where it believes
    /// the end to be.
    pub(super) fn open_flags(&self, flags: OFlags) -> FopenFlags {
        let direct = FopenFlags::FOPEN_DIRECT_IO;
        if flags.contains(OFlags::DIRECT) {
            return direct | FopenFlags::FOPEN_PARALLEL_DIRECT_WRITES;
        }
        match flags.contains(OFlags::APPEND) && self.dispatch.tree().belief().is_told() {
            true => direct,
            false => FopenFlags::empty(),
        }
    }

    /// A request that makes a name.
    pub(super) fn make<V>(&self, op: Op, parent: INodeNo, reply: ReplyEntry, verb: V)
    where
        V: Fn(&Tree) -> Result<crate::tree::Entry> + Send + 'static,
    {
        let asked = self.asked();
        self.dispatch.serve(
            Call::changing(op, parent.0),
            reply,
            &[],
            move |tree, _| verb(tree),
            move |tree, reply, entry| asked.entry(tree, reply, &entry),
        );
    }
}
