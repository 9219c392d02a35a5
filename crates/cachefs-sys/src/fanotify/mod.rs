//! fanotify as a source of file handles: what changed, in which directory, by which name, and by whose doing.
//!
//! Only groups that report handles are here: their events hold no descriptors, so that nobody keeps a file open by
//! having been told of it.

mod event;
mod group;
mod mask;
mod record;

pub use event::{Event, Events, events};
pub use group::{Detail, Group, Reach};
pub use mask::Mask;
pub use record::{Entry, Records, WireHandle};
