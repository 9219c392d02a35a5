use hashbrown::HashTable;
use parking_lot::Mutex;

use super::{Link, NodeId};
use crate::belief::hash;

const PARTS: usize = 16;

/// Nodes by the hash of a name in a directory. A few bytes per name: what it finds must be checked.
#[derive(Debug)]
pub(super) struct NameIndex {
    parts: [Mutex<HashTable<Named>>; PARTS],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Named {
    hash: u64,
    node: NodeId,
}

impl Default for NameIndex {
    fn default() -> Self {
        Self { parts: std::array::from_fn(|_| Mutex::default()) }
    }
}

impl NameIndex {
    fn part(&self, hash: u64) -> &Mutex<HashTable<Named>> {
        &self.parts[usize::try_from(hash >> 32).unwrap_or(0) % PARTS]
    }

    /// The nodes that may have this name.
    pub(super) fn candidates(&self, dir: NodeId, name: &[u8]) -> Vec<NodeId> {
        let hash = hash::of(dir, name);
        let part = self.part(hash).lock();
        part.iter_hash(hash).filter(|named| named.hash == hash).map(|named| named.node).collect()
    }

    /// The names of a node became others.
    pub(super) fn follow(&self, node: NodeId, before: &[Link], after: &[Link]) {
        for link in before.iter().filter(|link| !after.contains(link)) {
            let named = Named { hash: hash::of(link.parent, &link.name), node };
            if let Ok(found) = self.part(named.hash).lock().find_entry(named.hash, |known| *known == named) {
                found.remove();
            }
        }
        for link in after.iter().filter(|link| !before.contains(link)) {
            let named = Named { hash: hash::of(link.parent, &link.name), node };
            self.part(named.hash).lock().insert_unique(named.hash, named, |known| known.hash);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_follows_the_names_of_a_node() {
        let index = NameIndex::default();
        let (node, dir) = (NodeId(9), NodeId(2));
        let (a, b) = (Link::new(dir, b"a"), Link::new(dir, b"b"));
        index.follow(node, &[], &[a.clone(), b.clone()]);
        assert_eq!(index.candidates(dir, b"a"), [node]);
        let b = [b];
        index.follow(node, &[a, b[0].clone()], &b);
        assert!(index.candidates(dir, b"a").is_empty());
        assert_eq!(index.candidates(dir, b"b"), [node]);
        index.follow(node, &b, &[]);
        assert!(index.parts.iter().all(|part| part.lock().is_empty()));
    }
}
