//! Replays access traces through the eviction policies the engine runs, and says how often each would have hit.
//!
//! A [`Trace`] is read twice, never held: [`Survey`] counts what is in it (and notes for the optimum when each key
//! comes again), [`Replay`] lets every policy at every size see each request. Memory goes by the distinct keys of the
//! trace and the sizes of the caches, not by its length; [`Sample`] makes it small for both.

mod belady;
mod cache;
mod curve;
mod expand;
mod hash;
mod measure;
mod next_use;
pub mod output;
mod replay;
mod report;
mod sample;
mod size;
mod stream;
mod survey;
mod tally;
mod trace;

pub use belady::Belady;
pub use cache::{Cache, Guard};
pub use cachefs_policy::Sample;
pub use curve::curve_sizes;
pub use expand::Blocks;
pub use measure::{Failure, Plan, Unit, measure};
pub use next_use::NextUses;
pub use replay::{Contestant, Replay};
pub use report::{Report, Row, mean_gap_closed};
pub use size::{Size, UnknownSize, parse_bytes};
pub use survey::Survey;
pub use tally::Tally;
pub use trace::{Format, Place, Request, Requests, Trace, TraceError, UnknownFormat};
