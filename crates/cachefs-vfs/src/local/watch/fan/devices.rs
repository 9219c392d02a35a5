use std::sync::Arc;

use parking_lot::RwLock;
use rustix::io::Errno;

use super::super::super::generation::Scheme;
use super::ends::is_mounted;
use crate::Result;

/// A filesystem that events may be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Device {
    /// As events tell it.
    pub(super) fsid: u64,
    /// As attributes tell it.
    pub(super) device: u64,
    pub(super) scheme: Scheme,
    /// The mount by which it was met first. Without it, nobody would know that it ended if another filesystem came to
    /// its place and its number at once.
    pub(super) mount: Option<u64>,
    /// Whether all of it is marked.
    pub(super) covered: bool,
}

/// The filesystems known. Few: looked through one by one.
#[derive(Debug, Default)]
pub(super) struct Devices {
    known: RwLock<Arc<Vec<Device>>>,
}

/// The most filesystems below one root.
const DEVICES_MAX: usize = 256;

impl Devices {
    /// Those known now.
    pub(super) fn snapshot(&self) -> Arc<Vec<Device>> {
        Arc::clone(&self.known.read())
    }

    fn any(&self, which: impl Fn(&Device) -> bool) -> bool {
        self.known.read().iter().any(which)
    }

    pub(super) fn knows(&self, device: u64) -> bool {
        self.any(|known| known.device == device)
    }

    pub(super) fn covers(&self, device: u64) -> bool {
        self.any(|known| known.device == device && known.covered)
    }

    pub(super) fn covered(&self) -> u64 {
        self.known.read().iter().filter(|known| known.covered).count() as u64
    }

    /// Those that were unmounted, as far as the kernel tells.
    pub(super) fn ended(&self) -> Vec<u64> {
        let known = self.snapshot();
        let ended = known.iter().filter(|known| known.mount.is_some_and(|mount| !is_mounted(mount)));
        ended.map(|known| known.device).collect()
    }

    /// # Errors
    /// `EXDEV` if events could not tell it from another one, `ENOSPC` beyond the limit.
    pub(super) fn learn(&self, new: Device) -> Result<()> {
        let mut known = self.known.write();
        if known.iter().any(|old| old.fsid == new.fsid && old.device != new.device) {
            return Err(Errno::XDEV.into());
        }
        if known.iter().any(|old| (old.fsid, old.device) == (new.fsid, new.device)) {
            return Ok(());
        }
        if known.len() >= DEVICES_MAX {
            return Err(Errno::NOSPC.into());
        }
        let list = Arc::make_mut(&mut known);
        // The number is used again for another filesystem.
        list.retain(|old| old.device != new.device);
        list.push(new);
        Ok(())
    }

    pub(super) fn set_covered(&self, device: u64) {
        let mut known = self.known.write();
        if let Some(known) = Arc::make_mut(&mut known).iter_mut().find(|known| known.device == device) {
            known.covered = true;
        }
    }

    /// Forgets these; answers which of them were known.
    pub(super) fn remove(&self, devices: &[u64]) -> Vec<u64> {
        let mut known = self.known.write();
        let gone = known.iter().map(|known| known.device).filter(|device| devices.contains(device)).collect();
        Arc::make_mut(&mut known).retain(|known| !devices.contains(&known.device));
        gone
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(fsid: u64, device: u64) -> Device {
        Device { fsid, device, scheme: Scheme::Short, mount: None, covered: false }
    }

    #[test]
    fn filesystems_that_events_cannot_tell_apart_are_refused() {
        let devices = Devices::default();
        devices.learn(device(1, 10)).unwrap();
        devices.set_covered(10);
        assert_eq!(devices.learn(device(1, 11)).map_err(|error| error.errno()), Err(Errno::XDEV));
        assert!(devices.covers(10) && !devices.knows(11));
    }

    #[test]
    fn a_number_that_is_used_again_is_not_covered() {
        let devices = Devices::default();
        devices.learn(device(1, 10)).unwrap();
        devices.set_covered(10);
        devices.learn(device(1, 10)).unwrap();
        assert!(devices.covers(10), "the same one");
        devices.learn(device(2, 10)).unwrap();
        assert!(devices.knows(10) && !devices.covers(10));
        assert_eq!(devices.remove(&[10, 12]), [10]);
        assert!(!devices.knows(10));
    }
}
