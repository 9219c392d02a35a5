use std::any::Any;
use std::ffi::{OsStr, OsString};
use std::fmt::Debug;
use std::io::IoSliceMut;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::{
    AllocateHow, Attr, Caps, Cookie, CreateHow, FileId, FsStat, Name, NodeKind, OpenHow, Owner, Privileges,
    RemoveKind, RenameHow, Result, SeekTo, SetAttr, Sink, SyncHow, Watch, WatchHow, Watcher, XattrHow,
};

/// A handle together with the attributes the same call saw: over a network, one round trip instead of two.
#[derive(Clone, Debug)]
pub struct Opened<T> {
    /// The handle.
    pub handle: T,
    /// The attributes as of the opening (after it, where it created or truncated).
    pub attr: Attr,
}

/// What [`Vfs::open_id`] found.
#[derive(Clone, Debug)]
pub enum Object {
    /// A directory.
    Dir(Arc<dyn VDir>),
    /// Anything else, opened for [`crate::Access::Path`] unless it is a regular file, which is opened for as much as
    /// its permissions allow.
    File(Arc<dyn VFile>),
}

/// A filesystem. Calls may block for as long as the backing takes, from any number of threads at once.
pub trait Vfs: Send + Sync + Debug {
    /// What it can do; the same at every call.
    fn caps(&self) -> Caps;

    /// Its top directory.
    fn root(&self) -> Result<Arc<dyn VDir>>;

    /// How full it is.
    fn stat_fs(&self) -> Result<FsStat>;

    /// Finds a file by its identity, wherever its name is now. A generation of 0 stands for any.
    ///
    /// # Errors
    /// `ESTALE` if it is gone, `EOPNOTSUPP` where [`Caps::open_id`] is false.
    fn open_id(&self, id: FileId) -> Result<Opened<Object>>;

    /// Begins to tell `watcher` of changes that others make, as far as [`VNode::watch`] was called for what they touch
    /// ([`Watch::covers`] answers for what).
    ///
    /// # Errors
    /// `EOPNOTSUPP` where changes go unseen, with the reason; those of setting it up.
    fn watch(&self, how: WatchHow, watcher: Arc<dyn Watcher>) -> Result<Arc<dyn Watch>>;

    /// Bytes of a file were changed past this filesystem, through a [`VFile::descriptor`]: nothing known of it from
    /// before is answered any more. A generation of 0 stands for any. Does not block.
    fn touched(&self, id: FileId);
}

/// What directories and files have in common: the verbs on the inode itself, whatever its names are by now.
pub trait VNode: Send + Sync + Debug {
    /// Its attributes.
    fn attr(&self) -> Result<Attr>;

    /// Changes attributes; all or nothing as far as the backing has it. Answers those after the change.
    fn set_attr(&self, set: &SetAttr) -> Result<Attr>;

    /// The value of an xattr, at most 64 KiB. `ENODATA` if there is none of this name.
    fn xattr(&self, key: &OsStr) -> Result<Vec<u8>>;

    /// The names of all xattrs.
    fn xattrs(&self) -> Result<Vec<OsString>>;

    /// Sets an xattr.
    fn set_xattr(&self, key: &OsStr, value: &[u8], how: XattrHow) -> Result<()>;

    /// Removes an xattr. `ENODATA` if there is none of this name.
    fn remove_xattr(&self, key: &OsStr) -> Result<()>;

    /// From when this returns, a watch of the same filesystem covers the inode: its attributes; of a file, its bytes by
    /// whatever name they are changed; of a directory, the names in it, and attributes and bytes of the files in it
    /// that have no other name. Cheap when that is so already. What was asked of the filesystem before may have changed
    /// unseen.
    ///
    /// # Errors
    /// `EOPNOTSUPP` if the watch is of another filesystem; `ENOSPC` beyond the system's limit of watches; `ESTALE` if
    /// the watch is lost.
    fn watch(&self, watch: &dyn Watch) -> Result<()>;

    /// The concrete type, for verbs that take a second handle of the same filesystem.
    fn as_any(&self) -> &dyn Any;
}

/// A directory, wherever its name is by now. Verbs that take a second directory answer `EXDEV` when it is not of the
/// same filesystem.
pub trait VDir: VNode {
    /// The attributes of what `name` stands for; a symlink is not followed.
    fn stat(&self, name: Name<'_>) -> Result<Attr>;

    /// Opens the directory `name`. `ENOTDIR` for anything else, symlinks included.
    fn dir(&self, name: Name<'_>) -> Result<Opened<Arc<dyn VDir>>>;

    /// Opens the file `name`. `EISDIR` for a directory, unless for [`crate::Access::Path`]; `ELOOP` for a symlink,
    /// likewise. Never blocks on a pipe or a device: these open for [`crate::Access::Path`] only (`EOPNOTSUPP`).
    fn open(&self, name: Name<'_>, how: OpenHow) -> Result<Opened<Arc<dyn VFile>>>;

    /// Creates (or, if not exclusive, opens) the regular file `name`.
    fn create(&self, name: Name<'_>, how: CreateHow, owner: &Owner) -> Result<Opened<Arc<dyn VFile>>>;

    /// Makes a directory.
    fn make_dir(&self, name: Name<'_>, mode: crate::Mode, owner: &Owner) -> Result<Attr>;

    /// Makes a file that is not opened: a pipe, a socket, a device, or an empty regular file.
    fn make_node(&self, name: Name<'_>, kind: NodeKind, mode: crate::Mode, owner: &Owner) -> Result<Attr>;

    /// Makes a symlink with this target, which may be any bytes.
    fn symlink(&self, name: Name<'_>, target: &Path, owner: &Owner) -> Result<Attr>;

    /// The target of the symlink `name`. `EINVAL` for anything else.
    fn read_link(&self, name: Name<'_>) -> Result<PathBuf>;

    /// Gives the file `name` a second name. Answers its attributes after that.
    fn hard_link(&self, name: Name<'_>, to_dir: &dyn VDir, to: Name<'_>) -> Result<Attr>;

    /// Removes a name. Handles that are open stay usable.
    fn remove(&self, name: Name<'_>, kind: RemoveKind) -> Result<()>;

    /// Moves a name, atomically, within the filesystem.
    fn rename(&self, name: Name<'_>, to_dir: &dyn VDir, to: Name<'_>, how: RenameHow) -> Result<()>;

    /// Lists entries after the place `after`. Each call is a reader of its own; a listing stays O(n) over all its
    /// calls and gives every entry that was there all the time exactly once.
    fn read_dir(&self, after: Cookie, sink: &mut Sink<'_>) -> Result<()>;

    /// Makes names durable: those created, removed and renamed here before the call.
    fn sync(&self) -> Result<()>;
}

/// An open file, wherever its names are by now. Offsets and lengths are in bytes.
pub trait VFile: VNode {
    /// Reads into `buffer` from `offset`; fewer bytes than asked for only at the end of the file.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize>;

    /// Reads into several buffers in one call to the backing, each filled before the next; fewer bytes than their
    /// sum only at the end of the file.
    fn read_many(&self, buffers: &mut [IoSliceMut<'_>], offset: u64) -> Result<usize>;

    /// Writes all of `data` at `offset`, or as much as fits: a count below `data.len()` means that the rest failed.
    fn write_at(&self, data: &[u8], offset: u64, privileges: Privileges) -> Result<usize>;

    /// Writes at what is the end of the file at that moment, also next to others who append. Answers how many bytes
    /// were written.
    fn append(&self, data: &[u8], privileges: Privileges) -> Result<usize>;

    /// Cuts or extends (with zeros) to `length`. Answers the attributes after that.
    fn set_len(&self, length: u64, privileges: Privileges) -> Result<Attr>;

    /// Changes how space is allocated in a range.
    fn allocate(&self, how: AllocateHow, offset: u64, length: u64, privileges: Privileges) -> Result<()>;

    /// Copies up to `length` bytes to another file of the same filesystem, within the backing. Answers how many.
    fn copy_range(
        &self,
        offset: u64,
        to: &dyn VFile,
        to_offset: u64,
        length: u64,
        privileges: Privileges,
    ) -> Result<u64>;

    /// The first place at or after `offset` that is data, or a hole. `ENXIO` beyond the end, or where no data
    /// follows.
    fn seek(&self, offset: u64, to: SeekTo) -> Result<u64>;

    /// Makes what was written before the call durable.
    fn sync(&self, how: SyncHow) -> Result<()>;

    /// Another handle of the same file, whatever its names are by now, also after the last one is gone. From a handle
    /// for anything to one for anything, also of what is no regular file, as far as [`VDir::open`] would have it.
    ///
    /// # Errors
    /// `EINVAL` for `how.truncate`; `EOPNOTSUPP` where the filesystem can only open by name; else as an open by name:
    /// `EACCES` or `EPERM` by the permissions the file has now, `ETXTBSY`, `EROFS`.
    fn reopen(&self, how: OpenHow) -> Result<Arc<dyn VFile>>;

    /// The target of a symlink, of a handle opened with [`crate::Access::Path`].
    ///
    /// # Errors
    /// `EINVAL` for what is no symlink; `EOPNOTSUPP` where the filesystem can only read it by name.
    fn read_link(&self) -> Result<PathBuf>;

    /// Whether somebody has the file open for writing, this process included.
    ///
    /// # Errors
    /// `EOPNOTSUPP` where nobody can tell of any file of this filesystem; `EACCES` or `EPERM` if this process may not be
    /// told of this one; `EINVAL` for what is no regular file.
    fn has_writer(&self) -> Result<bool>;

    /// The descriptor beneath, where there is one.
    fn as_fd(&self) -> Option<BorrowedFd<'_>>;

    /// A descriptor of the file beneath, opened as this handle is, for its owner to use past this filesystem; also where
    /// the handle itself holds none. Of what is changed through it, this filesystem is to be told: [`Vfs::touched`].
    ///
    /// # Errors
    /// `EOPNOTSUPP` where there is none to be had.
    fn descriptor(&self) -> Result<OwnedFd>;
}
