use std::sync::atomic::Ordering;

use super::node::Node;
use super::{Inodes, Link, NodeId};

impl Inodes {
    /// Names of up to `most` files that nobody has open, those first that were not looked up for longest, from the
    /// part of the table whose turn it is. They count as just looked up, so that each call names others.
    pub(crate) fn oldest(&self, most: usize) -> Vec<Link> {
        let clock = u32::try_from(self.lookups.load(Ordering::Relaxed) >> 10).unwrap_or(u32::MAX);
        let turn = self.hand.fetch_add(1, Ordering::Relaxed);
        let mut shard = self.shard(NodeId(turn));
        let idle = |node: &Node| node.opens == 0 && node.has_link() && !node.kind.is_dir();
        let mut found: Vec<(u32, u64)> =
            shard.nodes.iter().filter(|(_, n)| idle(n)).map(|(id, n)| (n.seen, id)).collect();
        if found.len() > most {
            found.select_nth_unstable(most);
            found.truncate(most);
        }
        let touched = found.into_iter().filter_map(|(_, id)| {
            let node = shard.nodes.get_mut(id)?;
            node.seen = clock;
            Some(node.link.clone())
        });
        touched.collect()
    }
}
