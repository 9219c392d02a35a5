use std::ffi::OsStr;
use std::io::IoSliceMut;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use cachefs_vfs::{
    Access, Attr, Cookie, CreateHow, DirEntry, Errno, Error, Groups, Mode, Name, Object, OpenHow, Owner,
    Privileges, Result, VDir, VFile, VNode, Vfs,
};

use super::expect::{Got, Listed};
use super::op::{At, ByteOp, DIR_SLOTS, FILE_SLOTS, NameOp, NodeOp, Op, PATHS, Place, Spot};

/// What new modes lose.
pub(super) const UMASK: Mode = Mode::new(0o022);

/// The process itself, whatever umask it has.
pub(super) const OWNER: Owner = Owner { uid: None, gid: None, groups: Groups::None, umask: Some(UMASK) };

/// More entries than any directory of the model has: a listing longer than this goes in circles.
const ENTRIES_MAX: usize = 1000;

/// Does operations on the filesystem under test.
#[derive(Debug)]
pub(super) struct Driver<'a> {
    fs: &'a dyn Vfs,
    pub(super) files: [Option<Arc<dyn VFile>>; FILE_SLOTS],
    pub(super) dirs: [Option<Arc<dyn VDir>>; DIR_SLOTS],
}

impl<'a> Driver<'a> {
    pub(super) fn new(fs: &'a dyn Vfs) -> Self {
        Self { fs, files: Default::default(), dirs: Default::default() }
    }

    pub(super) fn apply(&mut self, op: &Op) -> Result<Got> {
        match op {
            Op::Names(op) => self.apply_names(op),
            Op::Bytes(slot, op) => self.apply_bytes(*slot, op),
            Op::Node(at, op) => self.apply_node(*at, op),
            Op::Evict(_) => Ok(Got::Done),
        }
    }

    fn place(&self, place: Place) -> Result<Arc<dyn VDir>> {
        match place {
            Place::Slot(slot) => self.dirs[slot].clone().ok_or(Error::new(Errno::BADF)),
            Place::Path(path) => PATHS[path]
                .iter()
                .try_fold(self.fs.root()?, |dir, name| Ok(dir.dir(Name::new(name)?)?.handle)),
        }
    }

    fn file(&self, slot: usize) -> Result<&dyn VFile> {
        self.files[slot].as_deref().ok_or(Error::new(Errno::BADF))
    }

    fn apply_names(&mut self, op: &NameOp) -> Result<Got> {
        match *op {
            NameOp::OpenDir { spot, slot } => {
                let opened = self.at(spot, |dir, name| dir.dir(name))?;
                self.dirs[slot] = Some(opened.handle);
                Ok(Got::Attr(opened.attr))
            }
            NameOp::CloseDir { slot } => {
                self.dirs[slot] = None;
                Ok(Got::Done)
            }
            NameOp::Create { spot, slot, access, exclusive, truncate, mode } => {
                let open = OpenHow { truncate, ..OpenHow::new(access) };
                let how = CreateHow { open, mode, exclusive };
                self.open(slot, spot, |dir, name| dir.create(name, how, &OWNER))
            }
            NameOp::Open { spot, slot, access, truncate } => {
                let how = OpenHow { truncate, ..OpenHow::new(access) };
                self.open(slot, spot, |dir, name| dir.open(name, how))
            }
            _ => self.apply_plain_names(op),
        }
    }

    fn apply_plain_names(&self, op: &NameOp) -> Result<Got> {
        match *op {
            NameOp::OpenId(spot) => {
                self.at(spot, |dir, name| dir.stat(name)).and_then(|attr| self.open_id(&attr))
            }
            NameOp::Stat(spot) => self.at(spot, |dir, name| dir.stat(name)).map(Got::Attr),
            NameOp::List { place, batch } => list(&*self.place(place)?, batch).map(Got::Entries),
            NameOp::MakeDir { spot, mode } => {
                self.at(spot, |dir, name| dir.make_dir(name, mode, &OWNER)).map(Got::Attr)
            }
            NameOp::MakeNode { spot, kind, mode } => {
                self.at(spot, |dir, name| dir.make_node(name, kind, mode, &OWNER)).map(Got::Attr)
            }
            NameOp::Symlink { spot, target } => {
                self.at(spot, |dir, name| dir.symlink(name, Path::new(target), &OWNER)).map(Got::Attr)
            }
            NameOp::ReadLink(spot) => self.at(spot, |dir, name| dir.read_link(name)).map(Got::Link),
            NameOp::HardLink { from, to } => {
                let (from_dir, to_dir) = (self.place(from.place)?, self.place(to.place)?);
                from_dir.hard_link(Name::new(from.name)?, &*to_dir, Name::new(to.name)?).map(Got::Attr)
            }
            NameOp::Remove { spot, kind } => {
                self.at(spot, |dir, name| dir.remove(name, kind)).map(|()| Got::Done)
            }
            NameOp::Rename { from, to, how } => {
                let (from_dir, to_dir) = (self.place(from.place)?, self.place(to.place)?);
                from_dir.rename(Name::new(from.name)?, &*to_dir, Name::new(to.name)?, how)?;
                Ok(Got::Done)
            }
            NameOp::Sync(place) => self.place(place)?.sync().map(|()| Got::Done),
            NameOp::OpenDir { .. }
            | NameOp::CloseDir { .. }
            | NameOp::Create { .. }
            | NameOp::Open { .. } => Err(Error::unsupported()),
        }
    }

    fn at<T>(&self, spot: Spot, verb: impl FnOnce(&dyn VDir, Name<'_>) -> Result<T>) -> Result<T> {
        verb(&*self.place(spot.place)?, Name::new(spot.name)?)
    }

    fn open(
        &mut self,
        slot: usize,
        spot: Spot,
        verb: impl FnOnce(&dyn VDir, Name<'_>) -> Result<cachefs_vfs::Opened<Arc<dyn VFile>>>,
    ) -> Result<Got> {
        let opened = self.at(spot, verb)?;
        self.files[slot] = Some(opened.handle);
        Ok(Got::Attr(opened.attr))
    }

    fn open_id(&self, attr: &Attr) -> Result<Got> {
        let opened = self.fs.open_id(attr.id)?;
        let attr = match opened.handle {
            Object::Dir(dir) => dir.attr()?,
            Object::File(file) => file.attr()?,
        };
        Ok(Got::Attr(attr))
    }

    fn apply_bytes(&mut self, slot: usize, op: &ByteOp) -> Result<Got> {
        if *op == ByteOp::Close {
            self.files[slot] = None;
            return Ok(Got::Done);
        }
        let file = self.file(slot)?;
        match *op {
            ByteOp::Read { offset, length } => read(file, offset, length),
            ByteOp::ReadMany { offset, lengths } => read_many(file, offset, lengths),
            ByteOp::Write { offset, fill, privileges } => {
                file.write_at(&fill.bytes(), offset, privileges).map(|count| Got::Count(count as u64))
            }
            ByteOp::Append { fill, privileges } => {
                file.append(&fill.bytes(), privileges).map(|count| Got::Count(count as u64))
            }
            ByteOp::SetLen { length, privileges } => file.set_len(length, privileges).map(Got::Attr),
            ByteOp::Allocate { how, offset, length, privileges } => {
                file.allocate(how, offset, length, privileges).map(|()| Got::Done)
            }
            ByteOp::CopyRange { offset, to, to_offset, length } => {
                let to = self.file(to)?;
                file.copy_range(offset, to, to_offset, length, Privileges::Keep).map(Got::Count)
            }
            ByteOp::Seek { offset, to } => file.seek(offset, to).map(Got::Count),
            ByteOp::Sync => file.sync(cachefs_vfs::SyncHow::Data).map(|()| Got::Done),
            ByteOp::Close => Ok(Got::Done),
        }
    }

    fn apply_node(&self, at: At, op: &NodeOp) -> Result<Got> {
        match at {
            At::File(slot) => on_node(self.file(slot)?, op),
            At::Dir(place) => on_node(&*self.place(place)?, op),
            At::Name(spot) => {
                let opened = self.at(spot, |dir, name| dir.open(name, OpenHow::new(Access::Path)))?;
                on_node(&*opened.handle, op)
            }
        }
    }
}

fn on_node<N: VNode + ?Sized>(node: &N, op: &NodeOp) -> Result<Got> {
    match *op {
        NodeOp::Attr => node.attr().map(Got::Attr),
        NodeOp::SetAttr(set) => node.set_attr(&set).map(Got::Attr),
        NodeOp::Xattr(key) => node.xattr(OsStr::new(key)).map(Got::Bytes),
        NodeOp::Xattrs => node.xattrs().map(Got::Keys),
        NodeOp::SetXattr { key, fill, how } => {
            node.set_xattr(OsStr::new(key), &fill.bytes(), how).map(|()| Got::Done)
        }
        NodeOp::RemoveXattr(key) => node.remove_xattr(OsStr::new(key)).map(|()| Got::Done),
    }
}

fn read(file: &dyn VFile, offset: u64, length: usize) -> Result<Got> {
    let mut buffer = vec![0xa5; length];
    let count = file.read_at(&mut buffer, offset)?;
    buffer.truncate(count);
    Ok(Got::Bytes(buffer))
}

fn read_many(file: &dyn VFile, offset: u64, lengths: [usize; 3]) -> Result<Got> {
    let mut parts = lengths.map(|length| vec![0xa5; length]);
    let mut slices: Vec<_> = parts.iter_mut().map(|part| IoSliceMut::new(part)).collect();
    let count = file.read_many(&mut slices, offset)?;
    let mut bytes = parts.concat();
    bytes.truncate(count);
    Ok(Got::Bytes(bytes))
}

/// Lists a directory in calls that take `batch` entries each.
pub(super) fn list(dir: &dyn VDir, batch: usize) -> Result<Vec<Listed>> {
    let mut entries = Vec::new();
    let mut after = Cookie::START;
    loop {
        let start = after;
        let mut left = batch;
        let mut broke = false;
        let mut take = |entry: DirEntry<'_>| {
            if left == 0 {
                broke = true;
                return ControlFlow::Break(());
            }
            left -= 1;
            after = entry.next;
            entries.push(Listed {
                name: entry.name.as_os_str().into(),
                inode: entry.inode,
                kind: entry.kind,
                attr: entry.attr.copied(),
            });
            ControlFlow::Continue(())
        };
        dir.read_dir(start, &mut take)?;
        if !broke || entries.len() > ENTRIES_MAX {
            return Ok(entries);
        }
    }
}
