use std::time::Duration;

/// What a filesystem can do. A verb whose flag is false answers [`crate::Error::unsupported`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "a table of independent abilities, each read by name")]
pub struct Caps {
    /// Changes are refused with `EROFS`.
    pub read_only: bool,
    /// [`crate::VDir::symlink`] and [`crate::VDir::read_link`].
    pub symlinks: bool,
    /// [`crate::VDir::hard_link`].
    pub hard_links: bool,
    /// [`crate::VDir::make_node`] for pipes, sockets and devices.
    pub special_files: bool,
    /// The xattr verbs of [`crate::VNode`].
    pub xattrs: bool,
    /// POSIX ACLs, through the xattrs `system.posix_acl_access` and `system.posix_acl_default`; a default ACL is
    /// inherited by what is created in the directory.
    pub acls: bool,
    /// New files belong to the [`crate::Owner`] given; otherwise to the process.
    pub owners: bool,
    /// [`crate::RenameHow::NoReplace`] and [`crate::RenameHow::Exchange`].
    pub rename_flags: bool,
    /// [`crate::VFile::allocate`].
    pub allocate: bool,
    /// [`crate::VFile::copy_range`] without moving the bytes through the caller.
    pub copy_range: bool,
    /// [`crate::VFile::seek`] tells holes from data.
    pub seek_hole: bool,
    /// [`crate::Vfs::open_id`].
    pub open_id: bool,
    /// How far apart two changes must be to surely leave different times: the clock tick of the backing, 2 s where
    /// it is not known.
    pub granularity: Duration,
}

impl Caps {
    /// Nothing but plain reads and writes of files and directories, on a clock nothing is known of.
    #[must_use]
    pub const fn minimal() -> Self {
        Self {
            read_only: false,
            symlinks: false,
            hard_links: false,
            special_files: false,
            xattrs: false,
            acls: false,
            owners: false,
            rename_flags: false,
            allocate: false,
            copy_range: false,
            seek_hole: false,
            open_id: false,
            granularity: Duration::from_secs(2),
        }
    }
}
