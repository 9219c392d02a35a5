//! Being told of changes that others make.

use std::any::Any;
use std::fmt::Debug;

use crate::{Error, FileId, Name};

/// What a filesystem that is watched tells. Each notice comes after the change it tells of.
#[derive(Clone, Debug)]
pub enum Notice<'a> {
    /// An inode changed, or may have.
    Inode {
        /// Which one.
        whose: Subject<'a>,
        /// In what way.
        touch: Touch,
    },
    /// A name came to be, and with it perhaps the inode: created, linked, or moved here from where nobody watches.
    Made {
        /// The directory.
        dir: FileId,
        /// The name in it.
        name: Name<'a>,
        /// What it stands for, where that is known.
        child: Option<FileId>,
    },
    /// A name is gone: removed, or moved to where nobody watches.
    Removed {
        /// The directory.
        dir: FileId,
        /// The name in it.
        name: Name<'a>,
        /// What it stood for, where that is known.
        child: Option<FileId>,
    },
    /// A name moved, perhaps onto another one.
    Moved {
        /// The directory it was in, and its name there.
        from: (FileId, Name<'a>),
        /// The directory it is in now, and its name there.
        to: (FileId, Name<'a>),
        /// What it stands for, where that is known.
        child: Option<FileId>,
    },
    /// Notices were lost. Those that follow are complete again; nothing known from before is proven.
    Overflow,
    /// The watch is over, and why. Nothing follows.
    Lost(Error),
}

/// The inode a notice is about: by its identity, by a name it had at the time of the change, or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subject<'a> {
    /// Its identity. A generation of 0 stands for any.
    pub id: Option<FileId>,
    /// A directory, and a name of the inode in it.
    pub at: Option<(FileId, Name<'a>)>,
}

/// In what way an inode changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Touch {
    /// Bytes, length, or both; and with them times.
    Data,
    /// Mode, owner, times, number of names, xattrs: anything but bytes and length.
    Attr,
    /// Somebody opened it, perhaps to write, and may go on to change it through a mapping, which nothing tells of.
    Opened,
    /// It is gone for good: no name, and nobody has it open.
    Gone,
}

/// Who is told.
pub trait Watcher: Send + Sync + Debug {
    /// Something changed. Called by a thread of the watch, one notice after the other in the order of the changes to
    /// one inode or name; whoever takes long delays the next.
    fn notice(&self, notice: &Notice<'_>);
}

/// By what means a directory of this machine is watched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum WatchMethod {
    /// The best that there is: the first of the others that works.
    #[default]
    Best,
    /// The whole filesystem at once, by fanotify. Only root may.
    Filesystem,
    /// Directory by directory, by fanotify, which tells our own changes from others'. Linux 5.13.
    Directories,
    /// Directory by directory, by inotify, which does not.
    Inotify,
}

/// How a filesystem is watched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WatchHow {
    /// Also where changes by other machines would go unseen.
    pub force: bool,
    /// By what means.
    pub method: WatchMethod,
    /// Tell of changes by this very process, too. They are left out otherwise, where the method can tell; but that an
    /// inode is gone for which [`crate::VNode::watch`] was called may be told whoever let go of it.
    pub own: bool,
}

/// A watch, until it is dropped; that waits for a notice under way.
pub trait Watch: Send + Sync + Debug {
    /// Whether changes to what was last answered of this inode are told of: its attributes and bytes. False once the
    /// watch is lost.
    fn covers(&self, id: FileId) -> bool;

    /// Whether changes of the names in this directory are told of. False once the watch is lost.
    fn covers_names(&self, dir: FileId) -> bool;

    /// By what means.
    fn method(&self) -> WatchMethod;

    /// What it did so far, and holds.
    fn usage(&self) -> WatchUsage;

    /// The concrete type, for [`crate::VNode::watch`].
    fn as_any(&self) -> &dyn Any;
}

/// What a watch did so far, and holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WatchUsage {
    /// Events the system told of.
    pub events: u64,
    /// Those of them that this process caused.
    pub own: u64,
    /// How often events were lost.
    pub overflows: u64,
    /// Marks or watches set at the moment, but for those that the system may drop by itself.
    pub marks: u64,
}
