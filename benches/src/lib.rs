//! Side-by-side benchmarks: each [`Contender`] reads the same files of the same backing.
//!
//! One operation is what a program does: open, read, close.

mod cached;
mod contender;
mod corfs;
mod fixture;
mod raw;

pub use cached::Cached;
pub use contender::Contender;
pub use corfs::{CorFile, CorFs};
pub use fixture::{NAME, backing};
pub use raw::Raw;
