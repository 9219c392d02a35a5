//! fanotify as a source of file handles: what changed, in which directory, by which name, and by whose doing.
//!
//! The events of a [`Group`] report handles and hold no descriptors, so that nobody keeps a file open by having been told
//! of it. Only a [`Sight`], which sees what is used on a mount that knows no handles, gets each file opened.

mod event;
mod group;
mod mask;
mod record;
mod sight;

pub use event::{Event, Events, events};
pub use group::{Detail, Group, Reach};
pub use mask::Mask;
pub use record::{Entry, Records, WireHandle};
pub use sight::{Seen, Sight};
