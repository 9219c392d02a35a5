//! A block and metadata cache over any filesystem.
//!
//! [`CacheFs`] takes a [`cachefs_vfs::Vfs`] and is one itself: what was read, looked up or listed once is answered from
//! memory. See [`CacheFs::builder`].
//!
//! # Lock order
//!
//! From top to bottom; whoever holds one takes only those below it, and never two of one line.
//!
//! 1. the turn of notices (`coherence::listeners`): one is worked in and handed on at a time, and none of that calls the
//!    backing.
//! 2. the writer lock of an inode (`handle::Io::writer`): serialises our changes of it, and is the only lock that is
//!    held while the backing works. Renames and removals hold none.
//! 3. a shard of the node table, of the names, the listings, the open handles, the list of files that others may write
//!    to, or the slots of an inode: short, for looking up and linking.
//! 4. the state of an inode (`Node::state`): pure decisions; and held while a load goes into the store and to those who
//!    wait for it.
//! 5. a shard of the block store, of the fills, a list of the buffer pool, a readahead detector, the list of listeners,
//!    the handle of the watch: leaves.
//!
//! Waiting for somebody who works at the backing happens in four places, none of which holds a lock of 3 to 5: the
//! writer lock, a fill (`fill::Follow`), an opening of a handle (`handle::Io::claim`) and a rename under way
//! (`handle::Renames`). The first is taken by verbs that ask the backing in any case and have refused a caller that
//! must not wait; the others ask [`cachefs_vfs::nowait::check`] first.

mod backing;
mod block;
mod builder;
mod coherence;
mod config;
mod dir;
mod engine;
mod error;
mod file;
mod fill;
mod fs;
mod handle;
mod invalidate;
mod learn;
mod meta;
mod read;
mod readahead;
pub mod stats;
mod store;
mod sync;
pub mod time;
mod usage;
mod warm;
mod workers;
mod write;

pub use builder::CacheBuilder;
pub use coherence::{Coherence, CoherenceStatus, WatchStatus};
pub use config::WriteMode;
pub use error::BuildError;
pub use fs::CacheFs;
pub use usage::Usage;
pub use warm::{Cancel, Warm, WarmError, WarmProgress, WarmReport};
