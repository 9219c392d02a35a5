//! Side-by-side benchmarks: each [`Contender`] does the same to the same files of the same backing.
//!
//! One operation is what a program does: open, read, close. A [`Meter`] takes its time, or counts what it allocates
//! and asks of the backing; a [`Round`] is all figures of one process, and [`Figures`] are those of several.

mod backing;
pub mod blocks;
mod cached;
mod contender;
mod corfs;
mod corfs_fixed;
pub mod figures;
pub mod limits;
mod machine;
mod meter;
mod naive;
mod plain;
mod raw;
pub mod round;
mod scale;
pub mod suite;
mod table;
mod who;
mod zipf;

pub use backing::{Backing, Files, Laid, content};
pub use cached::Cached;
pub use contender::Contender;
pub use corfs::{CorFile, CorFs};
pub use corfs_fixed::CorFsFixed;
pub use figures::Figures;
pub use machine::Machine;
pub use meter::{Meter, Took};
pub use naive::Naive;
pub use raw::Raw;
pub use round::{Round, Sample};
pub use scale::Scale;
pub use table::aligned;
pub use who::{Room, Who};
pub use zipf::Zipf;
