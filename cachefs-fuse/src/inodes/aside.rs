use std::sync::atomic::{AtomicUsize, Ordering};

use cachefs_vfs::FileId;
use hashbrown::HashMap;
use parking_lot::Mutex;

use super::NodeId;

/// Files whose own number is still in use for one that had their inode number before. The kernel goes on using what it
/// was given until it forgets it: under one number for both, names and open files of the one would reach the other.
#[derive(Debug, Default)]
pub(super) struct Aside {
    /// By device and inode number; of one inode number, the latest user last.
    seats: Mutex<HashMap<(u64, u64), Vec<Seat>>>,
    /// How many there are, so that nobody locks the table for none.
    count: AtomicUsize,
}

#[derive(Debug)]
struct Seat {
    generation: u64,
    node: NodeId,
    /// Answers under way that are about to use it.
    pins: u32,
}

impl Aside {
    /// The number of this file, if it is one of these. A generation of 0 stands for any: the latest.
    pub(super) fn get(&self, id: FileId) -> Option<NodeId> {
        if self.count.load(Ordering::SeqCst) == 0 {
            return None;
        }
        let seats = self.seats.lock();
        let mut of_inode = seats.get(&(id.device, id.inode))?.iter().rev();
        of_inode.find(|seat| id.generation == 0 || seat.generation == id.generation).map(|seat| seat.node)
    }

    /// As [`Self::get`], to be given back by [`Self::unpin`]; made up if `make` is true and there is none yet.
    pub(super) fn pin(&self, id: FileId, make: bool) -> Option<NodeId> {
        if !make && self.count.load(Ordering::SeqCst) == 0 {
            return None;
        }
        let mut seats = self.seats.lock();
        let of_inode = seats.entry((id.device, id.inode)).or_default();
        if make && !of_inode.iter().any(|seat| seat.generation == id.generation) {
            of_inode.push(Seat { generation: id.generation, node: NodeId::made_up(id), pins: 0 });
            self.count.fetch_add(1, Ordering::SeqCst);
        }
        let found = of_inode.iter_mut().find(|seat| seat.generation == id.generation).map(|seat| {
            seat.pins += 1;
            seat.node
        });
        if of_inode.is_empty() {
            seats.remove(&(id.device, id.inode));
        }
        found
    }

    /// The answer is in the table, or was given up.
    pub(super) fn unpin(&self, id: FileId) {
        self.change(id, |seat| {
            seat.pins -= 1;
            true
        });
    }

    /// The kernel forgot the file. It keeps its number for answers that are under way.
    pub(super) fn remove(&self, id: FileId) {
        if self.count.load(Ordering::SeqCst) > 0 {
            self.change(id, |seat| seat.pins > 0);
        }
    }

    fn change(&self, id: FileId, keep: impl Fn(&mut Seat) -> bool) {
        let mut seats = self.seats.lock();
        let Some(of_inode) = seats.get_mut(&(id.device, id.inode)) else { return };
        let before = of_inode.len();
        of_inode.retain_mut(|seat| seat.generation != id.generation || keep(seat));
        self.count.fetch_sub(before - of_inode.len(), Ordering::SeqCst);
        if of_inode.is_empty() {
            seats.remove(&(id.device, id.inode));
        }
    }
}
