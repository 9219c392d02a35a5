//! Files whose blocks stay, whoever needs room.

use std::ops::Range;

use cachefs_vfs::FileId;

use super::shard::Shard;
use super::{Room, Store};
use crate::block::{BlockIndex, BlockKey, Generation, SizeClass, block_count, block_len, indices};

impl Store {
    /// What a file of this length takes when all of it is here. An empty one takes a place, too: that limits them.
    pub(crate) fn room_of(size: u64) -> Room {
        let count = block_count(size);
        let Some(last) = count.checked_sub(1) else { return Room { bytes: 0, blocks: 1 } };
        let full = Room {
            bytes: usize::try_from(BlockIndex(last).offset()).unwrap_or(usize::MAX),
            blocks: usize::try_from(last).unwrap_or(usize::MAX),
        };
        let tail = SizeClass::of(block_len(size, BlockIndex(last)));
        tail.map_or(full, |class| full.plus(Room::of(class)))
    }

    /// Keeps what comes in of this file from now on, as far as it is promised room. What is here already has to be
    /// named ([`Self::keep_blocks`]). To be called by one at a time, as [`Self::let_go`].
    ///
    /// # Errors
    /// What others were promised, if there is no room beside it: nothing was changed then.
    pub(crate) fn keep(&self, file: FileId, room: Room) -> Result<(), Room> {
        self.kept.promise(file, room)?;
        if self.kept.is_excess(file) {
            self.shards.iter().for_each(Shard::let_go);
        }
        self.share();
        Ok(())
    }

    /// Keeps these blocks, those of them that are here.
    pub(crate) fn keep_blocks(&self, file: FileId, generation: Generation, range: Range<BlockIndex>) {
        for index in indices(range) {
            let key = BlockKey { file, generation, index };
            let hash = key.hash64();
            self.shard(hash).keep_one(hash, &key);
        }
    }

    /// Ends it: its blocks are like others. Costs a look at each block there is.
    pub(crate) fn let_go(&self, file: FileId) {
        if self.kept.forget(file) {
            self.shards.iter().for_each(Shard::let_go);
            self.share();
        }
    }

    /// What is kept of the file; `None` if it is not to be.
    pub(crate) fn kept_of(&self, file: FileId) -> Option<Room> {
        self.kept.of(file)
    }

    /// Files that are kept, what is here of them, and the limit.
    pub(crate) fn kept(&self) -> (usize, Room, Room) {
        self.kept.totals()
    }

    /// The memory is so much from now on: so is the share of it for what is kept.
    pub(super) fn limit_kept(&self, bytes_max: usize) {
        if self.kept.limit(self.limits.kept(bytes_max)) {
            self.shards.iter().for_each(Shard::let_go);
        }
        self.share();
    }

    /// The policies share what was not promised to others.
    fn share(&self) {
        let rest = self.capacity().saturating_sub(self.kept.promised().bytes);
        let share = (rest / self.shards.len()) as u64;
        self.shards.iter().for_each(|shard| shard.resize(share));
    }
}
