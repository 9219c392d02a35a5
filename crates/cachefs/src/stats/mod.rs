//! What happened, counted exactly and cheaply: one table of names, counters that each thread adds to in cells of its
//! own, histograms of bounded size, and snapshots that can be subtracted.

mod cells;
mod counter;
mod detailed;
mod histogram;
mod recorder;
mod snapshot;
mod verb;

pub use counter::{Counter, MissReason};
pub use detailed::{DetailedStats, Latency};
pub use histogram::{Histogram, HistogramSnapshot};
pub use recorder::Stats;
pub use snapshot::{Series, Snapshot};
pub use verb::BackingVerb;
