//! Project chores, as a library so that the checks have tests: [`tidy`] (style as a test) and [`steps`] (the one
//! test command and the long runs).

pub mod steps;
pub mod tidy;

/// What went wrong, for somebody at a terminal.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// The result of a chore.
pub type Result<T, E = Error> = std::result::Result<T, E>;
