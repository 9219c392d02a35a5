use cachefs_vfs::FileId;
use hashbrown::HashMap;

use crate::block::SizeClass;
use crate::sync::{AtomicUsize, Mutex, Ordering};

/// What blocks take: memory by the capacity of their frames, and places.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Room {
    pub(crate) bytes: usize,
    pub(crate) blocks: usize,
}

impl Room {
    pub(super) fn of(class: SizeClass) -> Self {
        Self { bytes: class.bytes(), blocks: 1 }
    }

    pub(crate) fn plus(self, more: Self) -> Self {
        Self { bytes: self.bytes.saturating_add(more.bytes), blocks: self.blocks.saturating_add(more.blocks) }
    }

    pub(crate) fn less(self, away: Self) -> Self {
        Self { bytes: self.bytes.saturating_sub(away.bytes), blocks: self.blocks.saturating_sub(away.blocks) }
    }

    pub(crate) fn fits(self, limit: Self) -> bool {
        self.bytes <= limit.bytes && self.blocks <= limit.blocks
    }

    fn least(self, other: Self) -> Self {
        Self { bytes: self.bytes.min(other.bytes), blocks: self.blocks.min(other.blocks) }
    }

    fn most(self, other: Self) -> Self {
        Self { bytes: self.bytes.max(other.bytes), blocks: self.blocks.max(other.blocks) }
    }
}

/// Files whose blocks are never evicted, within a limit of their own.
///
/// A file is promised room when it is pinned, so that nobody else can take it while its blocks are away: loaded again,
/// invalidated, of a new generation. Blocks beyond the promise make it grow while the limit allows it, and are blocks
/// like others when it does not.
///
/// A block that is kept is in the index of its shard, but not in the policy: no victim is ever named that could not
/// go, so evictions cost the same however much is pinned, and a shard of nothing else is passed over at once. Where
/// nothing is pinned, an insertion pays one relaxed load. That may be out of date only as long as its shard was not
/// locked since the pin, which visits each afterwards ([`super::Store::keep`]).
///
/// Lock order: a shard, then the table; a leaf.
#[derive(Debug, Default)]
pub(super) struct Kept {
    files: AtomicUsize,
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    files: HashMap<FileId, File>,
    limit: Room,
    promised: Room,
    held: Room,
    /// Of the file pinned last.
    turn: u64,
}

#[derive(Debug, Default)]
struct File {
    promised: Room,
    held: Room,
    turn: u64,
}

impl Kept {
    pub(super) fn new(limit: Room) -> Self {
        Self { files: AtomicUsize::new(0), table: Mutex::new(Table { limit, ..Table::default() }) }
    }

    /// Promises the file so much, in place of what it was promised before.
    ///
    /// # Errors
    /// The sum of what others were promised, if there is no room beside it: nothing was changed then.
    pub(super) fn promise(&self, file: FileId, room: Room) -> Result<(), Room> {
        let mut table = self.table.lock();
        let before = table.files.get(&file).map_or(Room::default(), |file| file.promised);
        let others = table.promised.less(before);
        if !others.plus(room).fits(table.limit) {
            return Err(others);
        }
        table.turn += 1;
        let turn = table.turn;
        let entry = table.files.entry(file).or_insert_with(|| File { turn, ..File::default() });
        // Blocks beyond it are let go of by who asked for less.
        entry.promised = room;
        table.promised = others.plus(room);
        self.files.store(table.files.len(), Ordering::Release);
        Ok(())
    }

    /// Ends it; its blocks are still to be let go of.
    pub(super) fn forget(&self, file: FileId) -> bool {
        let mut table = self.table.lock();
        let Some(gone) = table.files.remove(&file) else { return false };
        table.promised = table.promised.less(gone.promised);
        self.files.store(table.files.len(), Ordering::Release);
        true
    }

    /// Whether a block that comes in is kept, which is counted.
    pub(super) fn charge(&self, file: FileId, class: SizeClass) -> bool {
        if self.files.load(Ordering::Relaxed) == 0 {
            return false;
        }
        let mut table = self.table.lock();
        let table = &mut *table;
        let Some(entry) = table.files.get_mut(&file) else { return false };
        let held = entry.held.plus(Room::of(class));
        if !held.fits(entry.promised) {
            let grown = entry.promised.most(held);
            let promised = table.promised.less(entry.promised).plus(grown);
            if !promised.fits(table.limit) {
                return false;
            }
            (entry.promised, table.promised) = (grown, promised);
        }
        entry.held = held;
        table.held = table.held.plus(Room::of(class));
        true
    }

    /// A block that was kept is not any more.
    pub(super) fn discharge(&self, file: FileId, class: SizeClass) {
        let mut table = self.table.lock();
        table.held = table.held.less(Room::of(class));
        if let Some(entry) = table.files.get_mut(&file) {
            entry.held = entry.held.less(Room::of(class));
        }
    }

    /// Whether a block that is kept has to be let go of: its file is not pinned, or was promised less than it has.
    pub(super) fn is_excess(&self, file: FileId) -> bool {
        let table = self.table.lock();
        table.files.get(&file).is_none_or(|entry| !entry.held.fits(entry.promised))
    }

    /// The limit is another from now on. Answers whether promises had to be cut for it, those of files that were
    /// pinned last first: what such a file has beyond its promise is to be let go of.
    pub(super) fn limit(&self, limit: Room) -> bool {
        let mut table = self.table.lock();
        let table = &mut *table;
        table.limit = limit;
        if table.promised.fits(limit) {
            return false;
        }
        let mut files: Vec<&mut File> = table.files.values_mut().collect();
        files.sort_unstable_by_key(|file| file.turn);
        let mut left = limit;
        for file in files {
            file.promised = file.promised.least(left);
            left = left.less(file.promised);
        }
        table.promised = limit.less(left);
        true
    }

    /// What is held of a file; `None` if it is not pinned.
    pub(super) fn of(&self, file: FileId) -> Option<Room> {
        self.table.lock().files.get(&file).map(|file| file.held)
    }

    /// What files were promised.
    pub(super) fn promised(&self) -> Room {
        self.table.lock().promised
    }

    /// Pinned files, what is held of them, and the limit.
    pub(super) fn totals(&self) -> (usize, Room, Room) {
        let table = self.table.lock();
        (table.files.len(), table.held, table.limit)
    }
}
