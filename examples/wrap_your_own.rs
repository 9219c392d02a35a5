//! Puts a cache over a filesystem of your own, one that knows nothing but paths.
//!
//! `Shelf` stands for your type: a map from paths to bytes, as an object store has it. `ShelfFs` and `Place` make it
//! a [`Vfs`] by joining the directory's path and the name; what it can't do it answers with `Error::unsupported`.
//!
//! `cargo run -p cachefs-examples --example wrap_your_own`
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::any::Any;
use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::IoSliceMut;
use std::ops::ControlFlow;
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cachefs::CacheFs;
use cachefs_vfs::{
    Access, AllocateHow, Attr, Caps, Cookie, CreateHow, DirEntry, Errno, Error, FileId, FileKind, FsStat,
    Mode, Name, NodeKind, Object, OpenHow, Opened, Owner, Privileges, RemoveKind, RenameHow, Result, SeekTo,
    SetAttr, Sink, SyncHow, Time, VDir, VFile, VNode, Vfs, VfsExt, Watch, WatchHow, Watcher, XattrHow,
};
use parking_lot::Mutex;

/// Your own filesystem: whole paths in, bytes out. Directories are there as long as something is in them.
#[derive(Debug, Default)]
struct Shelf {
    books: Mutex<HashMap<PathBuf, Book>>,
    /// Numbers books and changes; never used twice.
    counter: AtomicU64,
    /// How often somebody asked for bytes.
    gets: AtomicU64,
}

/// A file: its bytes, its number for life, and a tag that changes with the bytes, as an etag does.
#[derive(Clone, Debug)]
struct Book {
    bytes: Vec<u8>,
    number: u64,
    tag: u64,
}

impl Shelf {
    fn next(&self) -> u64 {
        self.counter.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn put(&self, path: &Path, bytes: Vec<u8>) {
        let tag = self.next();
        let mut books = self.books.lock();
        let number = books.get(path).map_or(tag, |book| book.number);
        books.insert(path.to_path_buf(), Book { bytes, number, tag });
    }

    fn get<T>(&self, path: &Path, read: impl FnOnce(&Book) -> T) -> Result<T> {
        self.gets.fetch_add(1, Ordering::Relaxed);
        self.books.lock().get(path).map(read).ok_or(Error::new(Errno::NOENT))
    }

    fn edit<T>(&self, path: &Path, edit: impl FnOnce(&mut Vec<u8>) -> T) -> Result<T> {
        let tag = self.next();
        let mut books = self.books.lock();
        let book = books.get_mut(path).ok_or(Error::new(Errno::NOENT))?;
        book.tag = tag;
        Ok(edit(&mut book.bytes))
    }

    fn attr(&self, path: &Path) -> Result<Attr> {
        let books = self.books.lock();
        if let Some(book) = books.get(path) {
            return Ok(attr_of(FileKind::Regular, book.number, book.bytes.len() as u64, book.tag));
        }
        let there = path.as_os_str().is_empty() || books.keys().any(|other| other.starts_with(path));
        let mut hasher = DefaultHasher::new();
        path.hash(&mut hasher);
        let directory = attr_of(FileKind::Directory, hasher.finish() | 1 << 63, 0, 0);
        there.then_some(directory).ok_or(Error::new(Errno::NOENT))
    }
}

fn attr_of(kind: FileKind, number: u64, size: u64, tag: u64) -> Attr {
    let never = Time::default();
    Attr {
        id: FileId { device: 0, inode: number, generation: 0 },
        kind,
        mode: Mode::new(if kind.is_dir() { 0o755 } else { 0o644 }),
        links: 1,
        uid: 0,
        gid: 0,
        device: 0,
        size,
        blocks: size.div_ceil(512),
        block_size: 4096,
        atime: never,
        mtime: never,
        ctime: never,
        btime: None,
        tag,
    }
}

/// The shelf as a filesystem.
#[derive(Clone, Debug)]
struct ShelfFs {
    shelf: Arc<Shelf>,
}

/// A path on the shelf, as a directory or a file: whatever it is asked to be.
#[derive(Clone, Debug)]
struct Place {
    shelf: Arc<Shelf>,
    path: PathBuf,
}

impl Place {
    /// The one trick: a directory is its path, and a name in it is joined to that.
    fn join(&self, name: Name<'_>) -> Self {
        Self { shelf: Arc::clone(&self.shelf), path: self.path.join(name.as_os_str()) }
    }

    fn opened<T: ?Sized>(self, handle: impl FnOnce(Self) -> Arc<T>) -> Result<Opened<Arc<T>>> {
        let attr = self.shelf.attr(&self.path)?;
        Ok(Opened { handle: handle(self), attr })
    }
}

impl Vfs for ShelfFs {
    fn caps(&self) -> Caps {
        Caps::minimal()
    }

    fn root(&self) -> Result<Arc<dyn VDir>> {
        Ok(Arc::new(Place { shelf: Arc::clone(&self.shelf), path: PathBuf::new() }))
    }

    fn stat_fs(&self) -> Result<FsStat> {
        Err(Error::unsupported())
    }

    fn open_id(&self, _id: FileId) -> Result<Opened<Object>> {
        Err(Error::unsupported())
    }

    fn watch(&self, _how: WatchHow, _watcher: Arc<dyn Watcher>) -> Result<Arc<dyn Watch>> {
        Err(Error::unsupported())
    }
}

impl VNode for Place {
    fn attr(&self) -> Result<Attr> {
        self.shelf.attr(&self.path)
    }

    fn set_attr(&self, _set: &SetAttr) -> Result<Attr> {
        Err(Error::unsupported())
    }

    fn xattr(&self, _key: &OsStr) -> Result<Vec<u8>> {
        Err(Error::unsupported())
    }

    fn xattrs(&self) -> Result<Vec<OsString>> {
        Err(Error::unsupported())
    }

    fn set_xattr(&self, _key: &OsStr, _value: &[u8], _how: XattrHow) -> Result<()> {
        Err(Error::unsupported())
    }

    fn remove_xattr(&self, _key: &OsStr) -> Result<()> {
        Err(Error::unsupported())
    }

    fn watch(&self, _watch: &dyn Watch) -> Result<()> {
        Err(Error::unsupported())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl VDir for Place {
    fn stat(&self, name: Name<'_>) -> Result<Attr> {
        self.join(name).attr()
    }

    fn dir(&self, name: Name<'_>) -> Result<Opened<Arc<dyn VDir>>> {
        let opened = self.join(name).opened(|place| Arc::new(place) as Arc<dyn VDir>)?;
        if opened.attr.kind.is_dir() { Ok(opened) } else { Err(Error::new(Errno::NOTDIR)) }
    }

    fn open(&self, name: Name<'_>, how: OpenHow) -> Result<Opened<Arc<dyn VFile>>> {
        let place = self.join(name);
        if place.attr()?.kind.is_dir() && how.access != Access::Path {
            return Err(Error::new(Errno::ISDIR));
        }
        if how.truncate {
            place.shelf.edit(&place.path, Vec::clear)?;
        }
        place.opened(|place| Arc::new(place) as Arc<dyn VFile>)
    }

    fn create(&self, name: Name<'_>, how: CreateHow, _owner: &Owner) -> Result<Opened<Arc<dyn VFile>>> {
        let place = self.join(name);
        match place.attr() {
            Ok(_) if how.exclusive => return Err(Error::new(Errno::EXIST)),
            Ok(_) => return self.open(name, how.open),
            Err(_) => place.shelf.put(&place.path, Vec::new()),
        }
        place.opened(|place| Arc::new(place) as Arc<dyn VFile>)
    }

    fn make_dir(&self, _name: Name<'_>, _mode: Mode, _owner: &Owner) -> Result<Attr> {
        Err(Error::unsupported())
    }

    fn make_node(&self, _name: Name<'_>, _kind: NodeKind, _mode: Mode, _owner: &Owner) -> Result<Attr> {
        Err(Error::unsupported())
    }

    fn symlink(&self, _name: Name<'_>, _target: &Path, _owner: &Owner) -> Result<Attr> {
        Err(Error::unsupported())
    }

    fn read_link(&self, _name: Name<'_>) -> Result<PathBuf> {
        Err(Error::unsupported())
    }

    fn hard_link(&self, _name: Name<'_>, _to_dir: &dyn VDir, _to: Name<'_>) -> Result<Attr> {
        Err(Error::unsupported())
    }

    fn remove(&self, name: Name<'_>, kind: RemoveKind) -> Result<()> {
        let place = self.join(name);
        match (kind, place.attr()?.kind.is_dir()) {
            (RemoveKind::File, false) => place.shelf.books.lock().remove(&place.path),
            (RemoveKind::File, true) => return Err(Error::new(Errno::ISDIR)),
            (RemoveKind::Dir, true) => return Err(Error::new(Errno::NOTEMPTY)),
            (RemoveKind::Dir, false) => return Err(Error::new(Errno::NOTDIR)),
        };
        Ok(())
    }

    fn rename(&self, name: Name<'_>, to_dir: &dyn VDir, to: Name<'_>, how: RenameHow) -> Result<()> {
        let to_dir = to_dir.as_any().downcast_ref::<Self>().ok_or(Error::new(Errno::XDEV))?;
        if how != RenameHow::Replace || self.stat(name)?.kind.is_dir() {
            return Err(Error::unsupported());
        }
        let mut books = self.shelf.books.lock();
        let book = books.remove(&self.join(name).path).ok_or(Error::new(Errno::NOENT))?;
        books.insert(to_dir.join(to).path, book);
        Ok(())
    }

    fn read_dir(&self, after: Cookie, sink: &mut Sink<'_>) -> Result<()> {
        let mut children: HashMap<OsString, Attr> = HashMap::new();
        let paths: Vec<PathBuf> = self.shelf.books.lock().keys().cloned().collect();
        for path in paths {
            let below = path.strip_prefix(&self.path).ok().and_then(|rest| rest.components().next());
            if let Some(first) = below {
                let child = self.path.join(first);
                children.insert(first.as_os_str().to_os_string(), self.shelf.attr(&child)?);
            }
        }
        // Numbers never change and are never used twice: a listing in their order survives what happens meanwhile.
        let mut children: Vec<_> = children.into_iter().filter(|(_, attr)| attr.id.inode > after.0).collect();
        children.sort_by_key(|(_, attr)| attr.id.inode);
        for (name, attr) in &children {
            let (inode, kind) = (attr.id.inode, Some(attr.kind));
            let name = Name::new(name)?;
            let entry = DirEntry { name, inode, kind, next: Cookie(inode), attr: Some(attr) };
            if sink(entry) == ControlFlow::Break(()) {
                break;
            }
        }
        Ok(())
    }

    fn sync(&self) -> Result<()> {
        Ok(())
    }
}

impl VFile for Place {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        self.shelf.get(&self.path, |book| {
            let rest = book.bytes.get(usize::try_from(offset).unwrap_or(usize::MAX)..).unwrap_or_default();
            let count = rest.len().min(buffer.len());
            buffer[..count].copy_from_slice(&rest[..count]);
            count
        })
    }

    fn read_many(&self, buffers: &mut [IoSliceMut<'_>], offset: u64) -> Result<usize> {
        let mut total = 0;
        for buffer in buffers {
            let count = self.read_at(buffer, offset + total as u64)?;
            total += count;
            if count < buffer.len() {
                break;
            }
        }
        Ok(total)
    }

    fn write_at(&self, data: &[u8], offset: u64, _privileges: Privileges) -> Result<usize> {
        let offset = usize::try_from(offset).map_err(|_| Error::new(Errno::FBIG))?;
        self.shelf.edit(&self.path, |bytes| {
            let end = offset + data.len();
            bytes.resize(bytes.len().max(end), 0);
            bytes[offset..end].copy_from_slice(data);
            data.len()
        })
    }

    fn append(&self, data: &[u8], _privileges: Privileges) -> Result<usize> {
        self.shelf.edit(&self.path, |bytes| bytes.extend_from_slice(data))?;
        Ok(data.len())
    }

    fn set_len(&self, length: u64, _privileges: Privileges) -> Result<Attr> {
        let length = usize::try_from(length).map_err(|_| Error::new(Errno::FBIG))?;
        self.shelf.edit(&self.path, |bytes| bytes.resize(length, 0))?;
        self.attr()
    }

    fn allocate(&self, _: AllocateHow, _offset: u64, _length: u64, _: Privileges) -> Result<()> {
        Err(Error::unsupported())
    }

    fn copy_range(&self, _: u64, _to: &dyn VFile, _: u64, _length: u64, _: Privileges) -> Result<u64> {
        Err(Error::unsupported())
    }

    fn seek(&self, _offset: u64, _to: SeekTo) -> Result<u64> {
        Err(Error::unsupported())
    }

    fn sync(&self, _how: SyncHow) -> Result<()> {
        Ok(())
    }

    fn has_writer(&self) -> Result<bool> {
        Err(Error::unsupported())
    }

    fn as_fd(&self) -> Option<BorrowedFd<'_>> {
        None
    }
}

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let shelf = Arc::new(Shelf::default());
    shelf.put(Path::new("poems/spring.txt"), b"green, green".to_vec());
    shelf.put(Path::new("poems/autumn.txt"), b"gold".to_vec());

    let mine = ShelfFs { shelf: Arc::clone(&shelf) };
    let fs = CacheFs::builder(Arc::new(mine)).memory(16 << 20).build()?;

    for _ in 0..1000 {
        assert_eq!(fs.read("poems/spring.txt")?, b"green, green");
    }
    let gets = shelf.gets.load(Ordering::Relaxed);
    println!("1000 reads through the cache, {gets} asked of the shelf");
    assert_eq!(gets, 1);

    fs.write("poems/spring.txt", b"white")?;
    assert_eq!(fs.read("poems/spring.txt")?, b"white");
    let beneath = shelf.books.lock()[Path::new("poems/spring.txt")].bytes.clone();
    assert_eq!(beneath, b"white", "a write is on the shelf when it returns");

    for entry in fs.list("poems")? {
        println!("{entry:?}");
    }
    println!("{:#?}", fs.usage());
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_does_what_it_says() {
        super::main().unwrap();
    }
}
