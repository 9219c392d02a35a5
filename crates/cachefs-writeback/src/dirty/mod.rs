//! Which files are dirty, and what is known of them.

mod file;
mod latch;
mod state;
mod table;
mod turn;

pub(crate) use file::{Claim, DirtyFile};
pub(crate) use state::State;
pub(crate) use table::Table;
