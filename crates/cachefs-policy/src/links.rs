//! Doubly linked lists over slot numbers, all links in one table: moving an entry touches three places of it and
//! allocates nothing. Where a policy knows more of a slot, its link lies beside that, in the same line of memory.

use crate::Slot;

const NONE: u32 = u32::MAX;

/// The neighbours of a slot in its list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Link {
    previous: u32,
    next: u32,
}

const UNLINKED: Link = Link { previous: NONE, next: NONE };

impl Default for Link {
    fn default() -> Self {
        UNLINKED
    }
}

/// A table that has a link for each slot. A slot is in one list at most.
pub(crate) trait Linked {
    fn link(&self, slot: Slot) -> &Link;
    fn link_mut(&mut self, slot: Slot) -> &mut Link;

    /// The neighbour of a listed slot on the side of the front.
    fn before(&self, slot: Slot) -> Option<Slot> {
        some(self.link(slot).previous)
    }
}

/// The links of all slots, and nothing else.
#[derive(Debug, Default)]
pub(crate) struct Links {
    links: Vec<Link>,
}

/// One list: its ends. Its inner links live in a [`Linked`] table, always the same one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct List {
    front: u32,
    back: u32,
}

impl Default for List {
    fn default() -> Self {
        Self { front: NONE, back: NONE }
    }
}

impl Links {
    /// Makes the table reach to `slot`.
    pub(crate) fn grow_to(&mut self, slot: Slot) {
        debug_assert!(slot.0 != NONE, "the highest number stands for no slot");
        if self.links.len() <= slot.index() {
            self.links.resize(slot.index() + 1, UNLINKED);
        }
    }
}

impl Linked for Links {
    fn link(&self, slot: Slot) -> &Link {
        &self.links[slot.index()]
    }

    fn link_mut(&mut self, slot: Slot) -> &mut Link {
        &mut self.links[slot.index()]
    }
}

impl List {
    pub(crate) fn front(&self) -> Option<Slot> {
        some(self.front)
    }

    pub(crate) fn back(&self) -> Option<Slot> {
        some(self.back)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.back == NONE
    }

    pub(crate) fn push_front(&mut self, links: &mut impl Linked, slot: Slot) {
        *links.link_mut(slot) = Link { previous: NONE, next: self.front };
        match self.front {
            NONE => self.back = slot.0,
            front => links.link_mut(Slot(front)).previous = slot.0,
        }
        self.front = slot.0;
    }

    pub(crate) fn unlink(&mut self, links: &mut impl Linked, slot: Slot) {
        let Link { previous, next } = std::mem::replace(links.link_mut(slot), UNLINKED);
        match previous {
            NONE => self.front = next,
            before => links.link_mut(Slot(before)).next = next,
        }
        match next {
            NONE => self.back = previous,
            after => links.link_mut(Slot(after)).previous = previous,
        }
    }

    pub(crate) fn move_to_front(&mut self, links: &mut impl Linked, slot: Slot) {
        if self.front != slot.0 {
            self.unlink(links, slot);
            self.push_front(links, slot);
        }
    }

    /// Puts `new`, which is in no list, where `old` is.
    pub(crate) fn replace(&mut self, links: &mut impl Linked, old: Slot, new: Slot) {
        let link = std::mem::replace(links.link_mut(old), UNLINKED);
        match link.previous {
            NONE => self.front = new.0,
            before => links.link_mut(Slot(before)).next = new.0,
        }
        match link.next {
            NONE => self.back = new.0,
            after => links.link_mut(Slot(after)).previous = new.0,
        }
        *links.link_mut(new) = link;
    }

    /// Puts the whole of `other` behind this list's back.
    pub(crate) fn append(&mut self, links: &mut impl Linked, other: List) {
        if other.is_empty() {
            return;
        }
        match self.back {
            NONE => self.front = other.front,
            back => {
                links.link_mut(Slot(back)).next = other.front;
                links.link_mut(Slot(other.front)).previous = back;
            }
        }
        self.back = other.back;
    }
}

fn some(number: u32) -> Option<Slot> {
    (number != NONE).then_some(Slot(number))
}
