use std::ffi::CString;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::mount::{UnmountFlags, unmount};

use crate::rights;

/// Takes what is mounted at this path out of the tree, whoever uses it.
///
/// # Errors
/// What the kernel says, or for ordinary users fusermount3.
pub(crate) fn detach(path: &Path) -> io::Result<()> {
    let place = CString::new(path.as_os_str().as_bytes())?;
    match unmount(place.as_c_str(), UnmountFlags::DETACH | UnmountFlags::NOFOLLOW) {
        Ok(()) => Ok(()),
        Err(errno) if errno != rustix::io::Errno::PERM => Err(errno.into()),
        Err(_) => through_helper(path),
    }
}

fn through_helper(path: &Path) -> io::Result<()> {
    let program =
        rights::unmount_program().ok_or_else(|| io::Error::other("fusermount3 is not installed"))?;
    let mut command = Command::new(program);
    command.args(["-u", "-q", "-z", "--"]).arg(path).stdin(Stdio::null());
    let output = command.output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(io::Error::other(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
}
