use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// Where a capability stands in the kernel's mask.
const CAP_SYS_ADMIN: u32 = 21;

/// Checks that this process can mount at all, by itself or through fusermount3.
///
/// # Errors
/// What is missing, and where to get it.
pub(crate) fn check(allow_other: bool) -> Result<(), Failure> {
    if !Path::new("/dev/fuse").exists() {
        return Err(no_device());
    }
    if !is_administrator() {
        check_ordinary(allow_other)?;
    }
    match File::options().read(true).write(true).open("/dev/fuse") {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            Err(Failure::usage("no right to use /dev/fuse: root can open it to all (chmod 666 /dev/fuse)"))
        }
        Err(_) => Err(no_device()),
    }
}

fn no_device() -> Failure {
    Failure::system(
        "there is no /dev/fuse: load the module (modprobe fuse), or in a container pass --device /dev/fuse",
    )
}

/// What those need who cannot call mount(2).
fn check_ordinary(allow_other: bool) -> Result<(), Failure> {
    if rustix::process::geteuid().is_root() {
        return Err(Failure::usage(
            "no right to mount: root lacks CAP_SYS_ADMIN here (in a container: --cap-add SYS_ADMIN)",
        ));
    }
    if unmount_program().is_none() {
        return Err(Failure::usage(
            "no right to mount: run as root, or install fusermount3 (package fuse3) for ordinary users",
        ));
    }
    let allowed = std::fs::read_to_string("/etc/fuse.conf").is_ok_and(|text| allows_others(&text));
    if allow_other && !allowed {
        return Err(Failure::usage(
            "-o allow_other is not allowed for ordinary users: root can put user_allow_other into /etc/fuse.conf",
        ));
    }
    Ok(())
}

/// Whether mount(2) is open to this process.
pub(crate) fn is_administrator() -> bool {
    std::fs::read_to_string("/proc/self/status").is_ok_and(|status| has_capability(&status, CAP_SYS_ADMIN))
}

/// The set-id helper through which ordinary users mount and unmount.
pub(crate) fn unmount_program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    ["fusermount3", "fusermount"].iter().find_map(|name| find_program(&path, name))
}

fn find_program(path: &OsStr, name: &str) -> Option<PathBuf> {
    let runs = |file: &PathBuf| {
        file.metadata().is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
    };
    std::env::split_paths(path).map(|directory| directory.join(name)).find(runs)
}

fn has_capability(status: &str, capability: u32) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| mask >> capability & 1 == 1)
}

fn allows_others(text: &str) -> bool {
    text.lines().any(|line| line.trim() == "user_allow_other")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capabilities_are_read_from_the_mask() {
        assert!(has_capability("Name:\tx\nCapEff:\t000001ffffffffff\n", CAP_SYS_ADMIN));
        assert!(!has_capability("CapEff:\t000001ffffdfffff\n", CAP_SYS_ADMIN));
        assert!(!has_capability("", CAP_SYS_ADMIN));
    }

    #[test]
    fn others_are_allowed_by_a_line_of_its_own() {
        assert!(allows_others("# comment\nuser_allow_other\n"));
        assert!(!allows_others("#user_allow_other\n"));
    }

    #[test]
    fn programs_are_found_in_the_path() {
        assert!(find_program(OsStr::new("/nonexistent:/bin"), "sh").is_some());
        assert!(find_program(OsStr::new("/nonexistent"), "sh").is_none());
    }
}
