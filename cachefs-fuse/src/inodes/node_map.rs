use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

use super::node::Node;

/// Nodes in one allocation.
const CHUNK: usize = CHUNK_PLACES as usize;
const CHUNK_PLACES: u32 = 256;

/// Nodes by number. A plain hash map would pay for its empty places with the size of a node each; here an empty place
/// costs five bytes, and growing moves no node.
#[derive(Debug, Default)]
pub(super) struct NodeMap {
    index: HashTable<u32>,
    hasher: DefaultHashBuilder,
    chunks: Vec<Box<[Option<Numbered>]>>,
    free: Vec<u32>,
}

#[derive(Debug)]
struct Numbered {
    number: u64,
    node: Node,
}

fn split(place: u32) -> (usize, usize) {
    let place = place as usize;
    (place / CHUNK, place % CHUNK)
}

impl NodeMap {
    fn find(&self, number: u64) -> Option<u32> {
        let hash = self.hasher.hash_one(number);
        self.index.find(hash, |&place| self.at(place).is_some_and(|found| found.number == number)).copied()
    }

    fn at(&self, place: u32) -> Option<&Numbered> {
        let (chunk, offset) = split(place);
        self.chunks[chunk][offset].as_ref()
    }

    pub(super) fn contains(&self, number: u64) -> bool {
        self.find(number).is_some()
    }

    pub(super) fn get(&self, number: u64) -> Option<&Node> {
        self.at(self.find(number)?).map(|found| &found.node)
    }

    pub(super) fn get_mut(&mut self, number: u64) -> Option<&mut Node> {
        let (chunk, offset) = split(self.find(number)?);
        self.chunks[chunk][offset].as_mut().map(|found| &mut found.node)
    }

    /// Adds a node that is not there yet.
    pub(super) fn insert(&mut self, number: u64, node: Node) {
        let place = self.free.pop().unwrap_or_else(|| self.grow());
        let (chunk, offset) = split(place);
        self.chunks[chunk][offset] = Some(Numbered { number, node });
        let Self { index, hasher, chunks, .. } = self;
        let hash_of = |&place: &u32| {
            let (chunk, offset) = split(place);
            chunks[chunk][offset].as_ref().map_or(0, |found| hasher.hash_one(found.number))
        };
        index.insert_unique(hasher.hash_one(number), place, hash_of);
    }

    /// The first place of a new chunk, the others of which are free.
    fn grow(&mut self) -> u32 {
        let first = u32::try_from(self.chunks.len() * CHUNK).unwrap_or(u32::MAX);
        self.chunks.push((0..CHUNK).map(|_| None).collect());
        self.free.extend((first + 1..first.saturating_add(CHUNK_PLACES)).rev());
        first
    }

    pub(super) fn remove(&mut self, number: u64) -> Option<Node> {
        let hash = self.hasher.hash_one(number);
        let chunks = &self.chunks;
        let entry = self.index.find_entry(hash, |&place| {
            let (chunk, offset) = split(place);
            chunks[chunk][offset].as_ref().is_some_and(|found| found.number == number)
        });
        let (place, _) = entry.ok()?.remove();
        let (chunk, offset) = split(place);
        let removed = self.chunks[chunk][offset].take();
        self.free.push(place);
        if self.index.is_empty() {
            *self = Self::default();
        }
        removed.map(|found| found.node)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, &Node)> {
        self.chunks.iter().flatten().flatten().map(|found| (found.number, &found.node))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cachefs_vfs::{Attr, FileId, FileKind, Mode, Time};

    fn node(generation: u64) -> Node {
        let time = Time::default();
        Node::new(&Attr {
            id: FileId { device: 1, inode: 1, generation },
            kind: FileKind::Regular,
            mode: Mode::new(0),
            links: 1,
            uid: 0,
            gid: 0,
            device: 0,
            size: 0,
            blocks: 0,
            block_size: 0,
            atime: time,
            mtime: time,
            ctime: time,
            btime: None,
            tag: 0,
        })
    }

    #[test]
    fn it_behaves_as_a_map_and_uses_places_again() {
        let mut map = NodeMap::default();
        for round in 0..3 {
            for number in 0..1000 {
                map.insert(number, node(number + round));
            }
            assert_eq!(map.iter().count(), 1000);
            assert_eq!(map.chunks.len(), 4);
            for number in (0..1000).filter(|n| n % 7 != round) {
                assert_eq!(map.remove(number).map(|n| n.generation), Some(number + round));
                assert!(map.get(number).is_none());
            }
            for number in (0..1000).filter(|n| n % 7 == round) {
                assert_eq!(map.get_mut(number).map(|n| n.generation), Some(number + round));
                map.remove(number);
            }
            assert!(map.chunks.is_empty(), "an empty table holds no memory");
        }
    }
}
