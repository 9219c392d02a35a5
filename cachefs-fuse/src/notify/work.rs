use std::time::Instant;

use hashbrown::{HashMap, HashSet};

use crate::inodes::NodeId;

/// What the kernel is to be told of one key. Telling it twice of the same is telling it once.
#[derive(Debug, Default)]
pub(crate) struct Work {
    /// Names that may stand for something else now, each with the file that it stood for where that is known.
    pub(super) names: HashMap<Box<[u8]>, Option<NodeId>>,
    /// Names to be looked up again, which most likely stand for what they stood for.
    pub(super) again: HashSet<Box<[u8]>>,
    /// The listing may be another.
    pub(super) listing: bool,
    /// Files found through this directory of which an answer may be on its way; whether its names must be asked for
    /// again, too.
    pub(super) settle: HashMap<NodeId, bool>,
    /// Attributes may be others.
    pub(super) attr: bool,
    /// Bytes may be others.
    pub(super) data: bool,
    /// Nothing the kernel knows is proven: also the names of the file.
    pub(super) all: bool,
    /// When the first of it came.
    pub(super) since: Option<Instant>,
}

impl Work {
    /// Attributes changed.
    pub(crate) fn attr() -> Self {
        Self { attr: true, ..Self::default() }
    }

    /// Attributes and bytes changed.
    pub(crate) fn data() -> Self {
        Self { data: true, ..Self::attr() }
    }

    /// A directory lists other names.
    pub(crate) fn listing() -> Self {
        Self { listing: true, ..Self::default() }
    }

    /// A name in a directory came or went, and with it the listing.
    pub(crate) fn name(name: &[u8], child: Option<NodeId>) -> Self {
        let mut work = Self::listing();
        work.names.insert(name.into(), child);
        work
    }

    /// The same, by somebody who may have been ourselves: what stands there now may be what the kernel knows.
    pub(crate) fn name_by_anybody(name: &[u8]) -> Self {
        Self { again: HashSet::from_iter([name.into()]), ..Self::listing() }
    }

    /// A name in a directory is to be looked up again.
    pub(crate) fn again(name: &[u8]) -> Self {
        Self { again: HashSet::from_iter([name.into()]), ..Self::default() }
    }

    /// An answer about `node` may be on its way through a directory.
    pub(super) fn settle(node: NodeId, names: bool) -> Self {
        let mut work = Self::default();
        work.settle.insert(node, names);
        work
    }

    /// The same, with nothing proven any more.
    pub(super) fn unproven(self) -> Self {
        Self { all: true, ..self }
    }

    /// The same, as of a change that was just told of.
    pub(super) fn told(self) -> Self {
        Self { since: Some(Instant::now()), ..self }
    }

    /// How much more room it takes with what came later.
    pub(super) fn growth(&self, later: &Self) -> usize {
        let names = later.names.keys().filter(|name| !self.names.contains_key(*name)).count();
        let settle = later.settle.keys().filter(|node| !self.settle.contains_key(*node)).count();
        let again = later.again.difference(&self.again).count();
        let flags = usize::from(later.listing && !self.listing) + usize::from(later.attr && !self.attr);
        names + again + settle + flags
    }

    /// How much room it takes.
    pub(super) fn len(&self) -> usize {
        let flags = usize::from(self.listing) + usize::from(self.attr);
        self.names.len() + self.again.len() + self.settle.len() + flags
    }

    /// Adds what came later.
    pub(super) fn merge(&mut self, later: Self) {
        for (name, child) in later.names {
            // Two files under one name after the other: which one the kernel knows is anybody's guess.
            self.names
                .entry(name)
                .and_modify(|known| *known = known.filter(|_| *known == child))
                .or_insert(child);
        }
        for (node, names) in later.settle {
            *self.settle.entry(node).or_default() |= names;
        }
        self.again.extend(later.again);
        self.listing |= later.listing;
        self.attr |= later.attr;
        self.data |= later.data;
        self.all |= later.all;
        self.since = self.since.or(later.since);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_stood_for_two_files_stands_for_none() {
        let mut work = Work::name(b"a", Some(NodeId(5)));
        work.merge(Work::name(b"a", Some(NodeId(5))));
        assert_eq!(work.names[&b"a"[..]], Some(NodeId(5)));
        work.merge(Work::name(b"a", None));
        assert_eq!(work.names[&b"a"[..]], None);
        work.merge(Work::settle(NodeId(9), false));
        work.merge(Work::settle(NodeId(9), true));
        assert!(work.settle[&NodeId(9)] && work.len() == 3);
        assert_eq!(work.growth(&Work::settle(NodeId(9), true)), 0);
        assert_eq!(work.growth(&Work::name(b"b", None)), 1);
        assert_eq!(work.growth(&Work::again(b"b")), 1);
        work.merge(Work::again(b"b"));
        assert!(work.growth(&Work::again(b"b")) == 0 && work.len() == 4);
    }
}
