//! Write-back over any filesystem: a write returns when a journal has it, and reaches the backing later.
//!
//! [`WriteBack`] takes a [`cachefs_vfs::Vfs`] and is one itself. Bytes that the backing does not have yet are *dirty*:
//! they lie in the journal, reads see them, and nothing but their flush, a truncation, or the end of their file takes
//! them away. All else goes through to the backing before it returns.
//!
//! # Lock order
//!
//! From top to bottom; whoever holds one takes only those below it.
//!
//! 1. the turn of a file (`dirty::DirtyFile::turn`): one flush, truncation or the like at a time, held while the backing
//!    works.
//! 2. a shard of the table of dirty files, the names of dirty files: short.
//! 3. the state of a dirty file: short; held while a record of that file is appended, so that the order in the
//!    journal is the order in which things happened to the file.
//! 4. the list of removals: short; held while the record that ends one is appended.
//! 5. the journal's end: held while a record is written to it.
//! 6. leaves: counters, the pressure, lists of segments.

mod config;
mod core;
mod dirty;
mod extent;
mod flush;
mod journal;
mod overlay;
mod pressure;
mod recovery;
mod retry;
mod schedule;
pub mod state_dir;
mod status;
mod sync;

pub use config::{Config, Durability, SyncPolicy};
pub use flush::{DrainHow, Drained, Progress, Remaining};
pub use overlay::WriteBack;
pub use recovery::{
    Discarded, Dropped, Exported, FileReport, KeptBeside, Loss, RecoverError, Replayed, Report, Setup,
    Waiting, boot_id, discard, export, inspect,
};
pub use status::{Pending, Status};
