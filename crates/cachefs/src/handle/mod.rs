//! Handles of the backing: one or two per inode, shared by all handles of ours, opened when first needed, closed when
//! there are too many, had again from each other, or found by place or identity.

mod again;
mod handles;
mod held;
mod io;
mod keep;
mod lost;
mod own;
mod pin;
mod place;
mod renames;
mod reopen;

pub(crate) use handles::Handles;
pub(crate) use held::{Held, Home};
pub(crate) use io::{Io, Slots, serves};
pub(crate) use own::Own;
pub(crate) use pin::Pin;
pub(crate) use renames::Renames;
