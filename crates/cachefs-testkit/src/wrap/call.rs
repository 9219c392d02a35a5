use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The verbs, one by one. What is no call to the backing (`caps`, `as_any`, `as_fd`, dropping a handle) has no kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is named after the verb it stands for, `Cover` is `VNode::watch`")]
pub enum CallKind {
    Root,
    StatFs,
    OpenId,
    Watch,
    Attr,
    SetAttr,
    Xattr,
    Xattrs,
    SetXattr,
    RemoveXattr,
    Cover,
    Stat,
    Dir,
    Open,
    Create,
    MakeDir,
    MakeNode,
    Symlink,
    ReadLink,
    HardLink,
    Remove,
    Rename,
    ReadDir,
    SyncDir,
    Read,
    ReadMany,
    Write,
    Append,
    SetLen,
    Allocate,
    CopyRange,
    Seek,
    HasWriter,
    SyncFile,
}

impl CallKind {
    /// How many there are.
    pub const COUNT: usize = Self::SyncFile as usize + 1;

    /// All of them, in the order of their indices.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Root,
        Self::StatFs,
        Self::OpenId,
        Self::Watch,
        Self::Attr,
        Self::SetAttr,
        Self::Xattr,
        Self::Xattrs,
        Self::SetXattr,
        Self::RemoveXattr,
        Self::Cover,
        Self::Stat,
        Self::Dir,
        Self::Open,
        Self::Create,
        Self::MakeDir,
        Self::MakeNode,
        Self::Symlink,
        Self::ReadLink,
        Self::HardLink,
        Self::Remove,
        Self::Rename,
        Self::ReadDir,
        Self::SyncDir,
        Self::Read,
        Self::ReadMany,
        Self::Write,
        Self::Append,
        Self::SetLen,
        Self::Allocate,
        Self::CopyRange,
        Self::Seek,
        Self::HasWriter,
        Self::SyncFile,
    ];

    /// Its place in [`CallKind::ALL`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// The second name of a call that has two.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// The path of its directory.
    pub at: &'a Path,
    /// The name in it.
    pub name: &'a OsStr,
}

/// A call to a filesystem. Paths are those by which the handles were reached, relative to the root, whatever was
/// renamed since; they are empty where [`crate::Intercept::PATHS`] is false.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The verb.
    pub kind: CallKind,
    /// The path of the directory: that of the handle for a verb of a directory, that it was opened in for a verb of
    /// a file.
    pub at: &'a Path,
    /// The name in it that the verb is about; `None` when it is about the directory itself.
    pub name: Option<&'a OsStr>,
    /// The other name of a rename or a hard link, the other file of a copy.
    pub to: Option<Target<'a>>,
    /// How many bytes are to be moved.
    pub bytes: u64,
}

impl<'a> Call<'a> {
    /// A call about the directory `at`.
    #[must_use]
    pub const fn new(kind: CallKind, at: &'a Path) -> Self {
        Self { kind, at, name: None, to: None, bytes: 0 }
    }

    /// The path that the call is about.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.name.map_or_else(|| self.at.to_path_buf(), |name| self.at.join(name))
    }

    /// Whether one of its paths is `path`.
    #[must_use]
    pub fn is_at(&self, path: &Path) -> bool {
        let same = |at: &Path, name: &OsStr| path.file_name() == Some(name) && path.parent() == Some(at);
        let here = self.name.map_or_else(|| self.at == path, |name| same(self.at, name));
        here || self.to.is_some_and(|to| same(to.at, to.name))
    }

    /// Whether it uses the directory `dir` or something below. A look-up of `dir` in its parent does not.
    #[must_use]
    pub fn is_within(&self, dir: &Path) -> bool {
        self.at.starts_with(dir) || self.to.is_some_and(|to| to.at.starts_with(dir))
    }

    /// Whether one of its names is `name`.
    #[must_use]
    pub fn is_named(&self, name: &OsStr) -> bool {
        self.name == Some(name) || self.to.is_some_and(|to| to.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_place() {
        for (index, kind) in CallKind::ALL.into_iter().enumerate() {
            assert_eq!(kind.index(), index, "{kind:?}");
        }
    }

    #[test]
    fn a_directory_is_not_within_itself_when_its_parent_looks_it_up() {
        let look_up = Call { name: Some(OsStr::new("hung")), ..Call::new(CallKind::Stat, Path::new("")) };
        assert!(look_up.is_at(Path::new("hung")) && !look_up.is_within(Path::new("hung")));
        let list = Call::new(CallKind::ReadDir, Path::new("hung"));
        assert!(list.is_at(Path::new("hung")) && list.is_within(Path::new("hung")));
        let deep = Call { name: Some(OsStr::new("x")), ..Call::new(CallKind::Read, Path::new("hung/a")) };
        assert!(deep.is_within(Path::new("hung")) && !deep.is_within(Path::new("hun")));
        assert_eq!(deep.path(), Path::new("hung/a/x"));
        assert!(deep.is_named(OsStr::new("x")) && !deep.is_named(OsStr::new("a")));
    }
}
