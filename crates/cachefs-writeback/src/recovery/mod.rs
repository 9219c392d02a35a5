//! What is left in a journal, and how it meets the backing again.

mod discard;
mod error;
mod export;
mod file;
mod find;
mod fold;
mod folded;
mod inspect;
mod lengths;
mod manifest;
mod open;
mod paths;
mod pour;
mod replay;
mod report;
mod setup;
mod take_over;
#[cfg(test)]
mod tests;
mod verdict;

pub use discard::{Discarded, discard};
pub use error::RecoverError;
pub use export::{Exported, export};
pub use inspect::inspect;
pub use report::{Dropped, FileReport, KeptBeside, Loss, Replayed, Report, Waiting};
pub use setup::{Setup, boot_id};
