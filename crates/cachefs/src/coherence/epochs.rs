use std::hash::BuildHasher;

use cachefs_vfs::{FileId, Name};
use hashbrown::DefaultHashBuilder;

use crate::meta::{Stamp, StampCell};

/// When others last changed what, as told by a watch, also of what nothing is known of yet: an answer that was asked for
/// before is not kept. Slots are shared by hash; whoever shares one with a change is asked for once more.
#[derive(Debug)]
pub(crate) struct Epochs {
    slots: Box<[StampCell]>,
    hasher: DefaultHashBuilder,
}

/// What a change is of. The generation of an identity does not count, for a notice may not have it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Changed<'a> {
    /// An inode's attributes or bytes.
    Inode(FileId),
    /// What a name in a directory stands for.
    Name(FileId, Name<'a>),
    /// What is in a directory.
    Listing(FileId),
}

const SLOTS: usize = 1 << 16;

impl Epochs {
    pub(crate) fn new() -> Self {
        let slots = (0..SLOTS).map(|_| StampCell::default()).collect();
        Self { slots, hasher: DefaultHashBuilder::default() }
    }

    /// When it changed last, or something that shares its slot.
    pub(crate) fn get(&self, what: Changed<'_>) -> Stamp {
        self.slot(what).get()
    }

    /// It changed.
    pub(crate) fn raise(&self, what: Changed<'_>, stamp: Stamp) {
        self.slot(what).raise(stamp);
    }

    #[expect(clippy::cast_possible_truncation, reason = "the low bits are as good as any")]
    fn slot(&self, what: Changed<'_>) -> &StampCell {
        let hash = match what {
            Changed::Inode(id) => self.hasher.hash_one((id.device, id.inode)),
            Changed::Name(dir, name) => self.hasher.hash_one((dir.device, dir.inode, name.as_bytes())),
            Changed::Listing(dir) => self.hasher.hash_one((dir.device, dir.inode, ())) ^ 1,
        };
        &self.slots[hash as usize % SLOTS]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meta::Stamps;

    #[test]
    fn a_change_is_of_what_it_is_of_whatever_the_generation() {
        let (epochs, stamps) = (Epochs::new(), Stamps::default());
        let id = |generation| FileId { device: 1, inode: 2, generation };
        let name = |text| Name::new(text).expect("a name");
        let all = [
            Changed::Inode(id(3)),
            Changed::Listing(id(3)),
            Changed::Name(id(3), name("a")),
            Changed::Name(id(3), name("b")),
        ];
        let mut last = Stamp::default();
        for what in all {
            assert_eq!(epochs.get(what), Stamp::default(), "{what:?}");
            last = stamps.next();
            epochs.raise(what, last);
        }
        assert_eq!(epochs.get(Changed::Name(id(0), name("b"))), last);
    }
}
