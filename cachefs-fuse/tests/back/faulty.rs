use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use cachefs_fuse::{Mount, MountConfig};
use cachefs_testkit::{FaultFs, SlowFs};
use cachefs_vfs::{LocalFs, Vfs};
use rustix::mount::{UnmountFlags, unmount};

use crate::site::Site;

/// A site whose source is a mount of this process, which can be made slow, full or hung.
#[derive(Debug)]
pub(crate) struct Faulty {
    pub(crate) site: Site,
    pub(crate) faults: Arc<FaultFs>,
    source: Option<Mount>,
}

impl Faulty {
    /// One that moves at most so many bytes per second; 0 for as many as it can.
    pub(crate) fn new(bytes_per_second: u64) -> Self {
        let site = Site::new();
        std::fs::create_dir(beneath(&site)).expect("mkdir");
        let local = LocalFs::open(beneath(&site)).expect("the directory beneath");
        let slow = SlowFs::new(Arc::new(local)).bandwidth(bytes_per_second);
        let faults = Arc::new(FaultFs::new(Arc::new(slow)));
        let config = MountConfig {
            attr_ttl: Duration::ZERO,
            entry_ttl: Duration::ZERO,
            negative_ttl: Duration::ZERO,
            ..MountConfig::default()
        };
        let source = Mount::start(Arc::clone(&faults) as Arc<dyn Vfs>, &site.source(), config);
        Self { site, faults, source: Some(source.expect("a source")) }
    }

    /// What is in the source, whatever state that is in.
    pub(crate) fn beneath(&self, name: &str) -> PathBuf {
        beneath(&self.site).join(name)
    }
}

fn beneath(site: &Site) -> PathBuf {
    site.top().join("beneath")
}

impl Drop for Faulty {
    fn drop(&mut self) {
        self.faults.release();
        // Above it, or already gone.
        _ = unmount(self.site.mountpoint(), UnmountFlags::DETACH);
        drop(self.source.take());
    }
}
