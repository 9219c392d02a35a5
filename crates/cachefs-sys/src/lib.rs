//! System calls and page-aligned memory for cachefs: the only crate with unsafe code.
//!
//! What rustix has is used from there; here is the rest, each piece behind a safe function or a guard.

mod aligned;
pub mod allocator;
pub mod credentials;
pub mod fanotify;
pub mod handle;
pub mod lease;
pub mod mounts;
mod places;

pub use aligned::{AlignedBuf, PAGE_SIZE};
pub use places::{Pinned, Places};
