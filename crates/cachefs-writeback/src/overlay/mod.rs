//! The filesystem that programs see: the backing's, with what is dirty laid over it.

mod dir;
mod file;
mod fs;
mod handles;
mod name_locks;
mod names;
mod open;
mod place;
mod rename;
mod shared;
mod watch;

pub use fs::WriteBack;
pub(crate) use handles::{Handles, Held};
pub(crate) use place::{Place, Places};
