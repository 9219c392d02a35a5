//! Reading what will be asked for before it is.

mod report;
mod request;
mod run;

pub use report::{WarmError, WarmProgress, WarmReport};
pub use request::{Cancel, Warm};
