//! Doubly linked lists over slot numbers, all links in one table: moving an entry touches three places of it and
//! allocates nothing.

use crate::Slot;

const NONE: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct Link {
    previous: u32,
    next: u32,
}

const UNLINKED: Link = Link { previous: NONE, next: NONE };

/// The links of all slots. A slot is in one list at most.
#[derive(Debug, Default)]
pub(crate) struct Links {
    links: Vec<Link>,
}

/// One list: its ends. Its inner links live in a [`Links`], always the same one.
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

    /// The neighbour of a listed slot on the side of the front.
    pub(crate) fn before(&self, slot: Slot) -> Option<Slot> {
        some(self.links[slot.index()].previous)
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

    pub(crate) fn push_front(&mut self, links: &mut Links, slot: Slot) {
        links.links[slot.index()] = Link { previous: NONE, next: self.front };
        match self.front {
            NONE => self.back = slot.0,
            front => links.links[front as usize].previous = slot.0,
        }
        self.front = slot.0;
    }

    pub(crate) fn unlink(&mut self, links: &mut Links, slot: Slot) {
        let Link { previous, next } = std::mem::replace(&mut links.links[slot.index()], UNLINKED);
        match previous {
            NONE => self.front = next,
            before => links.links[before as usize].next = next,
        }
        match next {
            NONE => self.back = previous,
            after => links.links[after as usize].previous = previous,
        }
    }

    pub(crate) fn move_to_front(&mut self, links: &mut Links, slot: Slot) {
        if self.front != slot.0 {
            self.unlink(links, slot);
            self.push_front(links, slot);
        }
    }

    /// Puts `new`, which is in no list, where `old` is.
    pub(crate) fn replace(&mut self, links: &mut Links, old: Slot, new: Slot) {
        let link = std::mem::replace(&mut links.links[old.index()], UNLINKED);
        match link.previous {
            NONE => self.front = new.0,
            before => links.links[before as usize].next = new.0,
        }
        match link.next {
            NONE => self.back = new.0,
            after => links.links[after as usize].previous = new.0,
        }
        links.links[new.index()] = link;
    }

    /// Puts the whole of `other` behind this list's back.
    pub(crate) fn append(&mut self, links: &mut Links, other: List) {
        if other.is_empty() {
            return;
        }
        match self.back {
            NONE => self.front = other.front,
            back => {
                links.links[back as usize].next = other.front;
                links.links[other.front as usize].previous = back;
            }
        }
        self.back = other.back;
    }
}

fn some(number: u32) -> Option<Slot> {
    (number != NONE).then_some(Slot(number))
}
