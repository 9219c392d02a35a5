use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};

use super::*;

/// A filesystem in memory, mounted as long as this lives.
pub(super) struct Mounted(PathBuf);

impl Mounted {
    pub(super) fn at(path: PathBuf) -> Option<Self> {
        match mount("none", &path, "tmpfs", MountFlags::empty(), None) {
            Ok(()) => Some(Self(path)),
            Err(error) => {
                println!("skipped: mounting is not allowed: {error}");
                None
            }
        }
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        unmount(&self.0, UnmountFlags::DETACH).unwrap();
    }
}

#[test]
fn a_filesystem_mounted_inside_is_watched_once_it_is_met() {
    for method in METHODS {
        let Some(watched) = Watched::new(method) else { continue };
        watched.sh("mkdir inner");
        let Some(_mounted) = Mounted::at(watched.path("inner")) else { return };
        watched.log.wait(|told| told.what == "overflow", "a mount, as an overflow");
        assert!(!watched.watch.covers(watched.dir("inner").attr().unwrap().id));
        watched.add("inner");
        let inner = watched.dir("inner").attr().unwrap().id;
        assert!(watched.watch.covers(inner));
        watched.sh("echo x > inner/f");
        watched.expect("made", "inner/f", watched.id("inner/f"));
        watched.expect("data", "inner/f", watched.id("inner/f"));
    }
}

#[test]
fn a_filesystem_that_is_unmounted_inside_is_covered_no_more() {
    for method in METHODS {
        let Some(watched) = Watched::new(method) else { continue };
        watched.sh("mkdir inner");
        let Some(mounted) = Mounted::at(watched.path("inner")) else { return };
        watched.log.wait(|told| told.what == "overflow", "the mount");
        watched.add("inner");
        let inner = watched.dir("inner").attr().unwrap().id;
        watched.log.clear();
        drop(mounted);
        watched.log.wait(|told| told.what == "overflow", "the unmount");
        let deadline = Instant::now() + PATIENCE;
        while watched.watch.covers(inner) {
            assert!(Instant::now() < deadline, "still covered by {method:?}");
            std::thread::yield_now();
        }
        watched.sh("echo x > f");
        watched.expect("made", "f", watched.id("f"));
    }
}

#[test]
fn mounts_elsewhere_are_nobodys_business() {
    let Some(watched) = Watched::new(WatchMethod::Best) else { return };
    let other = tempfile::tempdir().unwrap();
    let Some(mounted) = Mounted::at(other.path().to_path_buf()) else { return };
    drop(mounted);
    let told = watched.settle();
    assert!(told.iter().all(|told| told.what != "overflow"), "{told:?}");
}
