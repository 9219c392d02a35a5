//! What changes while the first answer about it, a listing with attributes, is on its way to who asked is not believed
//! to be as it was. The reader's buffer lies in a slow file, so that the kernel has the listing and cannot take it in.

#[expect(dead_code, reason = "shared by several tests, each of which uses a part")]
mod support;
#[expect(dead_code, reason = "shared by several tests, each of which uses a part")]
mod watched;

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::process::{Child, Command};
use std::sync::Arc;

use cachefs_testkit::{CallKind, FaultFs, ReleaseOnDrop, Rule};
use cachefs_vfs::{MemFs, VfsExt};
use support::{MountGuard, PATIENCE, config, eventually};
use watched::{Watched, noticed, told, watched};

/// Lists a directory into a mapping, so that the second entry lies on the second page.
const READER: &str = r#"
import ctypes, mmap, os, sys
slow = os.open(sys.argv[1], os.O_RDONLY)
mapped = mmap.mmap(slow, 8192, access=mmap.ACCESS_COPY)
mapped.madvise(mmap.MADV_RANDOM)
place = ctypes.addressof(ctypes.c_char.from_buffer(mapped)) + 4096 - 72
listed = os.open(sys.argv[2], os.O_RDONLY | os.O_DIRECTORY)
libc = ctypes.CDLL(None, use_errno=True)
getdents64 = int(sys.argv[3])
count = libc.syscall(getdents64, listed, ctypes.c_void_p(place), 4096 + 72)
assert count > 72, (count, ctypes.get_errno())
"#;
const GETDENTS64: &str = if cfg!(target_arch = "x86_64") { "217" } else { "61" };

/// Who lists a directory, and cannot go on before each of two pages is there.
struct Slow {
    _mount: MountGuard,
    first: ReleaseOnDrop,
    second: ReleaseOnDrop,
    reader: Child,
}

impl Slow {
    fn lists(fs: &Watched, dir: &str) -> Self {
        let memory = MemFs::new();
        memory.write("pages", vec![0; 8192].as_slice()).expect("a file");
        let pages = Arc::new(FaultFs::new(Arc::new(memory)));
        let slow =
            MountGuard::new(Arc::clone(&pages) as _, tempfile::tempdir().expect("a directory"), config());
        let nth = |n| pages.add(Rule::on(CallKind::Read).nth(n).hang()).release_on_drop();
        let (first, second) = (nth(1), nth(2));
        let mut command = Command::new("python3");
        command.args(["-c", READER]).arg(slow.at("pages")).arg(fs.at(dir)).arg(GETDENTS64);
        let reader = command.spawn().expect("python3");
        assert!(first.wait_waiting(1, PATIENCE), "the listing is answered, and not yet taken");
        Self { _mount: slow, first, second, reader }
    }

    /// The listing reaches its reader.
    fn ends(mut self) {
        self.first.release();
        self.second.release();
        assert!(self.reader.wait().expect("a child").success());
    }
}

fn filled(memory: &MemFs, dir: &str) {
    for n in 0..20 {
        memory.write(format!("{dir}/filler-{n:030}"), b"").expect("a file");
    }
}

fn attr_notices(fs: &Watched) -> u64 {
    noticed(fs.mount(), cachefs_fuse::NoticeKind::Attr)
}

#[test]
fn a_directory_in_which_a_name_comes() {
    let fs = watched(told(), |memory| {
        memory.create_dir("d").unwrap();
        memory.create_dir("d/a").unwrap();
        filled(memory, "d");
    });
    fs::metadata(fs.at("d")).unwrap();
    let slow = Slow::lists(&fs, "d");
    let before = (fs.outside.stat("d/a").unwrap(), attr_notices(&fs));
    fs.outside.create_dir("d/a/x").unwrap();
    let now = fs.outside.stat("d/a").unwrap();
    assert!(now.links == before.0.links + 1 && now.mtime != before.0.mtime);
    eventually("what needs no waiting", || attr_notices(&fs) > before.1 + 1);
    slow.ends();
    eventually("its attributes", || {
        let seen = fs::metadata(fs.at("d/a")).unwrap();
        seen.nlink() == u64::from(now.links) && seen.mtime_nsec() == i64::from(now.mtime.nanos)
    });
}

#[test]
fn a_file_that_grows() {
    let fs = watched(told(), |memory| {
        memory.create_dir("d").unwrap();
        memory.write("d/a", b"first").unwrap();
        filled(memory, "d");
    });
    fs::metadata(fs.at("d")).unwrap();
    let slow = Slow::lists(&fs, "d");
    let before = attr_notices(&fs);
    fs.outside.append("d/a", b"+").unwrap();
    eventually("what needs no waiting", || attr_notices(&fs) > before);
    slow.ends();
    eventually("its length", || fs::metadata(fs.at("d/a")).unwrap().len() == 6);
}

/// A barrier of the directory it is in by now says nothing of the one where it was found.
#[test]
fn a_file_that_moves_to_another_directory_and_grows() {
    let fs = watched(told(), |memory| {
        memory.create_dir("d1").unwrap();
        memory.create_dir("d2").unwrap();
        memory.write("d1/a", b"first").unwrap();
        filled(memory, "d1");
    });
    fs::metadata(fs.at("d1")).unwrap();
    fs::metadata(fs.at("d2")).unwrap();
    let slow = Slow::lists(&fs, "d1");
    let waits = |what: &str, dir: &dyn Fn()| {
        let before = noticed(fs.mount(), cachefs_fuse::NoticeKind::Data);
        dir();
        // The new directory can be told of at once.
        eventually(what, || noticed(fs.mount(), cachefs_fuse::NoticeKind::Data) > before);
    };
    waits("the move", &|| fs.outside.rename("d1/a", "d2/b").unwrap());
    waits("the change", &|| fs.outside.append("d2/b", b"+++").unwrap());
    let look = fs.faults.add(Rule::on(CallKind::Open).at("d2/b").nth(1).hang_after()).release_on_drop();
    std::thread::scope(|scope| {
        let path = fs.at("d2/b");
        let looker = scope.spawn(move || fs::metadata(path).unwrap().len());
        assert!(look.wait_waiting(1, PATIENCE), "asked for after the change");
        slow.first.release();
        assert!(slow.second.wait_waiting(1, PATIENCE), "the old attributes are there");
        look.release();
        looker.join().unwrap();
    });
    slow.ends();
    eventually("its length", || fs::metadata(fs.at("d2/b")).unwrap().len() == 8);
    assert_eq!(fs::read(fs.at("d2/b")).unwrap(), b"first+++");
}
