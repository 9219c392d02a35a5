//! The filesystem that programs see: the backing's, with what is dirty laid over it.

mod handles;
mod place;

pub(crate) use handles::{Handles, Held};
pub(crate) use place::{Place, Places};
