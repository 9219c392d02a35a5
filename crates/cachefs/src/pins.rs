use std::path::{Path, PathBuf};

use cachefs_vfs::{Access, Errno, Error, FileId, OpenHow, Result, VFile, VfsExt};
use hashbrown::HashMap;

use crate::block::{BlockIndex, block_count};
use crate::engine::Engine;
use crate::file::CacheFile;
use crate::fs::CacheFs;
use crate::meta::Node;
use crate::store::{Room, Store};
use crate::sync::{Arc, Mutex};

/// Bytes read by one call.
const CHUNK: usize = 1 << 20;

/// A file whose contents stay in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pinned {
    /// The name it was pinned by. The pin follows the file, which may have another name by now.
    pub path: PathBuf,
    /// The file.
    pub file: FileId,
    /// Its length in bytes, as far as it is known.
    pub size: Option<u64>,
    /// Memory that its pinned blocks take, in bytes, by the capacity of their frames.
    pub bytes: u64,
}

/// Why a file was not pinned.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PinError {
    /// There is no room for it beside what is pinned.
    #[error(
        "pinning {} takes {wanted} {unit}, and {pinned} of the {max} {unit} for pinned files are promised to others: \
         unpin some, or set a higher limit (pin-max)", path.display()
    )]
    NoRoom {
        /// Which file.
        path: PathBuf,
        /// What it is that is short: bytes or blocks.
        unit: &'static str,
        /// What the file takes.
        wanted: usize,
        /// What others were promised.
        pinned: usize,
        /// The limit.
        max: usize,
    },
    /// It cannot be opened or read, or is no regular file (`EINVAL`).
    #[error(transparent)]
    File(#[from] Error),
}

/// The files that are pinned. Their nodes are held, for what is known of a file goes with its node, and the generation
/// of its blocks is part of that.
#[derive(Debug, Default)]
pub(crate) struct Pins(Mutex<HashMap<FileId, Pin>>);

#[derive(Debug)]
struct Pin {
    node: Arc<Node>,
    path: PathBuf,
}

impl Pins {
    pub(crate) fn has(&self, file: FileId) -> bool {
        self.0.lock().contains_key(&file)
    }
}

impl CacheFs {
    /// Loads the file at `path` (from the root; symlinks are not followed) and keeps it in memory, whatever else is
    /// read, until it is unpinned or gone. The pin belongs to the file: it follows a rename, and ends with the last
    /// name and handle. When others change the file, or it is invalidated, what is read of it anew is pinned anew. If it
    /// grows beyond the limit ([`crate::CacheBuilder::pin_max`]) the rest is cached like any other. Pinned again, it is
    /// measured and loaded again. Blocks as long as the backing takes.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use cachefs::CacheFs;
    /// # use cachefs_vfs::{MemFs, VfsExt};
    /// # let source = Arc::new(MemFs::new());
    /// # source.write("index", &[7; 100])?;
    /// let cache = CacheFs::builder(source).pin_max(1 << 20).build().unwrap();
    /// assert_eq!(cache.pin("index").unwrap().bytes, 1024, "by the capacity of its block");
    /// assert_eq!(cache.pinned().len(), 1);
    /// assert!(cache.unpin("index")?);
    /// # Ok::<(), cachefs_vfs::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`PinError::NoRoom`], and nothing was loaded; what the backing answers, and it is not pinned, or as it was if it
    /// was before.
    pub fn pin(&self, path: impl AsRef<Path>) -> Result<Pinned, PinError> {
        self.pin_with(path, |_| true)
    }

    /// The same, with `progress` told how many bytes were read. When it answers false the file is not pinned, as after
    /// an error: `ECANCELED`.
    ///
    /// # Errors
    /// As [`Self::pin`].
    pub fn pin_with(
        &self,
        path: impl AsRef<Path>,
        progress: impl FnMut(u64) -> bool,
    ) -> Result<Pinned, PinError> {
        let path = path.as_ref();
        let failed = |error: Error| error.on("pinning", path);
        let file = self.open(path, OpenHow::new(Access::Read)).map_err(failed)?;
        let attr = file.attr().map_err(failed)?;
        let node = file.as_any().downcast_ref::<CacheFile>().map(CacheFile::node);
        let Some(node) = node.filter(|_| attr.kind.is_regular()) else {
            return Err(failed(Error::new(Errno::INVAL)).into());
        };
        let engine = self.engine();
        let room = Store::room_of(attr.size);
        let is_new = match engine.pin(node, path, room) {
            Ok(is_new) => is_new,
            // Files that others removed may still have room.
            Err(_) if engine.unpin_gone() => {
                engine.pin(node, path, room).map_err(|taken| engine.no_room(path, room, taken))?
            }
            Err(taken) => return Err(engine.no_room(path, room, taken)),
        };
        engine.keep_here(node, attr.size);
        if let Err(error) = read_all(&*file, attr.size, progress) {
            if is_new {
                engine.unpin(node.id);
            }
            return Err(failed(error).into());
        }
        // What a write put in at the moment of the pin.
        engine.keep_here(node, attr.size);
        let bytes = engine.store.kept_of(node.id).unwrap_or_default().bytes as u64;
        Ok(Pinned { path: path.to_owned(), file: node.id, size: Some(attr.size), bytes })
    }

    /// Lets the file at `path` be evicted like any other; it is not dropped. False if it was not pinned.
    ///
    /// # Errors
    /// Those of [`CacheFs::stat`].
    pub fn unpin(&self, path: impl AsRef<Path>) -> Result<bool> {
        let path = path.as_ref();
        let attr = self.stat(path).map_err(|error| error.on("unpinning", path))?;
        Ok(self.unpin_file(attr.id))
    }

    /// The same by identity, for files that have no name any more.
    pub fn unpin_file(&self, file: FileId) -> bool {
        self.engine().unpin(file)
    }

    /// Whether the file is pinned, and the memory its pinned blocks take, in bytes.
    #[must_use]
    pub fn pinned_bytes(&self, file: FileId) -> Option<u64> {
        self.engine().store.kept_of(file).map(|room| room.bytes as u64)
    }

    /// All files that are pinned, by path.
    #[must_use]
    pub fn pinned(&self) -> Vec<Pinned> {
        let engine = self.engine();
        let mut all: Vec<Pinned> = engine
            .pins
            .0
            .lock()
            .iter()
            .map(|(file, pin)| Pinned {
                path: pin.path.clone(),
                file: *file,
                size: pin.node.state.lock().attr_known().map(|attr| attr.size),
                bytes: engine.store.kept_of(*file).unwrap_or_default().bytes as u64,
            })
            .collect();
        all.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        all
    }
}

impl Engine {
    /// Whether it was not pinned before; or what others were promised.
    fn pin(&self, node: &Arc<Node>, path: &Path, room: Room) -> Result<bool, Room> {
        let mut pins = self.pins.0.lock();
        self.store.keep(node.id, room)?;
        let pin = Pin { node: Arc::clone(node), path: path.to_owned() };
        let before = pins.insert(node.id, pin);
        drop(pins);
        Ok(before.is_none())
    }

    /// Whether it was pinned.
    pub(crate) fn unpin(&self, file: FileId) -> bool {
        let mut pins = self.pins.0.lock();
        let Some(gone) = pins.remove(&file) else { return false };
        self.store.let_go(file);
        drop(pins);
        drop(gone);
        true
    }

    /// Keeps what is here of a file that was pinned.
    fn keep_here(&self, node: &Node, size: u64) {
        let (generation, end) = {
            let state = node.state.lock();
            (state.generation(), state.blocks_end())
        };
        let end = end.max(BlockIndex(block_count(size)));
        self.store.keep_blocks(node.id, generation, BlockIndex(0)..end);
    }

    /// Unpins what has no name any more, asking the backing. Whether there was any.
    fn unpin_gone(&self) -> bool {
        let nodes: Vec<Arc<Node>> = self.pins.0.lock().values().map(|pin| Arc::clone(&pin.node)).collect();
        let is_gone = |node: &Arc<Node>| match self.refresh(node) {
            Ok(attr) => attr.links == 0,
            Err(error) => error.is_not_found() || error.errno() == Errno::STALE,
        };
        nodes.iter().filter(|node| is_gone(node) && self.unpin(node.id)).count() > 0
    }

    fn no_room(&self, path: &Path, wanted: Room, taken: Room) -> PinError {
        let (_, _, max) = self.store.kept();
        let is_bytes = taken.bytes.saturating_add(wanted.bytes) > max.bytes;
        let (unit, pick): (_, fn(Room) -> usize) =
            if is_bytes { ("bytes", |room| room.bytes) } else { ("blocks", |room| room.blocks) };
        let (wanted, pinned, max) = (pick(wanted), pick(taken), pick(max));
        PinError::NoRoom { path: path.to_owned(), unit, wanted, pinned, max }
    }
}

fn read_all(file: &dyn VFile, size: u64, mut progress: impl FnMut(u64) -> bool) -> Result<()> {
    let mut buffer = vec![0; CHUNK.min(usize::try_from(size).unwrap_or(CHUNK))];
    let mut offset = 0;
    while offset < size {
        let count = file.read_at(&mut buffer, offset)?;
        offset += count as u64;
        if !progress(offset) {
            return Err(Error::new(Errno::CANCELED));
        }
        if count < buffer.len() {
            break;
        }
    }
    Ok(())
}
