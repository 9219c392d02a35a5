use std::hash::BuildHasher;

use cachefs_vfs::FileId;
use hashbrown::DefaultHashBuilder;

use super::{LruMap, Node, Stamp, Stamps};
use crate::block::fold;
use crate::coherence::{Changed, Freshness};
use crate::sync::{Arc, AtomicUsize, Mutex, Ordering};

/// All nodes, by identity; at most one each. Bounded: the least recently used one that nobody holds goes first. Those
/// that are held stay, beyond the limit if need be, for two nodes of one file would be two truths.
#[derive(Debug)]
pub(crate) struct Nodes {
    shards: Box<[Mutex<Shard>]>,
    shard_max: usize,
    /// Of the hash.
    seeds: [u64; 2],
    freshness: Arc<Freshness>,
    count: AtomicUsize,
}

#[derive(Debug)]
struct Shard {
    nodes: LruMap<FileId, Arc<Node>>,
    /// The last change of any node that left: what a node that comes back must assume of itself.
    left: Stamp,
}

/// How many held nodes one admission passes over at most before the limit gives way.
const TRIES: usize = 8;

impl Shard {
    fn new(nodes_max: usize) -> Self {
        Self { nodes: LruMap::lax(nodes_max), left: Stamp::default() }
    }
}

impl Nodes {
    pub(crate) fn new(nodes_max: usize, freshness: Arc<Freshness>) -> Self {
        let shards = super::shards_for(nodes_max);
        Self {
            shards: (0..shards).map(|_| Mutex::new(Shard::new(nodes_max / shards))).collect(),
            shard_max: (nodes_max / shards).max(1),
            seeds: [0, 1].map(|word: u64| DefaultHashBuilder::default().hash_one(word)),
            freshness,
            count: AtomicUsize::new(0),
        }
    }

    /// The node, if there is one; a use of it.
    pub(crate) fn get(&self, id: FileId) -> Option<Arc<Node>> {
        let hash = self.hash(id);
        self.shard(hash).lock().nodes.get(hash, |key| *key == id).map(|node| Arc::clone(node))
    }

    /// Shows the node, if there is one; a use of it. Under the lock of its shard: for a look at it, and nothing that
    /// takes time.
    #[inline(always)]
    pub(crate) fn with<T>(&self, id: FileId, show: impl FnOnce(&Node) -> T) -> Option<T> {
        let hash = self.hash(id);
        let mut shard = self.shard(hash).lock();
        shard.nodes.get(hash, |key| *key == id).map(|node| show(node))
    }

    /// The same as [`Self::get`], and no use of it.
    pub(crate) fn peek(&self, id: FileId) -> Option<Arc<Node>> {
        let hash = self.hash(id);
        self.shard(hash).lock().nodes.peek(hash, |key| *key == id).map(Arc::clone)
    }

    /// Those of these that there are, each shard looked at once; no use of them.
    pub(crate) fn peek_all(&self, ids: &[FileId]) -> Vec<Arc<Node>> {
        let places = super::by_shard(ids.iter().map(|id| (self.hash(*id), *id)), self.shards.len());
        let mut found = Vec::with_capacity(ids.len());
        for (shard, ids) in self.shards.iter().zip(places).filter(|(_, ids)| !ids.is_empty()) {
            let shard = shard.lock();
            let known = ids.iter().filter_map(|(hash, id)| shard.nodes.peek(*hash, |key| key == id));
            found.extend(known.map(Arc::clone));
        }
        found
    }

    /// All nodes that this may be the identity of, where a generation of 0 stands for any; no use of them. Allocates
    /// only if there are some.
    pub(crate) fn all_of(&self, id: FileId) -> Vec<Arc<Node>> {
        let hash = self.hash(id);
        let is_it = |key: &FileId| {
            (key.device, key.inode) == (id.device, id.inode)
                && (key.generation == id.generation || key.generation == 0 || id.generation == 0)
        };
        self.shard(hash).lock().nodes.matching(hash, is_it).map(Arc::clone).collect()
    }

    /// Users of one inode number are found by one hash. Which number a file gets is for the backing to say, but there
    /// are backings that let a user choose: two words only he does not know go in.
    #[inline]
    fn hash(&self, id: FileId) -> u64 {
        fold(id.inode ^ self.seeds[0], id.device ^ self.seeds[1])
    }

    /// The node, made if there is none. Those that had to go for it are answered, too, to be buried without the lock.
    pub(crate) fn get_or_make(&self, id: FileId, stamps: &Stamps) -> (Arc<Node>, Vec<Arc<Node>>) {
        let hash = self.hash(id);
        let mut shard = self.shard(hash).lock();
        if let Some(node) = shard.nodes.get(hash, |key| *key == id) {
            return (Arc::clone(node), Vec::new());
        }
        let mut gone = Vec::new();
        while shard.nodes.len() >= self.shard_max {
            let Some((_, node)) = shard.nodes.evict(TRIES, |_, node| Arc::strong_count(node) == 1) else {
                break;
            };
            shard.left = shard.left.max(node.state.lock().changed());
            gone.push(node);
        }
        // What others changed before it was known counts for it, too. Asked for under the lock: who changes it from
        // here on finds the node.
        let changed = shard.left.max(self.freshness.told(Changed::Inode(id)));
        let node = Arc::new(Node::new(id, stamps.next(), changed));
        shard.nodes.insert(hash, id, Arc::clone(&node));
        self.count.fetch_add(1, Ordering::Relaxed);
        self.count.fetch_sub(gone.len(), Ordering::Relaxed);
        (node, gone)
    }

    /// Takes the node out if nobody but the caller holds it.
    pub(crate) fn remove(&self, node: &Arc<Node>) -> bool {
        let hash = self.hash(node.id);
        let mut shard = self.shard(hash).lock();
        // The table's and the caller's.
        if Arc::strong_count(node) > 2 {
            return false;
        }
        let is_here =
            shard.nodes.peek(hash, |key| *key == node.id).is_some_and(|here| Arc::ptr_eq(here, node));
        let removed = is_here && shard.nodes.remove(hash, |key| *key == node.id).is_some();
        if removed {
            shard.left = shard.left.max(node.state.lock().changed());
            self.count.fetch_sub(1, Ordering::Relaxed);
        }
        removed
    }

    /// Takes out all that nobody holds, which must not learn from questions asked before `stamp` when they come back;
    /// answers those and the ones that are left.
    pub(crate) fn clear(&self, stamp: Stamp) -> (Vec<Arc<Node>>, Vec<Arc<Node>>) {
        let (mut gone, mut held) = (Vec::new(), Vec::new());
        for shard in &self.shards {
            let mut shard = shard.lock();
            shard.left = shard.left.max(stamp);
            let unheld = shard.nodes.extract(|_, node| Arc::strong_count(node) == 1);
            gone.extend(unheld.into_iter().map(|(_, node)| node));
            shard.nodes.each(|_, node| held.push(Arc::clone(node)));
        }
        self.count.fetch_sub(gone.len(), Ordering::Relaxed);
        (gone, held)
    }

    /// Shows all nodes, in no order and under no lock.
    pub(crate) fn each(&self, show: impl FnMut(&Arc<Node>)) {
        let mut all = Vec::new();
        for shard in &self.shards {
            shard.lock().nodes.each(|_, node| all.push(Arc::clone(node)));
        }
        all.iter().for_each(show);
    }

    pub(crate) fn len(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    fn shard(&self, hash: u64) -> &Mutex<Shard> {
        &self.shards[super::shard_of(hash, self.shards.len())]
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn id(inode: u64) -> FileId {
        FileId { device: 1, inode, generation: 0 }
    }

    #[test]
    fn held_nodes_outlast_the_limit_and_others_do_not() {
        let (nodes, stamps) = (Nodes::new(4, Arc::new(Freshness::ttl(Duration::ZERO))), Stamps::default());
        let held: Vec<_> = (0..3).map(|inode| nodes.get_or_make(id(inode), &stamps).0).collect();
        (10..200).for_each(|inode| drop(nodes.get_or_make(id(inode), &stamps)));
        assert_eq!(nodes.len(), 4);
        for node in &held {
            assert!(nodes.get(node.id).is_some_and(|found| Arc::ptr_eq(&found, node)));
        }
        let more: Vec<_> = (300..310).map(|inode| nodes.get_or_make(id(inode), &stamps).0).collect();
        assert_eq!(nodes.len(), 13, "what is held is counted and stays");
        drop((held, more));
        drop(nodes.get_or_make(id(999), &stamps));
        assert_eq!(nodes.len(), 4, "and goes when it is let go");
    }

    #[test]
    fn a_node_that_comes_back_knows_of_changes_before_it_left() {
        let (nodes, stamps) = (Nodes::new(4, Arc::new(Freshness::ttl(Duration::ZERO))), Stamps::default());
        let asked = stamps.now();
        let node = nodes.get_or_make(id(1), &stamps).0;
        node.state.lock().touch_ctime(stamps.next());
        assert!(nodes.remove(&node));
        let again = nodes.get_or_make(id(1), &stamps).0;
        assert!(!Arc::ptr_eq(&node, &again));
        assert!(again.state.lock().changed() > asked);
    }
}
