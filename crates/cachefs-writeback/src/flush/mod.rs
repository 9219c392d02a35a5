//! How dirty bytes reach the backing.

mod all;
mod bell;
pub(crate) mod conflict;
mod forward;
mod gang;
mod goal;
mod handle;
mod hanging;
mod hired;
mod one;
mod outcome;
mod round;
mod those;
mod threads;
mod write_out;
mod written;

pub(crate) use all::remaining;
pub use all::{DrainHow, Drained, Progress, Remaining};
pub(crate) use bell::Bell;
pub(crate) use gang::Gang;
pub(crate) use hired::Hired;
pub(crate) use outcome::is_definite;

pub(crate) use threads::Flushers;
