use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cachefs_sys::credentials::set_fsetid;
use rustix::fs::{self, AtFlags, FileType, Mode as RawMode, OFlags, RenameFlags};
use rustix::io::Errno;

use super::file::LocalFile;
use super::impersonate::creating;
use super::node::{Node, impl_vnode};
use super::{attr, listing, open};
use crate::{
    Access, Attr, Cookie, CreateHow, Error, FileKind, Mode, Name, NodeKind, OpenHow, Opened, Owner,
    RemoveKind, RenameHow, Result, Sink, VDir, VFile,
};

/// How often a creation that may also open is tried while somebody removes and makes the name.
const TRIES_MAX: usize = 32;

/// A directory, open for reading or, where that is not allowed, for walking.
#[derive(Debug)]
pub(super) struct LocalDir {
    pub(super) node: Node,
    pub(super) impersonate: bool,
}

impl_vnode!(LocalDir);

impl LocalDir {
    fn node(&self, fd: OwnedFd, by_path: bool, kind: FileKind) -> Node {
        Node { fd, by_path, kind, shared: Arc::clone(&self.node.shared) }
    }

    /// Opens a file that is there. Looking at its kind first spares pipes and devices an opening that others notice;
    /// looking again afterwards makes sure.
    fn open_file(&self, name: Name<'_>, how: OpenHow) -> Result<Opened<LocalFile>> {
        if how.truncate && !how.access.writes() {
            return Err(Errno::INVAL.into());
        }
        let dir = self.node.fd();
        if how.access == Access::Path {
            let fd = open::beneath(dir, name.as_os_str(), open::flags(Access::Path), RawMode::empty())?;
            return self.opened(fd, how);
        }
        check_kind(attr::kind_of_name(dir, name.as_os_str())?)?;
        let mut flags = open::flags(how.access);
        flags.set(OFlags::TRUNC, how.truncate);
        match open::beneath(dir, name.as_os_str(), flags, RawMode::empty()) {
            Err(Errno::AGAIN) => self.open_leased(name, how, flags),
            // A pipe or socket that was swapped in and has nobody at its other end.
            Err(Errno::NXIO) => Err(Error::unsupported()),
            fd => self.opened(fd?, how),
        }
    }

    /// Opens a file whose lease its holder has to give back first, for which the kernel bounds the time.
    fn open_leased(&self, name: Name<'_>, how: OpenHow, flags: OFlags) -> Result<Opened<LocalFile>> {
        let dir = self.node.fd();
        let by_path = open::beneath(dir, name.as_os_str(), open::flags(Access::Path), RawMode::empty())?;
        check_kind(self.node.shared.stat_fd(by_path.as_fd())?.kind)?;
        let fd = open::again(by_path.as_fd(), flags.difference(OFlags::NONBLOCK | OFlags::NOFOLLOW))?;
        self.opened(fd, how)
    }

    fn opened(&self, fd: OwnedFd, how: OpenHow) -> Result<Opened<LocalFile>> {
        let by_path = how.access == Access::Path;
        let mut node = self.node(fd, by_path, FileKind::Regular);
        let attr = node.attr()?;
        if !by_path {
            check_kind(attr.kind)?;
        }
        node.kind = attr.kind;
        Ok(Opened { handle: LocalFile::new(node, how), attr })
    }

    fn create_new(&self, name: Name<'_>, how: CreateHow) -> Result<Opened<LocalFile>> {
        let flags = open::flags(how.open.access) | OFlags::CREATE | OFlags::EXCL;
        let mode = RawMode::from_raw_mode(how.mode.bits());
        let fd = open::beneath(self.node.fd(), name.as_os_str(), flags, mode)?;
        self.opened(fd, how.open)
    }

    fn create_or_open(&self, name: Name<'_>, how: CreateHow) -> Result<Opened<LocalFile>> {
        let mut last = Errno::NOENT;
        for _ in 0..TRIES_MAX {
            match self.create_new(name, how) {
                Err(error) if error.errno() == Errno::EXIST && !how.exclusive => {}
                created => return created,
            }
            match self.open_file(name, how.open) {
                Err(error) if error.is_not_found() => last = error.errno(),
                opened => return opened,
            }
        }
        Err(last.into())
    }

    /// Makes something as its owner and answers its attributes.
    fn make(
        &self,
        name: Name<'_>,
        owner: &Owner,
        mode: Option<Mode>,
        make: impl Fn() -> rustix::io::Result<()>,
    ) -> Result<Attr> {
        creating(self.impersonate, owner, mode, || Ok(make()?))?;
        self.stat(name)
    }

    fn peer(other: &dyn VDir) -> Result<&Self> {
        other.as_any().downcast_ref().ok_or(Error::new(Errno::XDEV))
    }
}

/// Where a symlink leads to; of the descriptor itself if there is no name.
pub(super) fn target(at: BorrowedFd<'_>, name: &OsStr) -> rustix::io::Result<PathBuf> {
    Ok(OsString::from_vec(fs::readlinkat(at, name, Vec::new())?.into_bytes()).into())
}

/// Refuses what is not opened for its bytes.
pub(super) fn check_kind(kind: FileKind) -> Result<()> {
    match kind {
        FileKind::Regular => Ok(()),
        FileKind::Directory => Err(Errno::ISDIR.into()),
        FileKind::Symlink => Err(Errno::LOOP.into()),
        _ => Err(Error::unsupported()),
    }
}

fn shared(opened: Opened<LocalFile>) -> Opened<Arc<dyn VFile>> {
    Opened { handle: Arc::new(opened.handle), attr: opened.attr }
}

impl VDir for LocalDir {
    fn stat(&self, name: Name<'_>) -> Result<Attr> {
        self.node.shared.stat_name(self.node.fd(), name.as_os_str())
    }

    fn dir(&self, name: Name<'_>) -> Result<Opened<Arc<dyn VDir>>> {
        let (fd, by_path) = open::dir(self.node.fd(), name.as_os_str())?;
        let node = self.node(fd, by_path, FileKind::Directory);
        let attr = node.attr()?;
        Ok(Opened { handle: Arc::new(Self { node, impersonate: self.impersonate }), attr })
    }

    fn open(&self, name: Name<'_>, how: OpenHow) -> Result<Opened<Arc<dyn VFile>>> {
        // Nobody has said for whom the file is cut, so it is for the process.
        if how.truncate {
            set_fsetid(true)?;
        }
        self.open_file(name, how).map(shared)
    }

    fn create(&self, name: Name<'_>, how: CreateHow, owner: &Owner) -> Result<Opened<Arc<dyn VFile>>> {
        if how.open.access == Access::Path {
            return Err(Errno::INVAL.into());
        }
        if how.open.truncate {
            set_fsetid(true)?;
        }
        creating(self.impersonate, owner, Some(how.mode), || self.create_or_open(name, how)).map(shared)
    }

    fn make_dir(&self, name: Name<'_>, mode: Mode, owner: &Owner) -> Result<Attr> {
        let mode = RawMode::from_raw_mode(mode.bits());
        self.make(name, owner, None, || fs::mkdirat(self.node.fd(), name.as_os_str(), mode))
    }

    fn make_node(&self, name: Name<'_>, kind: NodeKind, mode: Mode, owner: &Owner) -> Result<Attr> {
        let (file_type, device) = match kind {
            NodeKind::Regular => (FileType::RegularFile, 0),
            NodeKind::Fifo => (FileType::Fifo, 0),
            NodeKind::Socket => (FileType::Socket, 0),
            NodeKind::CharDevice(device) => (FileType::CharacterDevice, device),
            NodeKind::BlockDevice(device) => (FileType::BlockDevice, device),
        };
        let raw = RawMode::from_raw_mode(mode.bits());
        self.make(name, owner, Some(mode), || {
            fs::mknodat(self.node.fd(), name.as_os_str(), file_type, raw, device)
        })
    }

    fn symlink(&self, name: Name<'_>, target: &Path, owner: &Owner) -> Result<Attr> {
        self.make(name, owner, None, || fs::symlinkat(target, self.node.fd(), name.as_os_str()))
    }

    fn read_link(&self, name: Name<'_>) -> Result<PathBuf> {
        Ok(target(self.node.fd(), name.as_os_str())?)
    }

    fn hard_link(&self, name: Name<'_>, to_dir: &dyn VDir, to: Name<'_>) -> Result<Attr> {
        let to_dir = Self::peer(to_dir)?;
        fs::linkat(self.node.fd(), name.as_os_str(), to_dir.node.fd(), to.as_os_str(), AtFlags::empty())?;
        to_dir.stat(to)
    }

    fn remove(&self, name: Name<'_>, kind: RemoveKind) -> Result<()> {
        let flags = match kind {
            RemoveKind::File => AtFlags::empty(),
            RemoveKind::Dir => AtFlags::REMOVEDIR,
        };
        Ok(fs::unlinkat(self.node.fd(), name.as_os_str(), flags)?)
    }

    fn rename(&self, name: Name<'_>, to_dir: &dyn VDir, to: Name<'_>, how: RenameHow) -> Result<()> {
        let (dir, to_dir) = (self.node.fd(), Self::peer(to_dir)?.node.fd());
        let (name, to) = (name.as_os_str(), to.as_os_str());
        let renamed = match how {
            RenameHow::Replace => fs::renameat(dir, name, to_dir, to),
            RenameHow::NoReplace => fs::renameat_with(dir, name, to_dir, to, RenameFlags::NOREPLACE),
            RenameHow::Exchange => fs::renameat_with(dir, name, to_dir, to, RenameFlags::EXCHANGE),
        };
        Ok(renamed?)
    }

    fn read_dir(&self, after: Cookie, sink: &mut Sink<'_>) -> Result<()> {
        listing::read(self.node.fd(), after, sink)
    }

    fn sync(&self) -> Result<()> {
        if self.node.by_path {
            return Ok(fs::fsync(open::same_dir(self.node.fd())?)?);
        }
        Ok(fs::fsync(self.node.fd())?)
    }
}
