macro_rules! verbs {
    ($($variant:ident, $name:literal;)+) => {
        /// A call to the backing, by the method of the contract it goes through.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum BackingVerb {
            $(#[doc = concat!("`", $name, "`")] $variant,)+
        }

        impl BackingVerb {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The value of the label `op`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }
    };
}

verbs! {
    Root, "root";
    StatFs, "stat_fs";
    OpenId, "open_id";
    Attr, "attr";
    SetAttr, "set_attr";
    Xattr, "xattr";
    Xattrs, "xattrs";
    SetXattr, "set_xattr";
    RemoveXattr, "remove_xattr";
    Stat, "stat";
    Dir, "dir";
    Open, "open";
    Create, "create";
    MakeDir, "make_dir";
    MakeNode, "make_node";
    Symlink, "symlink";
    ReadLink, "read_link";
    HardLink, "hard_link";
    Remove, "remove";
    Rename, "rename";
    ReadDir, "read_dir";
    SyncDir, "sync_dir";
    Read, "read";
    Write, "write";
    Append, "append";
    SetLen, "set_len";
    Allocate, "allocate";
    CopyRange, "copy_range";
    Seek, "seek";
    Sync, "sync";
    Watch, "watch";
    HasWriter, "has_writer";
}

impl BackingVerb {
    pub(super) const COUNT: usize = Self::ALL.len();

    pub(super) const fn index(self) -> usize {
        self as usize
    }
}
