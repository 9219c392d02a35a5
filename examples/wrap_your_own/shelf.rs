use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use cachefs_vfs::{Attr, Errno, Error, FileId, FileKind, Mode, Result, Time};
use parking_lot::Mutex;

/// Your own filesystem: whole paths in, bytes out. Directories are there as long as something is in them.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    pub(crate) books: Mutex<HashMap<PathBuf, Book>>,
    /// Numbers books and changes; never used twice.
    counter: AtomicU64,
    /// How often somebody asked for bytes.
    pub(crate) gets: AtomicU64,
}

/// A file: its bytes, its number for life, and a tag that changes with the bytes, as an etag does.
#[derive(Clone, Debug)]
pub(crate) struct Book {
    pub(crate) bytes: Vec<u8>,
    number: u64,
    tag: u64,
}

impl Shelf {
    fn next(&self) -> u64 {
        self.counter.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(crate) fn put(&self, path: &Path, bytes: Vec<u8>) {
        let tag = self.next();
        let mut books = self.books.lock();
        let number = books.get(path).map_or(tag, |book| book.number);
        books.insert(path.to_path_buf(), Book { bytes, number, tag });
    }

    pub(crate) fn get<T>(&self, path: &Path, read: impl FnOnce(&Book) -> T) -> Result<T> {
        self.gets.fetch_add(1, Ordering::Relaxed);
        self.books.lock().get(path).map(read).ok_or(Error::new(Errno::NOENT))
    }

    pub(crate) fn edit<T>(&self, path: &Path, edit: impl FnOnce(&mut Vec<u8>) -> T) -> Result<T> {
        let tag = self.next();
        let mut books = self.books.lock();
        let book = books.get_mut(path).ok_or(Error::new(Errno::NOENT))?;
        book.tag = tag;
        Ok(edit(&mut book.bytes))
    }

    pub(crate) fn attr(&self, path: &Path) -> Result<Attr> {
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
