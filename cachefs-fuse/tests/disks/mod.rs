//! Disks for a source or for a journal: small ones, and one that syncs when it is let to.

#![allow(dead_code, reason = "each test uses its part")]

use std::ffi::CString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cachefs_fuse::{Mount, MountConfig};
use cachefs_testkit::FaultFs;
use cachefs_vfs::{LocalFs, Vfs};
use rustix::mount::{MountFlags, UnmountFlags, mount, mount_remount, unmount};

/// A filesystem in memory that holds so much and no more.
#[derive(Debug)]
pub(crate) struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Mounts one on a directory, which is made if it is not there. Needs root.
    pub(crate) fn on(path: &Path, bytes: u64) -> Self {
        std::fs::create_dir_all(path).expect("mkdir");
        mount("small", path, "tmpfs", MountFlags::empty(), Some(size(bytes).as_c_str())).expect("a tmpfs");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        std::fs::set_permissions(path, mode).expect("chmod");
        Self(path.to_owned())
    }

    /// It holds so much from now on.
    pub(crate) fn resize(&self, bytes: u64) {
        mount_remount(&self.0, MountFlags::empty(), size(bytes).as_c_str()).expect("a remount");
    }

    /// Fills what is free.
    pub(crate) fn fill(&self) {
        let filler = std::fs::File::create(self.0.join("filler")).expect("create");
        let page = [1; 4096];
        while std::io::Write::write_all(&mut &filler, &page).is_ok() {}
    }
}

fn size(bytes: u64) -> CString {
    CString::new(format!("size={bytes}")).expect("no NUL")
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        _ = unmount(&self.0, UnmountFlags::DETACH);
    }
}

/// A mount of this process, in which chosen calls fail or hang.
#[derive(Debug)]
pub(crate) struct FaultyDisk {
    pub(crate) faults: Arc<FaultFs>,
    mount: Option<Mount>,
}

impl FaultyDisk {
    /// Mounts the directory `beneath` on `path`; both are made.
    pub(crate) fn on(path: &Path, beneath: &Path) -> Self {
        for dir in [path, beneath] {
            std::fs::create_dir_all(dir).expect("mkdir");
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
            std::fs::set_permissions(dir, mode).expect("chmod");
        }
        let local = LocalFs::open(beneath).expect("the directory beneath");
        let faults = Arc::new(FaultFs::new(Arc::new(local)));
        let mount = Mount::start(Arc::clone(&faults) as Arc<dyn Vfs>, path, MountConfig::default());
        Self { faults, mount: Some(mount.expect("a mount")) }
    }
}

impl Drop for FaultyDisk {
    fn drop(&mut self) {
        self.faults.release();
        drop(self.mount.take());
    }
}
