//! Handles of the backing: one or two per inode, shared by all handles of ours, opened when first needed, closed when
//! there are too many, found again by place or identity.

mod handles;
mod held;
mod io;
mod place;
mod renames;
mod reopen;

pub(crate) use handles::Handles;
pub(crate) use held::Held;
pub(crate) use io::{Io, serves};
pub(crate) use place::Place;
pub(crate) use renames::Renames;
