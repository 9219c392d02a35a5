//! Getting a filesystem into the tree: mount(2) where the process may, `fusermount3` where it may not.

use std::ffi::{CString, OsStr, OsString};
use std::io::IoSliceMut;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Stdio};

use cachefs_vfs::Errno;
use rustix::fs::{Mode, OFlags};
use rustix::io::{FdFlags, fcntl_setfd};
use rustix::mount::MountFlags;
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};

use super::mountinfo::escape_option;
use crate::{MountConfig, MountError, MountFlag};

/// The name of the set-uid helper.
pub(super) const HELPER: &str = "fusermount3";

/// Mounts at `path` (canonical, a directory) and answers the connection to the kernel.
pub(super) fn attach(path: &Path, config: &MountConfig) -> Result<OwnedFd, MountError> {
    match by_system_call(path, config) {
        Err(MountError::Refused { errno: Errno::PERM, .. })
        | Err(MountError::Device(Errno::ACCESS | Errno::PERM)) => by_helper(path, config),
        other => other,
    }
}

fn by_system_call(path: &Path, config: &MountConfig) -> Result<OwnedFd, MountError> {
    let device = rustix::fs::open("/dev/fuse", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())
        .map_err(MountError::Device)?;
    let metadata = std::fs::metadata(path)
        .map_err(|source| MountError::MountPoint { path: path.to_path_buf(), source })?;
    let mut data = format!(
        "fd={},rootmode={:o},user_id={},group_id={},default_permissions",
        device.as_raw_fd(),
        metadata.mode() & 0o170_000,
        rustix::process::geteuid().as_raw(),
        rustix::process::getegid().as_raw(),
    );
    if config.allow_other {
        data.push_str(",allow_other");
    }
    let refused = |errno| MountError::Refused { path: path.to_path_buf(), errno };
    let data = CString::new(data).map_err(|_| refused(Errno::INVAL))?;
    let kind = format!("fuse.{}", config.subtype);
    rustix::mount::mount(config.fs_name.as_str(), path, kind.as_str(), flags_of(config), data.as_c_str())
        .map_err(refused)?;
    Ok(device)
}

fn flags_of(config: &MountConfig) -> MountFlags {
    let mut flags = MountFlags::NOSUID | MountFlags::NODEV;
    flags.set(MountFlags::RDONLY, config.read_only);
    for flag in &config.flags {
        match flag {
            MountFlag::Suid => flags.remove(MountFlags::NOSUID),
            MountFlag::NoSuid => flags.insert(MountFlags::NOSUID),
            MountFlag::Dev => flags.remove(MountFlags::NODEV),
            MountFlag::NoDev => flags.insert(MountFlags::NODEV),
            MountFlag::Exec => flags.remove(MountFlags::NOEXEC),
            MountFlag::NoExec => flags.insert(MountFlags::NOEXEC),
            MountFlag::NoAtime => flags.insert(MountFlags::NOATIME),
            MountFlag::NoDirAtime => flags.insert(MountFlags::NODIRATIME),
            MountFlag::RelAtime => flags.insert(MountFlags::RELATIME),
            MountFlag::StrictAtime => flags.insert(MountFlags::STRICTATIME),
            MountFlag::Sync => flags.insert(MountFlags::SYNCHRONOUS),
            MountFlag::DirSync => flags.insert(MountFlags::DIRSYNC),
        }
    }
    flags
}

/// What `fusermount3` calls a flag; it knows no others.
fn option_of(flag: MountFlag) -> Option<&'static str> {
    match flag {
        MountFlag::Suid => Some("suid"),
        MountFlag::NoSuid => Some("nosuid"),
        MountFlag::Dev => Some("dev"),
        MountFlag::NoDev => Some("nodev"),
        MountFlag::Exec => Some("exec"),
        MountFlag::NoExec => Some("noexec"),
        MountFlag::NoAtime => Some("noatime"),
        MountFlag::Sync => Some("sync"),
        MountFlag::DirSync => Some("dirsync"),
        MountFlag::NoDirAtime | MountFlag::RelAtime | MountFlag::StrictAtime => None,
    }
}

fn options_for_helper(config: &MountConfig) -> OsString {
    let mut options = vec![if config.read_only { "ro" } else { "rw" }, "default_permissions"];
    if config.allow_other {
        options.push("allow_other");
    }
    options.extend(config.flags.iter().filter_map(|&flag| option_of(flag)));
    let mut line = options.join(",").into_bytes();
    for (key, value) in [(",fsname=", &config.fs_name), (",subtype=", &config.subtype)] {
        line.extend_from_slice(key.as_bytes());
        line.extend_from_slice(escape_option(OsStr::new(value)).as_bytes());
    }
    OsString::from_vec(line)
}

fn by_helper(path: &Path, config: &MountConfig) -> Result<OwnedFd, MountError> {
    let (ours, theirs) = UnixStream::pair().map_err(MountError::NoHelper)?;
    fcntl_setfd(&theirs, FdFlags::empty()).map_err(|e| MountError::NoHelper(e.into()))?;
    let child = Command::new(HELPER)
        .env("_FUSE_COMMFD", theirs.as_raw_fd().to_string())
        .arg("-o")
        .arg(options_for_helper(config))
        .arg("--")
        .arg(path)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(MountError::NoHelper)?;
    drop(theirs);
    let device = receive_descriptor(&ours);
    let output = child.wait_with_output().map_err(MountError::NoHelper)?;
    match device {
        Ok(Some(device)) if output.status.success() => Ok(device),
        Err(errno) => Err(MountError::Refused { path: path.to_path_buf(), errno }),
        _ => Err(MountError::Helper(String::from_utf8_lossy(&output.stderr).trim().to_owned())),
    }
}

/// The descriptor that the helper sends, or `None` if it ended without sending one.
fn receive_descriptor(socket: impl AsFd) -> Result<Option<OwnedFd>, Errno> {
    let mut byte = [0_u8];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let message = rustix::io::retry_on_intr(|| {
        recvmsg(&socket, &mut [IoSliceMut::new(&mut byte)], &mut ancillary, RecvFlags::CMSG_CLOEXEC)
    })?;
    if message.bytes == 0 {
        return Ok(None);
    }
    Ok(ancillary.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
        _ => None,
    }))
}
