use super::name_index::NameIndex;
use super::shard::Shard;
use super::{Inodes, Link, NodeId};

impl Inodes {
    /// From now on nodes can be found by name. To be called before the first of them is.
    pub(crate) fn index_names(&self) {
        self.names.get_or_init(NameIndex::default);
    }

    /// Its names, the likeliest first; also of nodes that were forgotten not too long ago.
    pub(crate) fn links(&self, node: NodeId) -> Vec<Link> {
        let shard = self.shard(node);
        if shard.nodes.contains(node.0) {
            return shard.links(node);
        }
        drop(shard);
        self.forgotten.lock().get(&node).map(|(_, link)| link.clone()).into_iter().collect()
    }

    /// The directory a directory lies in.
    pub(crate) fn parent(&self, node: NodeId) -> Option<NodeId> {
        match node {
            NodeId::ROOT => Some(NodeId::ROOT),
            _ => self.links(node).first().map(|link| link.parent),
        }
    }

    /// A known file lost a name.
    pub(crate) fn remove_link(&self, node: NodeId, parent: NodeId, name: &[u8]) {
        let mut shard = self.shard(node);
        self.following(&mut shard, node, |shard| {
            shard.relink(node, |found, more| found.remove_link(more, parent, name));
        });
    }

    /// A name of a known file became another.
    pub(crate) fn move_link(&self, node: NodeId, from: (NodeId, &[u8]), to: (NodeId, &[u8])) {
        let mut shard = self.shard(node);
        self.following(&mut shard, node, |shard| {
            shard.relink(node, |found, more| {
                found.remove_link(more, from.0, from.1);
                let several = found.has_link();
                found.add_link(more, to.0, to.1, several);
            });
        });
    }

    /// A known file was seen under a name, of use if no other is known.
    pub(crate) fn found_link(&self, node: NodeId, parent: NodeId, name: &[u8]) {
        let mut shard = self.shard(node);
        self.following(&mut shard, node, |shard| {
            shard.relink(node, |found, more| {
                if !found.has_link() {
                    found.add_link(more, parent, name, false);
                }
            });
        });
    }

    /// The node that a name led to when it was last seen, where names are indexed.
    pub(crate) fn named(&self, dir: NodeId, name: &[u8]) -> Option<NodeId> {
        let candidates = self.names.get()?.candidates(dir, name);
        candidates
            .into_iter()
            .find(|&node| self.shard(node).links(node).iter().any(|link| link.is(dir, name)))
    }

    /// Lets the index of names follow a change of a node's.
    pub(super) fn following<T>(
        &self,
        shard: &mut Shard,
        node: NodeId,
        change: impl FnOnce(&mut Shard) -> T,
    ) -> T {
        let Some(names) = self.names.get() else { return change(shard) };
        let before = shard.links(node);
        let done = change(shard);
        names.follow(node, &before, &shard.links(node));
        done
    }
}
