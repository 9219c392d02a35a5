//! A filesystem in memory.

use std::sync::{Arc, Weak};

use self::content::PAGE_SIZE;
use self::dir::MemDir;
use self::file::MemFile;
use self::names::Names;
use self::node::{Node, Seed};
use self::shared::Shared;
use self::state::Body;
use crate::{
    Access, Caps, Errno, Error, FileId, FileKind, FsStat, Mode, Object, OpenHow, Opened, Result, VDir, Vfs,
    Watch, WatchHow, Watcher,
};

mod builder;
mod content;
mod create;
mod dir;
mod file;
mod names;
mod node;
mod quota;
mod remove;
mod rename;
mod shared;
mod state;
mod vnode;
mod xattrs;

pub use builder::MemFsBuilder;

/// What a filesystem without limits says it has, in pages and in inodes: programs add these numbers up, so the
/// largest ones would overflow.
const PLENTY: u64 = 1 << 32;

/// A complete filesystem in memory: for tests, examples and as the measure of what a backing can at best cost.
///
/// All verbs work, for any number of threads. Nobody is refused anything: it acts as for root, and ACLs are kept as
/// xattrs without effect. Reading does not change the access time. What an [`crate::Owner`] leaves to the process is
/// what the process was when the filesystem was made. Dropping a `MemFs` frees everything but what open handles
/// hold.
///
/// Every change leaves a time of its own unless [`MemFsBuilder::granularity`] says otherwise, so that equal versions
/// are equal bytes.
///
/// ```
/// use cachefs_vfs::{MemFs, VfsExt};
///
/// let fs = MemFs::new();
/// fs.write("hello.txt", b"Hello")?;
/// assert_eq!(fs.read("hello.txt")?, b"Hello");
/// # Ok::<(), cachefs_vfs::Error>(())
/// ```
// Lock order: the tree lock, then inodes, then an inode's parent or the table of inodes. Without the tree lock a
// thread locks one inode at a time and asks for nothing else while it does, so those with the tree lock may lock
// several in any order.
#[derive(Debug)]
pub struct MemFs {
    shared: Arc<Shared>,
    root: Arc<Node>,
}

impl MemFs {
    /// An empty filesystem without limits, on the clock of the system. The root belongs to the process and has mode
    /// 755.
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// Sets limits and the clock.
    pub fn builder() -> MemFsBuilder {
        MemFsBuilder::default()
    }

    fn with_shared(shared: Arc<Shared>) -> Self {
        let owner = crate::Owner::process();
        let seed = Seed {
            kind: FileKind::Directory,
            body: Body::Dir(Names::default()),
            mode: Mode::new(0o755),
            uid: shared.uid_of(&owner),
            gid: shared.gid_of(&owner),
            parent: Weak::new(),
        };
        shared.inodes.take_some(1);
        let now = shared.now();
        let root = Node::unpaid(&shared, seed, now);
        Self { shared, root }
    }
}

impl Default for MemFs {
    fn default() -> Self {
        Self::new()
    }
}

impl Vfs for MemFs {
    fn caps(&self) -> Caps {
        Caps {
            read_only: false,
            symlinks: true,
            hard_links: true,
            special_files: true,
            xattrs: true,
            acls: false,
            owners: true,
            rename_flags: true,
            allocate: true,
            copy_range: true,
            seek_hole: true,
            open_id: true,
            granularity: self.shared.granularity,
        }
    }

    fn root(&self) -> Result<Arc<dyn VDir>> {
        Ok(Arc::new(MemDir::new(Arc::clone(&self.root))))
    }

    fn stat_fs(&self) -> Result<FsStat> {
        let (pages, inodes) = (&self.shared.pages, &self.shared.inodes);
        let free = pages.free_of(PLENTY);
        Ok(FsStat {
            fragment_size: PAGE_SIZE,
            block_size: PAGE_SIZE,
            blocks: pages.limit().min(PLENTY),
            blocks_free: free,
            blocks_available: free,
            files: inodes.limit().min(PLENTY),
            files_free: inodes.free_of(PLENTY),
            name_max: 255,
        })
    }

    fn open_id(&self, id: FileId) -> Result<Opened<Object>> {
        let stale = Error::new(Errno::STALE);
        if id.device != self.shared.device || !Node::has_generation(id.generation) {
            return Err(stale);
        }
        let node = self.shared.find(id.inode).ok_or(stale)?;
        let attr = node.attr();
        let handle = match node.kind {
            FileKind::Directory => Object::Dir(Arc::new(MemDir::new(node))),
            FileKind::Regular => Object::File(MemFile::open(node, OpenHow::new(Access::ReadWrite))?.handle),
            _ => Object::File(MemFile::open(node, OpenHow::new(Access::Path))?.handle),
        };
        Ok(Opened { handle, attr })
    }

    fn watch(&self, _how: WatchHow, _watcher: Arc<dyn Watcher>) -> Result<Arc<dyn Watch>> {
        Err(Error::unsupported())
    }

    /// Nothing is known here that is not so.
    fn touched(&self, _: FileId) {}
}
