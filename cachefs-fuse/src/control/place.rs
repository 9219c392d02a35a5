use std::ffi::OsString;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use cachefs_vfs::Errno;

use super::{Trace, undead};
use crate::session::mountinfo::{self, MountEntry};

/// What a socket is called last.
const SOCKET: &str = "sock";
/// What is beside it.
const TRACE: &str = "json";

/// A mount, and where its socket is if somebody serves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Where it is mounted.
    pub mountpoint: PathBuf,
    /// What it calls its source.
    pub source: OsString,
    /// `fuse.SUBTYPE`.
    pub kind: String,
    /// `MAJOR:MINOR`.
    pub device: String,
    /// The user who mounted it, where the system says so.
    pub owner: Option<u32>,
    /// The socket; it may be missing, or nobody may listen.
    pub socket: Option<PathBuf>,
    /// What its daemon left beside the socket.
    pub trace: Option<Trace>,
}

impl Place {
    /// The mount that `path` lies in, if that is one of FUSE. The mount itself is asked only where a part of the path is
    /// a symlink.
    ///
    /// # Errors
    /// As reading `/proc` has them.
    pub fn of(path: &Path) -> io::Result<Option<Self>> {
        let absolute = std::path::absolute(path)?;
        let found = match mountinfo::containing(&absolute)?.filter(is_fuse) {
            Some(entry) => Some(entry),
            None => match absolute.canonicalize() {
                Ok(resolved) => mountinfo::containing(&resolved)?.filter(is_fuse),
                Err(_) => None,
            },
        };
        Ok(found.map(Self::new))
    }

    fn new(entry: MountEntry) -> Self {
        let find =
            |extension| entry.owner.and_then(|owner| RuntimeDir::find(owner, &entry.device, extension));
        let (socket, trace) = (find(SOCKET), find(TRACE).as_deref().and_then(Trace::of));
        let MountEntry { path, source, kind, device, owner, .. } = entry;
        Self { mountpoint: path, source, kind, device, owner, socket, trace }
    }

    /// All mounts of FUSE that can be seen from here. The mounts are asked for nothing.
    ///
    /// # Errors
    /// As reading `/proc` has them.
    pub fn all() -> io::Result<Vec<Self>> {
        Ok(mountinfo::table()?.into_iter().filter(is_fuse).map(Self::new).collect())
    }

    /// The mount on exactly this path, which is taken as it is: the mount is asked for nothing.
    ///
    /// # Errors
    /// As reading `/proc` has them.
    pub fn of_mount(path: &Path) -> io::Result<Option<Self>> {
        let absolute = std::path::absolute(path)?;
        let found = mountinfo::containing(&absolute)?.filter(is_fuse);
        Ok(found.filter(|entry| entry.path == absolute).map(Self::new))
    }

    /// Ends the connection of a mount whose daemon was killed and cannot end: all who wait for it get an error.
    ///
    /// # Errors
    /// The system's: only root and who mounted it may.
    pub fn cut_off(&self) -> io::Result<()> {
        undead::cut_off(&self.device)
    }
}

fn is_fuse(entry: &MountEntry) -> bool {
    entry.kind.starts_with("fuse.")
}

/// The directory that holds the sockets of one user's mounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuntimeDir(PathBuf);

impl RuntimeDir {
    /// Ours; made if it is missing.
    ///
    /// # Errors
    /// Why the last place that could be it is none.
    pub fn ours() -> io::Result<Self> {
        let owner = rustix::process::geteuid().as_raw();
        let mut refused = io::Error::from(io::ErrorKind::NotFound);
        for path in candidates(owner) {
            match make(&path, owner) {
                Ok(()) => return Ok(Self(path)),
                Err(error) => refused = error,
            }
        }
        Err(refused)
    }

    /// Where the socket of a mount of this process with this device (`MAJOR:MINOR`) is to be. What others left there of
    /// a device of the same number is removed.
    #[must_use]
    pub fn socket(&self, device: &str) -> PathBuf {
        for left in of_device(&self.0, device, TRACE) {
            if UnixStream::connect(left.with_extension(SOCKET)).is_err() {
                _ = std::fs::remove_file(&left);
            }
        }
        for left in of_device(&self.0, device, SOCKET) {
            if UnixStream::connect(&left).is_err() {
                _ = std::fs::remove_file(&left);
            }
        }
        self.0.join(format!("{}{}.sock", prefix(device), std::process::id()))
    }

    /// Where it is once the mount is gone: by then another one may have the device's number.
    #[must_use]
    pub fn socket_of_rest(&self) -> PathBuf {
        self.0.join(format!("rest.{}.sock", std::process::id()))
    }

    /// The sockets there are, of mounts that may be gone from the tree, too.
    #[must_use]
    pub fn sockets(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(&self.0).into_iter().flatten().flatten();
        let paths = entries.map(|entry| entry.path());
        paths.filter(|path| path.extension().is_some_and(|extension| extension == "sock")).collect()
    }

    /// The file of this kind of a mount of this user, if it is where it would be.
    fn find(owner: u32, device: &str, extension: &str) -> Option<PathBuf> {
        let safe = |path: &PathBuf| check(path, owner).is_ok();
        let places = candidates(owner).into_iter().filter(safe);
        let files = places.flat_map(|path| of_device(&path, device, extension));
        // What was left by one that was killed is older.
        files.max_by_key(|file| file.symlink_metadata().and_then(|data| data.modified()).ok())
    }
}

/// The files of this kind of mounts with this device, also of those that are gone.
fn of_device(directory: &Path, device: &str, extension: &str) -> Vec<PathBuf> {
    let is_its = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str());
        let is_of = |name: &str| name.starts_with(&prefix(device));
        name.is_some_and(is_of) && path.extension().is_some_and(|theirs| theirs == extension)
    };
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(is_its).collect()
}

fn prefix(device: &str) -> String {
    format!("{}.", device.replace(':', "-"))
}

/// Where a user's sockets may be, the best place first.
fn candidates(owner: u32) -> Vec<PathBuf> {
    let mut candidates = Vec::new();
    if owner == 0 {
        candidates.push("/run/cachefs".into());
    } else {
        let ours = owner == rustix::process::geteuid().as_raw();
        if let Some(directory) = std::env::var_os("XDG_RUNTIME_DIR").filter(|_| ours) {
            candidates.push(PathBuf::from(directory).join("cachefs"));
        }
        candidates.push(format!("/run/user/{owner}/cachefs").into());
    }
    candidates.push(format!("/tmp/cachefs-{owner}").into());
    candidates.retain(|path: &PathBuf| path.is_absolute());
    candidates
}

fn make(path: &Path, owner: u32) -> io::Result<()> {
    match std::fs::DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => check(path, owner),
    }
}

/// Nobody else may have put it there, nor look into it.
fn check(path: &Path, owner: u32) -> io::Result<()> {
    let metadata = path.symlink_metadata()?;
    if !metadata.is_dir() {
        return Err(Errno::NOTDIR.into());
    }
    if metadata.uid() != owner || metadata.mode() & 0o077 != 0 {
        return Err(Errno::PERM.into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_that_others_may_use_is_none_of_ours() {
        let top = tempfile::tempdir().expect("temp");
        let owner = rustix::process::geteuid().as_raw();
        let path = top.path().join("cachefs");
        make(&path, owner).expect("made");
        make(&path, owner).expect("there");
        assert!(make(&path, owner + 1).is_err());
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(&path, mode).expect("chmod");
        assert!(make(&path, owner).is_err());
        let link = top.path().join("link");
        std::os::unix::fs::symlink(top.path(), &link).expect("symlink");
        assert!(make(&link, owner).is_err());
    }

    #[test]
    fn sockets_are_named_after_the_device() {
        let top = tempfile::tempdir().expect("temp");
        let dir = RuntimeDir(top.path().to_owned());
        let (left, other) = (top.path().join("0-51.1.sock"), top.path().join("0-5.1.sock"));
        let trace = Trace::beside(&left);
        for path in [&left, &other, &trace] {
            std::fs::write(path, "").expect("write");
        }
        let ours = top.path().join(format!("0-51.{}.sock", std::process::id()));
        assert_eq!(dir.socket("0:51"), ours);
        assert!(!left.exists() && !trace.exists() && other.exists(), "what nobody listens to is removed");
        assert_eq!(of_device(top.path(), "0:5", SOCKET), [other]);
        assert_eq!(candidates(0)[0], Path::new("/run/cachefs"));
        assert_eq!(candidates(u32::MAX).last(), Some(&PathBuf::from("/tmp/cachefs-4294967295")));
    }

    #[test]
    fn what_is_no_mount_of_fuse_has_no_place() {
        assert_eq!(Place::of(Path::new("/proc/self")).expect("/proc"), None);
    }
}
