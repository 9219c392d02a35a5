//! What is known of the backing beside bytes: attributes, names, names that do not exist, listings.
//!
//! Every answer of the backing carries an [`Asked`], taken before it was asked for. It is cached only if nothing of
//! ours changed the same inode or directory since; otherwise it is handed on and forgotten.

mod listing;
mod listings;
mod lru_map;
mod names;
mod node;
mod nodes;
mod shown;
mod stamp;
mod state;
mod state_lock;
mod touches;
mod watched;
mod weak;

pub(crate) use listing::{Chunk, Recorder};
pub(crate) use listings::{Listings, Rest};
pub(crate) use lru_map::LruMap;
pub(crate) use names::{Names, Placed, Target};
pub(crate) use node::Node;
pub(crate) use nodes::Nodes;
pub(crate) use shown::{Changing, Glimpse, Sight};
pub(crate) use stamp::{Asked, Cover, Seen, Stamp, StampCell, Stamps};
pub(crate) use state::{Doubt, Dropped, Learnt, State, View, Weakened};
pub(crate) use state_lock::StateLock;
pub(crate) use touches::Touches;
pub(crate) use watched::{Watched, WatchedMark};
pub(crate) use weak::Weak;

/// How many parts a table of this many entries is cut into: enough for the cores, but not so many that the limit,
/// which each part keeps for itself, becomes unfair.
fn shards_for(entries_max: usize) -> usize {
    1 << (entries_max / 256).clamp(1, 16).ilog2()
}

/// The part for a hash, by bits the tables within do not use.
fn shard_of(hash: u64, shards: usize) -> usize {
    usize::try_from(hash >> 32).unwrap_or(0) & (shards - 1)
}

/// What is looked for, with its hash, by the part it belongs to.
pub(crate) fn by_shard<T>(wanted: impl Iterator<Item = (u64, T)>, shards: usize) -> Vec<Vec<(u64, T)>> {
    let mut parts: Vec<Vec<(u64, T)>> = std::iter::repeat_with(Vec::new).take(shards).collect();
    wanted.for_each(|(hash, what)| parts[shard_of(hash, shards)].push((hash, what)));
    parts
}
