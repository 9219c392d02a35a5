//! As whom a thread acts on filesystems. Linux keeps all of this per thread; the C library's wrappers, which change
//! every thread, are avoided.
//!
//! Changing any of it makes the process undumpable and clears the thread's parent-death signal, as the kernel has it.

mod fs_ids;
mod fsetid;
mod groups;
mod umask;

pub use fs_ids::FsIds;
pub use fsetid::set_fsetid;
pub use groups::{ThreadGroups, forget_groups};
pub use umask::ThreadUmask;
