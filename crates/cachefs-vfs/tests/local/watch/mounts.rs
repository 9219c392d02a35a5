use std::path::Path;

use rustix::mount::{MountFlags, UnmountFlags, mount, mount_bind, unmount};

use super::*;

/// A filesystem in memory, mounted as long as this lives.
pub(super) struct Mounted(PathBuf);

impl Mounted {
    pub(super) fn at(path: PathBuf) -> Option<Self> {
        Self::new(mount("none", &path, "tmpfs", MountFlags::empty(), None), path)
    }

    /// What is at `what`, a second time.
    fn bound(what: &Path, path: PathBuf) -> Option<Self> {
        Self::new(mount_bind(what, &path), path)
    }

    /// An overlay with its own layers in it.
    pub(super) fn overlay(path: &Path) -> Option<Self> {
        let layers = ["lower", "upper", "work"].map(|name| path.join(name));
        layers.iter().for_each(|layer| std::fs::create_dir(layer).unwrap());
        let [lower, upper, work] = layers.each_ref().map(|layer| layer.display());
        let options = format!("lowerdir={lower},upperdir={upper},workdir={work}");
        let options = std::ffi::CString::new(options).unwrap();
        Self::new(mount("none", path, "overlay", MountFlags::empty(), options.as_c_str()), path.to_path_buf())
    }

    fn new(done: rustix::io::Result<()>, path: PathBuf) -> Option<Self> {
        done.map_err(|error| println!("skipped: mounting is not allowed: {error}")).ok().map(|()| Self(path))
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
fn the_source_is_watched_though_another_mount_of_its_filesystem_ends() {
    for method in METHODS {
        let Some(watched) = Watched::new(method) else { continue };
        watched.sh("mkdir a b");
        let Some(mounted) = Mounted::bound(&watched.path("a"), watched.path("b")) else { return };
        watched.log.wait(|told| told.what == "overflow", "the mount");
        watched.log.clear();
        drop(mounted);
        watched.log.wait(|told| told.what == "overflow", "the unmount");
        assert!(watched.watch.covers(watched.id("sub")), "{method:?}");
        watched.sh("echo x > sub/f");
        watched.expect("made", "sub/f", watched.id("sub/f"));
        watched.expect("data", "sub/f", watched.id("sub/f"));
    }
}

#[test]
fn a_filesystem_mounted_twice_is_watched_though_one_mount_of_it_ends() {
    for method in METHODS {
        let Some(watched) = Watched::new(method) else { continue };
        watched.sh("mkdir inner second");
        let Some(_mounted) = Mounted::at(watched.path("inner")) else { return };
        let second = Mounted::bound(&watched.path("inner"), watched.path("second")).unwrap();
        watched.settle();
        watched.add("inner");
        let inner = watched.dir("inner").attr().unwrap().id;
        drop(second);
        watched.log.wait(|told| told.what == "overflow", "the unmount");
        assert!(watched.watch.covers(inner), "{method:?}");
        watched.sh("echo x > inner/f");
        watched.expect("made", "inner/f", watched.id("inner/f"));
    }
}

#[test]
fn a_filesystem_that_is_mounted_again_is_watched_once_it_is_met_again() {
    for method in METHODS {
        let Some(watched) = Watched::new(method) else { continue };
        watched.sh("mkdir inner");
        let elsewhere = tempfile::tempdir().unwrap();
        let Some(_elsewhere) = Mounted::at(elsewhere.path().to_path_buf()) else { return };
        let mount = || {
            let mounted = Mounted::bound(elsewhere.path(), watched.path("inner")).unwrap();
            watched.log.wait(|told| told.what == "overflow", "the mount");
            watched.log.clear();
            mounted
        };
        let mounted = mount();
        watched.add("inner");
        // Held, so that nothing of it ends with the mount.
        let inner = watched.dir("inner");
        watched.sh("echo x > inner/f");
        watched.expect("made", "inner/f", watched.id("inner/f"));
        drop(mounted);
        watched.log.wait(|told| told.what == "overflow", "the unmount");
        watched.log.clear();
        let _mounted = mount();
        inner.watch(&*watched.watch).unwrap();
        // Lets the watch look at the mounts again.
        let Some(_another) = Mounted::at(watched.path("sub")) else { return };
        watched.log.wait(|told| told.what == "overflow", "the mount");
        assert!(watched.watch.covers(inner.attr().unwrap().id), "{method:?}");
        watched.sh("echo x > inner/g");
        watched.expect("made", "inner/g", watched.id("inner/g"));
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
