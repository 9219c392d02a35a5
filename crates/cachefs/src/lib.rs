//! A block and metadata cache over any filesystem.

mod block;
mod fill;
mod readahead;
pub mod stats;
mod store;
mod sync;
pub mod time;
mod workers;
