use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use crate::failure::Failure;
use crate::mount_table::{Entry, MountTable};

/// Dead mounts that may lie upon each other at one place.
const DEAD_MAX: usize = 16;
/// What the kernel calls a filesystem that is made of others.
const OVERLAY: rustix::fs::FsWord = 0x794c_7630;

/// Where the source is and where it is to appear: absolute, without symlinks, and fit for each other.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Places {
    pub(crate) source: PathBuf,
    pub(crate) mountpoint: PathBuf,
}

impl Places {
    /// Checks both. A dead mount of the type `ours` in the way is detached by `detach` and told by `note`.
    ///
    /// # Errors
    /// What is wrong with which, and what to do.
    pub(crate) fn check(
        source: &Path,
        mountpoint: &Path,
        ours: &str,
        note: impl Fn(&str),
        detach: impl Fn(&Path) -> io::Result<()>,
    ) -> Result<Self, Failure> {
        let source = check_source(source)?;
        let mountpoint = resolve_mountpoint(mountpoint)?;
        clear_mountpoint(&mountpoint, ours, note, detach)?;
        check_mountpoint(&mountpoint)?;
        check_apart(&source, &mountpoint)?;
        Ok(Self { source, mountpoint })
    }

    /// How many filesystems deep the source lies, for files that pass through the kernel.
    pub(crate) fn stack_depth(&self) -> u32 {
        let kind = rustix::fs::statfs(&self.source).map_or(0, |stat| stat.f_type);
        if kind == OVERLAY { 2 } else { 1 }
    }
}

fn check_source(path: &Path) -> Result<PathBuf, Failure> {
    let shown = path.display();
    let trouble = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => {
            Failure::mount(format!("the source {shown} does not exist: name a directory that does"))
        }
        io::ErrorKind::PermissionDenied => Failure::mount(format!(
            "the source {shown} cannot be read: check its permissions, or mount as its owner"
        )),
        _ => Failure::mount(format!("the source {shown} cannot be read: {}", reason(&error))),
    };
    let resolved = path.canonicalize().map_err(trouble)?;
    if !resolved.metadata().map_err(trouble)?.is_dir() {
        return Err(Failure::mount(format!(
            "the source {shown} is not a directory: name the directory to be mounted"
        )));
    }
    std::fs::read_dir(&resolved).map_err(trouble)?;
    Ok(resolved)
}

/// The mount point without symlinks. It need not answer: a dead mount there is only looked at from its parent.
fn resolve_mountpoint(path: &Path) -> Result<PathBuf, Failure> {
    let shown = path.display();
    let error = match path.canonicalize() {
        Ok(resolved) => return Ok(resolved),
        Err(error) => error,
    };
    if is_dead(&error) {
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
        if let (Some(Ok(parent)), Some(name)) =
            (absolute.parent().map(Path::canonicalize), absolute.file_name())
        {
            return Ok(parent.join(name));
        }
    }
    Err(match error.kind() {
        io::ErrorKind::NotFound => {
            Failure::mount(format!("the mount point {shown} does not exist: create it (mkdir -p {shown})"))
        }
        _ => Failure::mount(format!("the mount point {shown} cannot be reached: {}", reason(&error))),
    })
}

/// Makes sure that nothing is mounted there.
fn clear_mountpoint(
    path: &Path,
    ours: &str,
    note: impl Fn(&str),
    detach: impl Fn(&Path) -> io::Result<()>,
) -> Result<(), Failure> {
    let shown = path.display();
    for _ in 0..DEAD_MAX {
        let table = MountTable::read().map_err(|error| {
            Failure::system(format!("the mount table /proc/self/mountinfo cannot be read: {error}"))
        })?;
        let Some(entry) = table.at(path) else { return Ok(()) };
        if entry.fs_type != ours || !is_dead_mount(entry) {
            let kind = &entry.fs_type;
            return Err(Failure::mount(format!(
                "{shown} is already a mount ({kind}): unmount it first (umount {shown})"
            )));
        }
        detach(path).map_err(|error| {
            Failure::mount(format!(
                "a dead mount on {shown} cannot be detached: {}; try umount -l {shown}",
                reason(&error)
            ))
        })?;
        note(&format!("detached a dead mount from {shown}"));
    }
    Err(Failure::mount(format!("too many dead mounts on {shown}: umount -l {shown} until it is free")))
}

/// Whether the daemon of a FUSE mount is gone. Asks for the file system's size, which the kernel never answers from
/// what it remembers.
pub(crate) fn is_dead_mount(entry: &Entry) -> bool {
    rustix::fs::statfs(&entry.mountpoint).is_err_and(|errno| is_dead(&errno.into()))
}

/// What the kernel answers for a mount without a daemon, also to calls that were waiting for it.
fn is_dead(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::NOTCONN | Errno::CONNABORTED))
}

fn check_mountpoint(path: &Path) -> Result<(), Failure> {
    let shown = path.display();
    match path.metadata() {
        Ok(metadata) if metadata.is_dir() => Ok(()),
        Ok(_) => Err(Failure::mount(format!(
            "the mount point {shown} is not a directory: name an empty directory"
        ))),
        Err(error) => {
            Err(Failure::mount(format!("the mount point {shown} cannot be reached: {}", reason(&error))))
        }
    }
}

/// A mount that shows itself would wait for its own answers.
fn check_apart(source: &Path, mountpoint: &Path) -> Result<(), Failure> {
    let trouble = if is_same(source, mountpoint) {
        "is the source itself"
    } else if lies_in(mountpoint, source) {
        "lies inside the source"
    } else if lies_in(source, mountpoint) {
        "contains the source"
    } else {
        return Ok(());
    };
    let shown = mountpoint.display();
    Err(Failure::mount(format!(
        "the mount point {shown} {trouble}: choose a directory outside {}",
        source.display()
    )))
}

fn lies_in(path: &Path, directory: &Path) -> bool {
    path.ancestors().skip(1).any(|ancestor| is_same(ancestor, directory))
}

/// By identity, too: bind mounts give one directory two paths.
fn is_same(one: &Path, other: &Path) -> bool {
    let identity = |path: &Path| path.metadata().map(|metadata| (metadata.dev(), metadata.ino())).ok();
    one == other || identity(one).is_some_and(|id| identity(other) == Some(id))
}

/// The reason without its number.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &Path, mountpoint: &Path) -> Result<Places, String> {
        let untouched = |_: &Path| panic!("nothing is mounted");
        Places::check(source, mountpoint, "fuse.cachefs", |_| {}, untouched)
            .map_err(|failure| failure.to_string())
    }

    #[test]
    fn directories_apart_are_accepted_and_resolved() {
        let top = tempfile::tempdir().expect("temp");
        let path = top.path().canonicalize().expect("temp");
        for name in ["src", "mnt"] {
            std::fs::create_dir(path.join(name)).expect("mkdir");
        }
        std::os::unix::fs::symlink("src", path.join("link")).expect("symlink");
        let places = check(&path.join("link"), &path.join("src/../mnt")).expect("fit");
        assert_eq!(places, Places { source: path.join("src"), mountpoint: path.join("mnt") });
    }

    #[test]
    fn directories_within_each_other_are_refused() {
        let top = tempfile::tempdir().expect("temp");
        std::fs::create_dir_all(top.path().join("a/b")).expect("mkdir");
        let (a, b) = (top.path().join("a"), top.path().join("a/b"));
        assert!(check(&a, &a).expect_err("same").contains("is the source itself"));
        assert!(check(&a, &b).expect_err("inside").contains("lies inside the source"));
        assert!(check(&b, &a).expect_err("around").contains("contains the source"));
    }

    #[test]
    fn what_is_no_directory_is_refused() {
        let top = tempfile::tempdir().expect("temp");
        let file = top.path().join("file");
        std::fs::write(&file, "").expect("write");
        let missing = top.path().join("missing");
        assert!(check(&file, top.path()).expect_err("file").contains("is not a directory"));
        assert!(check(&missing, top.path()).expect_err("missing").contains("does not exist"));
        assert!(check(Path::new("/proc"), &file).expect_err("file").contains("is not a directory"));
        assert!(check(Path::new("/proc"), &missing).expect_err("missing").contains("mkdir -p"));
        assert!(check(top.path(), Path::new("/proc")).expect_err("proc").contains("already a mount (proc)"));
    }
}
