use std::any::Any;

use cachefs_vfs::{Error, FileId, Result, Watch, WatchMethod, WatchUsage, Watcher};

use super::listeners::ListenerId;
use crate::engine::Engine;
use crate::sync::Arc;

/// A watch of the cache: by the time a notice comes through it, the cache answers what is true after it.
#[derive(Debug)]
pub(crate) struct CacheWatch {
    engine: Arc<Engine>,
    listener: ListenerId,
}

impl CacheWatch {
    /// # Errors
    /// `EOPNOTSUPP` if the cache does not watch its backing; why its watch is over, if it is.
    pub(crate) fn new(engine: &Arc<Engine>, watcher: Arc<dyn Watcher>) -> Result<Self> {
        if !engine.freshness.is_watched() {
            return Err(Error::unsupported().on("watching a cache that is not told of changes:", "/"));
        }
        let listeners = &engine.lookout.listeners;
        let _turn = listeners.turn();
        match engine.lookout.lost() {
            Some(error) => Err(error.clone()),
            None => Ok(Self { engine: Arc::clone(engine), listener: listeners.add(watcher) }),
        }
    }
}

impl Engine {
    /// # Errors
    /// `EOPNOTSUPP` if the watch is not of this cache.
    pub(crate) fn check_watch(&self, watch: &dyn Watch) -> Result<()> {
        let watch = watch.as_any().downcast_ref::<CacheWatch>();
        let is_ours = watch.is_some_and(|watch| std::ptr::eq(&*watch.engine, self));
        if is_ours { Ok(()) } else { Err(Error::unsupported()) }
    }
}

impl Watch for CacheWatch {
    fn covers(&self, id: FileId) -> bool {
        let Some(node) = self.engine.nodes.peek(id) else { return false };
        let (covered, is_dir) = {
            let state = node.state.lock();
            (
                state.is_covered(&self.engine.freshness),
                state.attr_known().is_some_and(|attr| attr.kind.is_dir()),
            )
        };
        let engine = &self.engine;
        covered && (!is_dir || engine.lookout.is_whole() || engine.is_covered_at(&node, engine.stamps.now()))
    }

    fn covers_names(&self, dir: FileId) -> bool {
        let engine = &self.engine;
        let node = engine.nodes.peek(dir).filter(|_| !engine.freshness.is_lost());
        node.is_some_and(|node| engine.is_covered_at(&node, engine.stamps.now()))
    }

    fn method(&self) -> WatchMethod {
        self.engine.lookout.method()
    }

    fn usage(&self) -> WatchUsage {
        self.engine.lookout.watch().map(|watch| watch.usage()).unwrap_or_default()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Drop for CacheWatch {
    fn drop(&mut self) {
        self.engine.lookout.listeners.remove(self.listener);
    }
}
