//! Filesystems that show less of another one.

mod dir;
mod file;
mod read_only;
mod rules;
mod sub_tree;

pub use read_only::ReadOnly;
pub use sub_tree::SubTree;
