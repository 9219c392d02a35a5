//! Many paths by one call.

mod flush;
mod invalidate;
mod known;
mod prefetch;
mod report;
mod stats;
mod within;

pub use prefetch::Prefetch;
pub use report::{BatchReport, PathError, PathStats};
