//! Nothing outside is reached, and nothing blocks.

use std::os::unix::fs::symlink;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use cachefs_vfs::{Access, CreateHow, Errno, Mode, NodeKind, OpenHow, Owner, RenameHow};
use rustix::fs::inotify;

use super::{Fixture, creation, errno, name};

#[test]
fn symlinks_are_never_followed() {
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("secret"), "x").unwrap();
    let fixture = Fixture::new();
    symlink(outside.path(), fixture.dir.path().join("dir")).unwrap();
    symlink(outside.path().join("secret"), fixture.dir.path().join("file")).unwrap();
    symlink(outside.path().join("new"), fixture.dir.path().join("dangling")).unwrap();
    let root = &fixture.root;
    assert_eq!(errno(root.dir(name("dir"))), Some(Errno::NOTDIR));
    for access in [Access::Read, Access::Write, Access::ReadWrite] {
        assert_eq!(errno(root.open(name("file"), OpenHow::new(access))), Some(Errno::LOOP));
    }
    for target in ["file", "dangling"] {
        let how = CreateHow { exclusive: false, ..creation(0o600) };
        assert_eq!(errno(root.create(name(target), how, &Owner::process())), Some(Errno::LOOP));
    }
    assert!(!outside.path().join("new").exists());
    assert_eq!(std::fs::read(outside.path().join("secret")).unwrap(), b"x");
}

#[test]
fn only_regular_files_open_for_their_bytes() {
    let fixture = Fixture::new();
    let path = fixture.dir.path().join("fifo");
    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    std::os::unix::net::UnixListener::bind(fixture.dir.path().join("socket")).unwrap();
    std::fs::create_dir(fixture.dir.path().join("dir")).unwrap();
    let watch = inotify::init(inotify::CreateFlags::NONBLOCK).unwrap();
    inotify::add_watch(&watch, &path, inotify::WatchFlags::OPEN).unwrap();
    for access in [Access::Read, Access::Write, Access::ReadWrite] {
        let open = |path| errno(fixture.root.open(name(path), OpenHow::new(access)));
        assert_eq!(open("fifo"), Some(Errno::OPNOTSUPP));
        assert_eq!(open("socket"), Some(Errno::OPNOTSUPP));
        assert_eq!(open("dir"), Some(Errno::ISDIR));
    }
    let how = CreateHow { exclusive: false, ..creation(0o600) };
    assert_eq!(errno(fixture.root.create(name("fifo"), how, &Owner::process())), Some(Errno::OPNOTSUPP));
    assert_eq!(fixture.open("fifo", Access::Path).attr().unwrap().links, 1);
    let noticed = rustix::io::read(&watch, &mut [0; 256]);
    assert_eq!(noticed, Err(Errno::AGAIN), "who waits at the other end of a pipe must not see it opened");
}

#[test]
fn a_pipe_that_is_swapped_in_neither_blocks_nor_opens() {
    let fixture = Fixture::new();
    let root = &fixture.root;
    fixture.write("a", "");
    root.make_node(name("b"), NodeKind::Fifo, Mode::new(0o600), &Owner::process()).unwrap();
    let done = AtomicBool::new(false);
    let opened: Vec<_> = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                root.rename(name("a"), root.as_ref(), name("b"), RenameHow::Exchange).unwrap();
            }
        });
        let accesses = [Access::Read, Access::Write, Access::ReadWrite].into_iter().cycle().take(3000);
        let attr = |access| root.open(name("a"), OpenHow::new(access)).map(|opened| opened.attr);
        let opened = accesses.map(attr).collect();
        done.store(true, Ordering::Relaxed);
        opened
    });
    for opened in opened {
        match opened {
            Ok(attr) => assert!(attr.kind.is_regular()),
            Err(error) => assert_eq!(error.errno(), Errno::OPNOTSUPP),
        }
    }
}

#[test]
fn creating_is_exclusive_only_if_asked() {
    let fixture = Fixture::new();
    fixture.write("file", "0123");
    assert_eq!(errno(fixture.create("file", 0o600, &Owner::process())), Some(Errno::EXIST));
    let mut how = CreateHow { exclusive: false, ..creation(0o600) };
    let opened = fixture.root.create(name("file"), how, &Owner::process()).unwrap();
    assert_eq!(opened.attr.size, 4);
    how.open.truncate = true;
    let opened = fixture.root.create(name("file"), how, &Owner::process()).unwrap();
    assert_eq!(opened.attr.size, 0);
}

#[test]
fn a_lease_is_waited_for_not_reported() {
    let fixture = Fixture::new();
    fixture.write("file", "x");
    let Some(_holder) = Leased::take(&fixture.dir.path().join("file")) else {
        return println!("skipped: no python3 or no leases");
    };
    assert_eq!(fixture.open("file", Access::ReadWrite).attr().unwrap().size, 1);
}

/// A process that holds a write lease and gives it back as soon as somebody else opens the file.
struct Leased(Child);

impl Leased {
    fn take(path: &std::path::Path) -> Option<Self> {
        const HOLDER: &str = "import fcntl, os, signal, sys
fd = os.open(sys.argv[1], os.O_RDWR)
signal.signal(signal.SIGIO, lambda *_: fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_UNLCK))
fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_WRLCK)
print('ready', flush=True)
sys.stdin.read()";
        let mut child = Command::new("python3")
            .args(["-c", HOLDER])
            .arg(path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let mut ready = [0; 6];
        let read = std::io::Read::read_exact(child.stdout.as_mut()?, &mut ready);
        let holder = Self(child);
        read.ok().map(|()| holder)
    }
}

impl Drop for Leased {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
