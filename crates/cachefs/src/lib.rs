//! A block and metadata cache over any filesystem.
//!
//! [`CacheFs`] takes a [`cachefs_vfs::Vfs`] and is one itself: what was read, looked up or listed once is answered from
//! memory. See [`CacheFs::builder`].
//!
//! # Writing back
//!
//! A cache writes through: dirty bytes are never its own. To have writes return as soon as a journal has them, put a
//! [`write_back::WriteBack`] between the cache and the backing, and keep it: it flushes, drains and tells what waits.
//!
//! ```
//! use std::sync::Arc;
//!
//! use cachefs::CacheFs;
//! use cachefs::write_back::{Config, Setup, WriteBack, boot_id};
//! use cachefs_vfs::clock::SystemClock;
//! use cachefs_vfs::{MemFs, Vfs, VfsExt};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // A directory, and one on a fast disk for the journal, opened with `LocalFs`, are more like it.
//! let (source, journal) = (Arc::new(MemFs::new()), MemFs::new());
//! let config = Config { segment_size: 1 << 20, ..Config::default() };
//! let setup = Setup { config, source: [7; 32], boot: boot_id(), clock: Arc::new(SystemClock) };
//! let (write_back, replayed) = WriteBack::open(source.clone(), journal.root()?, setup)?;
//! assert!(replayed.is_nothing(), "nothing was left from before");
//! let write_back = Arc::new(write_back);
//! let cache = CacheFs::builder(write_back.clone()).build()?;
//! // Where others change a file that is dirty, the cache learns what became of it.
//! write_back.inform(&cache.intake());
//!
//! VfsExt::write(&cache, "hello", b"world")?;
//! assert_eq!(VfsExt::read(&cache, "hello")?, b"world");
//! let drained = write_back.flush_all(None, &mut |_| ());
//! assert!(drained.remaining.is_empty());
//! assert_eq!(source.read("hello")?, b"world");
//! # Ok(())
//! # }
//! ```
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
//!    The files that are pinned come before all of these: held while their blocks are marked.
//! 4. the state of an inode (`Node::state`): pure decisions; and held while a load goes into the store and to those who
//!    wait for it.
//! 5. the curve of hits by size, then what waits for it (`curve::tap`); a shard of the block store, of the fills, a list of the buffer pool, a readahead detector, the list of listeners,
//!    the handle of the watch: leaves. Beneath a shard of the block store comes the room of what is pinned.
//!
//! Waiting for somebody who works at the backing happens in four places, none of which holds a lock of 3 to 5: the
//! writer lock, a fill (`fill::Follow`), an opening of a handle (`handle::Io::claim`) and a rename under way
//! (`handle::Renames`). The first is taken by verbs that ask the backing in any case and have refused a caller that
//! must not wait; the others ask [`cachefs_vfs::nowait::check`] first.

mod backing;
mod batch;
mod block;
mod builder;
mod coherence;
mod config;
mod curve;
mod dir;
mod engine;
mod error;
mod file;
mod fill;
mod fs;
mod gone;
mod handle;
mod held;
mod invalidate;
mod learn;
mod meta;
mod pins;
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

/// Which blocks go when memory is short, and policies of your own.
pub use cachefs_policy as policy;
/// Writes that return when a journal has them, and reach the backing later.
pub use cachefs_writeback as write_back;

pub use batch::{BatchReport, PathError, PathStats, Prefetch};
pub use builder::CacheBuilder;
pub use cachefs_policy::{Forecast, PolicyKind};
pub use coherence::{Coherence, CoherenceStatus, WatchStatus};
pub use config::WriteMode;
pub use error::BuildError;
pub use fs::CacheFs;
pub use held::Held;
pub use pins::{PinError, Pinned};
pub use usage::Usage;
pub use warm::{Cancel, Warm, WarmError, WarmHandle, WarmPriority, WarmProgress, WarmReport};
