use std::sync::Weak;

use cachefs_vfs::{
    Access, Attr, Caps, Errno, Error, FileId, FsStat, Object, OpenHow, Opened, Result, VDir, Vfs, Watch,
    WatchHow, Watcher,
};
use cachefs_writeback::WriteBack;

use crate::builder::CacheBuilder;
use crate::coherence::{CacheWatch, Coherence, CoherenceStatus, Intake, Ticker};
use crate::dir::CacheDir;
use crate::engine::Engine;
use crate::error::BuildError;
use crate::file::CacheFile;
use crate::handle::{Held, Home, Own, Pin};
use crate::meta::Node;
use crate::stats::{BackingVerb, DetailedStats, Snapshot};
use crate::sync::Arc;
use crate::workers::Workers;

/// A cache over a filesystem, and a filesystem itself. Cheap to clone; clones are the same cache.
///
/// What was read, looked up or listed once is answered from memory until its lifetime is over; then it is checked
/// with the backing, and bytes stay where the file has not changed. Writes go to the backing before they return.
/// Changes made through the cache are seen at once by all who use it, changes made behind its back within the
/// lifetime. [`Vfs::watch`] tells of the latter only: a mount of the cache does not learn of what is changed past it.
///
/// Inside [`cachefs_vfs::nowait::scope`] a verb answers what is in memory and `EWOULDBLOCK` for the rest.
#[derive(Clone, Debug)]
pub struct CacheFs(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    engine: Arc<Engine>,
    /// Its handle cannot be had again where the backing finds nothing by identity.
    root: Pin,
    /// Not part of the engine: their jobs hold that, and the last one must not find itself waiting for itself.
    workers: Workers,
    intake: Arc<Intake>,
    /// What it lies over, as far as it was told.
    write_back: Option<Arc<WriteBack>>,
    /// Where there is a watch.
    _ticker: Option<Ticker>,
}

/// A cache that may be gone.
#[derive(Debug)]
pub(crate) struct WeakFs(Weak<Inner>);

impl WeakFs {
    pub(crate) fn upgrade(&self) -> Option<CacheFs> {
        self.0.upgrade().map(CacheFs)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // Here and not with the engine, which a notice under way may be the last to hold.
        self.engine.lookout.close();
    }
}

impl CacheFs {
    /// Begins to set up a cache over `backing`.
    pub fn builder(backing: Arc<dyn Vfs>) -> CacheBuilder {
        CacheBuilder::new(backing)
    }

    pub(crate) fn new(engine: Engine, write_back: Option<Arc<WriteBack>>) -> Result<Self, BuildError> {
        let (queue_max, threads) = (engine.config.queue_max(), engine.config.workers);
        let workers = Workers::new(threads, queue_max, &engine.stats).map_err(BuildError::Thread)?;
        let engine = Arc::new(engine);
        let intake = Intake::of(&engine);
        let mut ticker = None;
        if let Coherence::Watch(how) = engine.config.coherence {
            engine.lookout.prepare(&engine.stats).map_err(BuildError::Thread)?;
            intake.begin(&engine, how).map_err(BuildError::Watch)?;
            let period = engine.config.recheck;
            ticker = (!period.is_zero())
                .then(|| Ticker::start(&engine, period))
                .transpose()
                .map_err(BuildError::Thread)?;
        }
        let root = open_root(&engine).inspect_err(|_| engine.lookout.close()).map_err(BuildError::Root)?;
        let cache = Self(Arc::new(Inner { engine, root, workers, intake, write_back, _ticker: ticker }));
        cache.write_back().iter().for_each(|write_back| write_back.inform(&cache.intake()));
        Ok(cache)
    }

    /// How changes by others are met at the moment.
    #[must_use]
    pub fn coherence(&self) -> CoherenceStatus {
        self.engine().coherence()
    }

    /// Takes notices of changes, whatever the [`Coherence`]: what it is told of, the cache asks the backing for again,
    /// and hands on to who watches it. For [`WriteBack::inform`](crate::write_back::WriteBack::inform). The cache keeps
    /// it as long as it lives; it does not keep the cache.
    #[must_use]
    pub fn intake(&self) -> Arc<dyn Watcher> {
        Arc::<Intake>::clone(&self.0.intake)
    }

    /// Looks now at the files that others may have open for writing, which is done once a second otherwise. Blocks as
    /// long as the backing takes.
    pub fn recheck(&self) {
        self.engine().recheck_writers();
    }

    /// What happened up to now.
    #[must_use]
    pub fn stats(&self) -> Snapshot {
        self.engine().stats.snapshot()
    }

    /// The same, with what is held, and how long calls to the backing took. Costs a few microseconds; reads that hit
    /// cost the same whether this is asked for or not.
    #[must_use]
    pub fn detailed_stats(&self) -> DetailedStats {
        let stats = self.stats();
        let latencies = stats.latencies();
        DetailedStats { stats, usage: self.usage(), latencies }
    }

    pub(crate) fn engine(&self) -> &Arc<Engine> {
        &self.0.engine
    }

    pub(crate) fn workers(&self) -> &Workers {
        &self.0.workers
    }

    pub(crate) fn write_back(&self) -> Option<&Arc<WriteBack>> {
        self.0.write_back.as_ref()
    }

    /// The cache, for as long as somebody else keeps it.
    pub(crate) fn downgrade(&self) -> WeakFs {
        WeakFs(Arc::downgrade(&self.0))
    }

    pub(crate) fn root_node(&self) -> &Arc<Node> {
        self.0.root.node()
    }

    pub(crate) fn root_dir(&self) -> CacheDir {
        CacheDir::new(self, self.root_node())
    }

    fn wrap(&self, opened: Object, attr: &Attr, node: &Arc<Node>) -> Object {
        match opened {
            Object::Dir(dir) => {
                let handle = CacheDir::new(self, node);
                node.io().slots().put_dir(dir);
                self.engine().handles.touch(node);
                Object::Dir(Arc::new(handle))
            }
            Object::File(file) => {
                let access = if attr.kind.is_regular() { Access::ReadWrite } else { Access::Path };
                let held = Held::new(self, node, access);
                let own = Own::new(self.engine(), file);
                Object::File(Arc::new(CacheFile::new(held, OpenHow::new(access), Some(own))))
            }
        }
    }
}

impl Home for CacheFs {
    fn engine(&self) -> &Arc<Engine> {
        &self.0.engine
    }
}

/// Opens the top directory, for good.
fn open_root(engine: &Engine) -> Result<Pin> {
    let asked = engine.asked();
    let dir = engine.backing.call(BackingVerb::Root, || engine.backing.fs.root())?;
    let attr = engine.backing.call(BackingVerb::Attr, || dir.attr())?;
    if !attr.kind.is_dir() {
        return Err(Error::new(Errno::NOTDIR));
    }
    let node = engine.adopt(&attr, asked);
    node.io().slots().put_dir(dir);
    if engine.freshness.is_watched() {
        // Asked for before it was watched.
        engine.cover_own(&node);
        engine.refresh(&node)?;
    }
    Ok(Pin::new(&node))
}

impl Vfs for CacheFs {
    fn caps(&self) -> Caps {
        *self.engine().backing.caps()
    }

    fn root(&self) -> Result<Arc<dyn VDir>> {
        Ok(Arc::new(self.root_dir()))
    }

    fn stat_fs(&self) -> Result<FsStat> {
        let backing = &self.engine().backing;
        backing.call(BackingVerb::StatFs, || backing.fs.stat_fs())
    }

    fn open_id(&self, id: FileId) -> Result<Opened<Object>> {
        let engine = self.engine();
        let asked = engine.asked();
        let opened = engine.backing.call(BackingVerb::OpenId, || engine.backing.fs.open_id(id))?;
        let node = engine.adopt(&opened.attr, asked);
        Ok(Opened { handle: self.wrap(opened.handle, &opened.attr, &node), attr: opened.attr })
    }

    /// What the backing's watch tells the cache, each notice when the cache knows it. The method was chosen when the
    /// cache was built.
    fn watch(&self, _: WatchHow, watcher: Arc<dyn Watcher>) -> Result<Arc<dyn Watch>> {
        Ok(Arc::new(CacheWatch::new(self.engine(), watcher)?))
    }

    fn touched(&self, id: FileId) {
        self.engine().touched(id);
        self.engine().backing.fs.touched(id);
    }
}
