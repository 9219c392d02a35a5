//! With a real filesystem on the source. For root.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};

use super::{World, leave};
use crate::state_dir::{StateDir, StateError};

/// A tmpfs that is unmounted when dropped.
struct Mounted(PathBuf);

impl Mounted {
    /// `None` where one may not mount.
    fn on(place: PathBuf) -> Option<Self> {
        mount(c"none", &place, c"tmpfs", MountFlags::empty(), c"size=1m").ok()?;
        Some(Self(place))
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        unmount(&self.0, UnmountFlags::DETACH).ok();
    }
}

#[test]
fn bytes_of_a_filesystem_do_not_go_below_its_mount_point() {
    let world = World::new();
    let Some(mounted) = Mounted::on(world.source_path()) else { return };
    leave(world.open().unwrap(), false);
    drop(mounted);
    let refused = world.open().unwrap_err();
    assert!(matches!(refused, StateError::OtherSource { .. }), "{refused:?}");
    let _another = Mounted::on(world.source_path()).unwrap();
    let refused = world.open().unwrap_err();
    assert!(matches!(refused, StateError::OtherSource { .. }), "another of the same kind: {refused:?}");
}

#[test]
fn a_state_directory_in_memory_says_so() {
    let world = World::new();
    fs::create_dir_all(world.root()).unwrap();
    let Some(_mounted) = Mounted::on(world.root()) else { return };
    fs::set_permissions(world.root(), std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let state = StateDir::open(&world.root(), &world.source(), None, Duration::ZERO, |_| ()).unwrap();
    assert!(state.is_volatile());
}
