//! Reading what will be asked for before it is.

mod crew;
mod find;
mod handle;
mod report;
mod request;
mod run;

pub use handle::WarmHandle;
pub use report::{WarmError, WarmProgress, WarmReport};
pub use request::{Cancel, Warm, WarmPriority};
