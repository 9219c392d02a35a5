use std::ops::ControlFlow;

use crate::{Attr, FileKind, Name};

/// A place in a directory listing, the backing's own: reading after it goes on where it was taken, whatever was
/// created or deleted meanwhile. `Cookie::START` is before the first entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cookie(pub u64);

impl Cookie {
    /// Before the first entry.
    pub const START: Self = Self(0);
}

/// One entry of a listing. `.` and `..` are never listed.
#[derive(Clone, Copy, Debug)]
pub struct DirEntry<'a> {
    /// Its name.
    pub name: Name<'a>,
    /// The inode number the listing gives, which at a nested mount is that of the directory covered.
    pub inode: u64,
    /// What it is, where the listing tells.
    pub kind: Option<FileKind>,
    /// The place after this entry.
    pub next: Cookie,
    /// Its attributes, where the backing gives them with the listing for nothing.
    pub attr: Option<&'a Attr>,
}

/// Takes entries one by one; `Break` stops the listing. An entry at which it broke counts as not taken: reading
/// goes on after the cookie of the entry before it.
pub type Sink<'a> = dyn FnMut(DirEntry<'_>) -> ControlFlow<()> + 'a;
