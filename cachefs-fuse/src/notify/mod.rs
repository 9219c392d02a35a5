//! Telling the kernel of changes that did not come through it.
//!
//! The [`Herald`] takes in what the filesystem tells, raises the epochs of [`crate::belief`] and puts what the kernel
//! is to know into the [`Outbox`], from which the threads of the [`Crier`] tell it.
//!
//! What the kernel does, and why no stale answer is left there:
//! - A look-up that makes a name known, and a listing, hold the directory's lock in the kernel until the answer is
//!   installed; a notice about a name takes it. So whatever was answered before such a notice began is there when it
//!   is through, and is what it takes back. A notice about a name that cannot exist is a barrier and nothing else.
//! - Attributes in an answer about an inode the kernel has are dropped if a notice about it came meanwhile. Those of an
//!   inode that is new to it are not: such a node is *unsettled* until a notice, a barrier of its directory and the
//!   notice again have gone through.
//! - A name that is taken back with all that is below it takes what is mounted there with it. So where something is,
//!   the names on the way there are only asked for again, and so are all that exist in the directories on the way. What
//!   is left: a missing name in one of those, once the watch is lost, is believed to be missing until the kernel
//!   forgets it; and what only other mount namespaces have mounted there is not seen, and goes.
//! - An answer that is not yet written when the change is told sees the raised epoch, and is not remembered.

mod counts;
mod crier;
mod herald;
mod kernel;
mod outbox;
mod sweep;
mod ways;
mod work;

pub use counts::{NoticeCount, NoticeKind, NoticeSnapshot};
pub(crate) use crier::Crier;
pub(crate) use herald::Herald;
pub(crate) use outbox::{Key, Outbox};
pub(crate) use work::Work;
