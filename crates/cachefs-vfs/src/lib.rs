//! The contract between cachefs and the filesystems it caches.
//!
//! [`Vfs`], [`VDir`] and [`VFile`] are sync, object-safe and take `&self`. They work in the manner of `openat`: a
//! directory handle and one [`Name`] per call, never a long path, so that no rename of an ancestor can make a call
//! hit another file. Who prefers paths finds them in [`VfsExt`].
//!
//! No method of the traits has a default body: a wrapper that forgets one does not compile. What a filesystem
//! cannot do it answers with [`Error::unsupported`] and shows in its [`Caps`].

mod attr;
mod caps;
pub mod clock;
mod dir_entry;
mod error;
mod ext;
mod ident;
pub mod late;
mod local;
mod mem;
mod name;
pub mod nowait;
mod owner;
mod set_attr;
mod traits;
mod verb;
mod view;
mod watch;

pub use attr::{Attr, FileKind, Mode, Time};
pub use caps::Caps;
pub use dir_entry::{Cookie, DirEntry, Sink};
pub use error::{Errno, Error, Result};
pub use ext::{Glob, Pattern, Places, VfsExt, Walk, WalkEntry};
pub use ident::{FileId, Version};
pub use local::LocalFs;
pub use mem::{MemFs, MemFsBuilder};
pub use name::Name;
pub use owner::{Groups, Owner};
pub use set_attr::{SetAttr, SetTime};
pub use traits::{Object, Opened, VDir, VFile, VNode, Vfs};
pub use verb::{
    Access, AllocateHow, CreateHow, FsStat, NodeKind, OpenHow, Privileges, RemoveKind, RenameHow, SeekTo,
    SyncHow, XattrHow,
};
pub use view::{ReadOnly, SubTree};
pub use watch::{Notice, Subject, Touch, Watch, WatchHow, WatchMethod, WatchUsage, Watcher};
