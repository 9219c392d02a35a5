//! A real directory as a filesystem, against what the kernel does with the same directory.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "what fixtures need is as fatal as in a test")]

mod by_id;
mod bytes;
mod confined;
mod listing;
mod owners;
mod path_handles;
mod privileges;
mod tree;
mod watch;

use std::path::Path;
use std::sync::Arc;

use cachefs_vfs::{
    Access, CreateHow, Errno, LocalFs, Mode, Name, OpenHow, Opened, Owner, Result, VDir, VFile, Vfs,
};
use tempfile::TempDir;

/// A directory that goes away with the test, and the filesystem over it.
struct Fixture {
    dir: TempDir,
    fs: LocalFs,
    root: Arc<dyn VDir>,
}

impl Fixture {
    fn new() -> Self {
        Self::over(tempfile::tempdir().unwrap())
    }

    /// In memory, another filesystem than [`Fixture::new`] uses; `None` where there is none.
    fn in_memory() -> Option<Self> {
        Some(Self::over(TempDir::new_in("/dev/shm").ok()?))
    }

    fn over(dir: TempDir) -> Self {
        let fs = LocalFs::open(dir.path()).unwrap();
        let root = fs.root().unwrap();
        Self { dir, fs, root }
    }

    fn impersonating() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let fs = LocalFs::open(dir.path()).unwrap().impersonate(true);
        let root = fs.root().unwrap();
        chmod(dir.path(), 0o777);
        Self { dir, fs, root }
    }

    fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.dir.path().join(path), bytes).unwrap();
    }

    fn read(&self, path: &str) -> Vec<u8> {
        std::fs::read(self.dir.path().join(path)).unwrap()
    }

    fn open(&self, path: &str, access: Access) -> Arc<dyn VFile> {
        self.root.open(name(path), OpenHow::new(access)).unwrap().handle
    }

    fn create(&self, path: &str, mode: u32, owner: &Owner) -> Result<Opened<Arc<dyn VFile>>> {
        self.root.create(name(path), creation(mode), owner)
    }
}

fn creation(mode: u32) -> CreateHow {
    CreateHow { open: OpenHow::new(Access::ReadWrite), mode: Mode::new(mode), exclusive: true }
}

fn name(name: &str) -> Name<'_> {
    Name::new(name).unwrap()
}

fn chmod(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn errno<T>(result: Result<T>) -> Option<Errno> {
    result.err().map(|error| error.errno())
}

/// Whether the test may go on; says so if it may not.
fn is_root() -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        println!("skipped: not root");
    }
    root
}

#[test]
fn opening_says_what_is_wrong_with_which_path() {
    let dir = tempfile::tempdir().unwrap();
    let (file, missing) = (dir.path().join("file"), dir.path().join("missing"));
    std::fs::write(&file, "").unwrap();
    let error = LocalFs::open(&file).unwrap_err();
    assert_eq!(error.errno(), Errno::NOTDIR);
    assert!(error.to_string().contains(&file.display().to_string()), "{error}");
    assert_eq!(errno(LocalFs::open(missing)), Some(Errno::NOENT));
}

#[test]
fn the_filesystem_tells_its_size_and_abilities() {
    let fixture = Fixture::new();
    let (stat, native) = (fixture.fs.stat_fs().unwrap(), rustix::fs::statvfs(fixture.dir.path()).unwrap());
    assert_eq!((u64::from(stat.fragment_size), stat.blocks), (native.f_frsize, native.f_blocks));
    assert_eq!(u64::from(stat.name_max), native.f_namemax);
    assert!(!fixture.fs.caps().read_only);
    assert!(!fixture.fs.caps().owners);
    assert!(fixture.fs.clone().impersonate(true).caps().owners);
}
