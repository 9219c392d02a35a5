//! How changes by others are met: what may still be answered without asking, and what is told by a watch.
//!
//! A [`Freshness`] says whether what is known still holds. Where the backing is watched, every directory is put under
//! watch before what is in it is asked for (`cover`), every notice is worked into what is known and then handed on to
//! whoever watches the cache (`intake`, `listeners`), and files that others may have open for writing are re-checked,
//! for a mapping is written to without a word (`writers`, `probe`, `recheck`).
//!
//! Notices may name an inode by a name only. So what is known of a file is covered only while the table of names leads
//! to it; whoever takes a name out of there takes the cover from what it stood for.

mod cover;
mod epochs;
mod freshness;
mod intake;
mod listeners;
mod lookout;
mod mode;
mod probe;
mod recheck;
mod ticker;
mod watch;
mod writers;

pub(crate) use epochs::{Changed, Epochs};
pub(crate) use freshness::{Fact, Freshness, Ttls};
pub(crate) use intake::Intake;
pub(crate) use lookout::Lookout;
pub use mode::{Coherence, CoherenceStatus, WatchStatus};
pub(crate) use ticker::Ticker;
pub(crate) use watch::CacheWatch;
