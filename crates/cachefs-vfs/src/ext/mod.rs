//! Whole paths and whole files.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use self::path::{dir_at, parent_at};
use crate::{
    Access, Attr, CreateHow, Errno, Error, FileKind, Mode, Name, OpenHow, Owner, Privileges, RemoveKind,
    RenameHow, Result, VDir, VFile, Vfs,
};

mod bytes;
mod entries;
mod glob;
mod path;
mod pattern;
mod remove_tree;
mod walk;

pub use self::glob::{Glob, Pattern, Places};
pub use self::walk::{Walk, WalkEntry};

/// The conveniences of [`std::fs`] for every [`Vfs`].
///
/// Paths are relative to the root of the filesystem: a leading `/`, empty components and `.` are ignored, `..` is
/// refused with `EINVAL`. **Symlinks are not followed**: one in the middle of a path is `ENOTDIR`, one at its end
/// is `ELOOP` to the verbs that open a file. New files belong to the process, with its umask. Each verb costs a call
/// of the filesystem per component, so who works long in one directory takes its handle with [`VfsExt::dir`].
///
/// Errors name the verb and the path besides the errno.
///
/// ```
/// use cachefs_vfs::{MemFs, VfsExt};
///
/// let fs = MemFs::new();
/// fs.create_dir_all("src/parser")?;
/// fs.write("src/main.rs", b"fn main() {}")?;
/// fs.write("src/parser/mod.rs", b"")?;
/// fs.append("src/main.rs", b"\n")?;
/// assert_eq!(fs.read_to_string("src/main.rs")?, "fn main() {}\n");
///
/// let sources: Vec<_> = fs.glob("src/**/*.rs")?.collect::<Result<_, _>>()?;
/// assert_eq!(sources, ["src/main.rs", "src/parser/mod.rs"].map(std::path::PathBuf::from));
///
/// let error = fs.read("src/lib.rs").unwrap_err();
/// assert_eq!(error.to_string(), "reading src/lib.rs: No such file or directory");
/// # Ok::<(), cachefs_vfs::Error>(())
/// ```
pub trait VfsExt: Vfs {
    /// The bytes of a file.
    fn read(&self, path: impl AsRef<Path>) -> Result<Vec<u8>> {
        let path = path.as_ref();
        named("reading", path, || {
            let (dir, name) = parent_at(self, path)?;
            let opened = dir.open(name, OpenHow::new(Access::Read))?;
            bytes::read_all(&*opened.handle, opened.attr.size)
        })
    }

    /// The text of a file. `EILSEQ` if it is not UTF-8.
    fn read_to_string(&self, path: impl AsRef<Path>) -> Result<String> {
        let path = path.as_ref();
        let text = String::from_utf8(self.read(path)?);
        text.map_err(|_| Error::new(Errno::ILSEQ).on("reading", path))
    }

    /// Gives a file these bytes and no others; creates it where it is not there.
    fn write(&self, path: impl AsRef<Path>, bytes: &[u8]) -> Result<()> {
        let path = path.as_ref();
        named("writing", path, || bytes::write_all(&*create(self, path, true)?, bytes))
    }

    /// Adds bytes at the end of a file; creates it where it is not there.
    fn append(&self, path: impl AsRef<Path>, bytes: &[u8]) -> Result<()> {
        let path = path.as_ref();
        named("appending to", path, || bytes::append_all(&*create(self, path, false)?, bytes))
    }

    /// Cuts a file, or extends it with zeros.
    fn set_len(&self, path: impl AsRef<Path>, length: u64) -> Result<()> {
        let path = path.as_ref();
        named("truncating", path, || {
            let (dir, name) = parent_at(self, path)?;
            let file = dir.open(name, OpenHow::new(Access::Write))?.handle;
            file.set_len(length, Privileges::Keep).map(drop)
        })
    }

    /// Opens a file.
    fn open(&self, path: impl AsRef<Path>, how: OpenHow) -> Result<Arc<dyn VFile>> {
        let path = path.as_ref();
        named("opening", path, || {
            let (dir, name) = parent_at(self, path)?;
            Ok(dir.open(name, how)?.handle)
        })
    }

    /// Opens a directory.
    fn dir(&self, path: impl AsRef<Path>) -> Result<Arc<dyn VDir>> {
        let path = path.as_ref();
        named("opening", path, || dir_at(self, path))
    }

    /// Opens the directory a path is in, and the name it has there: for all verbs that have no path of their own.
    /// `EINVAL` for the root, which has no name.
    fn parent_of<'p, P: AsRef<Path> + ?Sized>(&self, path: &'p P) -> Result<(Arc<dyn VDir>, Name<'p>)> {
        let path = path.as_ref();
        named("opening the directory of", path, || parent_at(self, path))
    }

    /// The attributes of what is there, be it a symlink.
    fn stat(&self, path: impl AsRef<Path>) -> Result<Attr> {
        let path = path.as_ref();
        named("looking at", path, || stat_at(self, path))
    }

    /// Whether anything is there, be it a symlink that leads nowhere.
    ///
    /// # Errors
    /// Those that leave it open.
    fn exists(&self, path: impl AsRef<Path>) -> Result<bool> {
        match self.stat(path) {
            Ok(_) => Ok(true),
            Err(error) if matches!(error.errno(), Errno::NOENT | Errno::NOTDIR) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Makes a directory in one that exists.
    fn create_dir(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        named("creating", path, || {
            let (dir, name) = parent_at(self, path)?;
            dir.make_dir(name, Mode::new(0o777), &Owner::process()).map(drop)
        })
    }

    /// Makes a directory and those above it, as far as they are missing.
    fn create_dir_all(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        named("creating", path, || path::make_dirs(self, path))
    }

    /// Removes anything but a directory.
    fn remove_file(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        named("removing", path, || {
            let (dir, name) = parent_at(self, path)?;
            dir.remove(name, RemoveKind::File)
        })
    }

    /// Removes an empty directory.
    fn remove_dir(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        named("removing", path, || {
            let (dir, name) = parent_at(self, path)?;
            dir.remove(name, RemoveKind::Dir)
        })
    }

    /// Removes a directory and all below it, others adding to it meanwhile notwithstanding as long as they tire
    /// first. `ENOTDIR` for anything else.
    fn remove_dir_all(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        named("removing", path, || {
            let (dir, name) = parent_at(self, path)?;
            remove_tree::remove_tree(&dir, name, path)
        })
    }

    /// Moves a name; what is at the target is replaced.
    fn rename(&self, from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<()> {
        let (from, to) = (from.as_ref(), to.as_ref());
        named("renaming", from, || {
            let (dir, name) = parent_at(self, from)?;
            let (to_dir, to_name) = named("renaming to", to, || parent_at(self, to))?;
            dir.rename(name, &*to_dir, to_name, RenameHow::Replace)
        })
    }

    /// Gives a file a second name.
    fn link(&self, from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<()> {
        let (from, to) = (from.as_ref(), to.as_ref());
        named("linking", from, || {
            let (dir, name) = parent_at(self, from)?;
            let (to_dir, to_name) = named("linking to", to, || parent_at(self, to))?;
            dir.hard_link(name, &*to_dir, to_name).map(drop)
        })
    }

    /// Makes a symlink at `path`. The target may be anything; it is not looked at.
    fn symlink(&self, target: impl AsRef<Path>, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        named("creating", path, || {
            let (dir, name) = parent_at(self, path)?;
            dir.symlink(name, target.as_ref(), &Owner::process()).map(drop)
        })
    }

    /// The target of a symlink.
    fn read_link(&self, path: impl AsRef<Path>) -> Result<PathBuf> {
        let path = path.as_ref();
        named("reading", path, || {
            let (dir, name) = parent_at(self, path)?;
            dir.read_link(name)
        })
    }

    /// All entries of a directory with their kinds, sorted by name. All at once: for a directory that may be too
    /// large for that there is [`VfsExt::walk`].
    fn list(&self, path: impl AsRef<Path>) -> Result<Vec<(OsString, FileKind)>> {
        let path = path.as_ref();
        named("listing", path, || {
            let mut all = entries::Entries::of(dir_at(self, path)?).collect::<Result<Vec<_>>>()?;
            all.sort_by(|a, b| a.0.cmp(&b.0));
            Ok(all)
        })
    }

    /// All that is below a directory, each directory before what is in it, otherwise in the order of the listings.
    ///
    /// Memory and handles are bounded by the depth, however large the directories are.
    ///
    /// ```
    /// # use cachefs_vfs::{FileKind, MemFs, VfsExt};
    /// # let fs = MemFs::new();
    /// fs.create_dir_all("a/target")?;
    /// fs.write("a/target/big", b"")?;
    /// fs.write("a/main.rs", b"")?;
    /// let mut walk = fs.walk("a")?;
    /// let mut seen = Vec::new();
    /// while let Some(entry) = walk.next() {
    ///     let entry = entry?;
    ///     if entry.path.ends_with("target") {
    ///         walk.skip_dir();
    ///     }
    ///     seen.push(entry.path);
    /// }
    /// assert_eq!(seen, ["a/target", "a/main.rs"].map(std::path::PathBuf::from));
    /// # Ok::<(), cachefs_vfs::Error>(())
    /// ```
    fn walk(&self, path: impl AsRef<Path>) -> Result<Walk> {
        let path = path.as_ref();
        named("walking", path, || Ok(Walk::new(dir_at(self, path)?, path::plain(path))))
    }

    /// The paths that match a pattern, sorted component by component, each directory before what is in it.
    ///
    /// Components are matched one by one: `?` is any character, `*` any number of them, `[a-z]` and `[!a-z]` are
    /// classes, and `**` as a component of its own stands for any number of directories, at the end of the pattern
    /// for all that is below. A leading dot is a character like any other. Only directories in which something may
    /// match are listed, and none where the component has no wildcard. A symlink may match, but is not followed.
    ///
    /// Errors of single directories come up as items, and the search goes on after them.
    ///
    /// # Errors
    /// `EINVAL` for a pattern that is none, is empty or has `..` in it.
    fn glob(&self, pattern: &str) -> Result<Glob> {
        named("matching", Path::new(pattern), || Glob::new(self.root()?, pattern))
    }
}

impl<T: Vfs + ?Sized> VfsExt for T {}

fn named<T>(verb: &'static str, path: &Path, run: impl FnOnce() -> Result<T>) -> Result<T> {
    run().map_err(|error| error.on(verb, path))
}

fn stat_at<V: Vfs + ?Sized>(fs: &V, path: &Path) -> Result<Attr> {
    if path::plain(path).as_os_str().is_empty() {
        return dir_at(fs, path)?.attr();
    }
    let (dir, name) = parent_at(fs, path)?;
    dir.stat(name)
}

fn create<V: Vfs + ?Sized>(fs: &V, path: &Path, truncate: bool) -> Result<Arc<dyn VFile>> {
    let open = OpenHow { truncate, ..OpenHow::new(Access::Write) };
    let how = CreateHow { open, mode: Mode::new(0o666), exclusive: false };
    let (dir, name) = parent_at(fs, path)?;
    Ok(dir.create(name, how, &Owner::process())?.handle)
}
