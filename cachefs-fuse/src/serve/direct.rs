use std::os::fd::{AsFd, AsRawFd};

use rustix::fs::{Mode, OFlags, open};
use rustix::io::Errno;

/// Whether the file beneath can be opened past the system's caches, as far as that can be found out.
pub(crate) fn takes_direct(descriptor: impl AsFd) -> bool {
    let path = format!("/proc/self/fd/{}", descriptor.as_fd().as_raw_fd());
    let flags = OFlags::RDONLY | OFlags::DIRECT | OFlags::NONBLOCK | OFlags::CLOEXEC;
    !matches!(open(path, flags, Mode::empty()), Err(Errno::INVAL))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_the_kernel_have_no_cache_to_pass() {
        let of_the_kernel = std::fs::File::open("/proc/self/status").expect("procfs");
        assert!(!takes_direct(of_the_kernel));
    }
}
