use std::path::Path;
use std::time::Duration;

use cachefs_vfs::{
    Caps, FileId, FsStat, Object, Opened, Result, VDir, Vfs, Watch, WatchHow, Watcher, nowait,
};

use super::Places;
use super::dir::WriteDir;
use super::name_locks::NameLocks;
use super::shared::Shared;
use crate::core::Core;
use crate::flush::{DrainHow, Drained, Flushers, Progress};
use crate::status::{Pending, Status};
use crate::sync::Arc;

/// A filesystem whose writes return when a journal has them, and reach the backing later.
///
/// Its handles may outlive it; nothing is flushed then but what verbs need. What is dirty as it is dropped stays in
/// the journal, for the next one to go on with.
#[derive(Debug)]
pub struct WriteBack {
    shared: Arc<Shared>,
    _flushers: Flushers,
}

impl WriteBack {
    /// Puts the handles over what is ready to serve.
    pub(crate) fn over(core: Arc<Core>, places: Arc<Places>, flushers: Flushers) -> Self {
        let handles = Arc::clone(&core.handles);
        let shared = Arc::new(Shared { core, places, handles, names: NameLocks::default() });
        Self { shared, _flushers: flushers }
    }

    /// Flushes one file, if it is dirty. Blocks for as long as the backing takes.
    ///
    /// # Errors
    /// Those of the backing; the bytes stay in the journal then.
    pub fn flush_path(&self, path: &Path) -> Result<()> {
        self.shared.core.flush_path(path)
    }

    /// Flushes the file of this identity, if it is dirty. Blocks for as long as the backing takes.
    ///
    /// # Errors
    /// Those of the backing; the bytes stay in the journal then.
    pub fn flush_id(&self, id: FileId) -> Result<()> {
        self.shared.core.flush_id(id)
    }

    /// Flushes all that is dirty at or beneath a path.
    ///
    /// # Errors
    /// The first of those of the files, after all were tried.
    pub fn flush_subtree(&self, path: &Path) -> Result<()> {
        self.shared.core.flush_subtree(path)
    }

    /// Bytes of this file that the backing lacks. Asks nobody.
    #[must_use]
    pub fn dirty_bytes(&self, id: FileId) -> u64 {
        self.shared.core.dirty_bytes(id)
    }

    /// Flushes all that is dirty, for `deadline` at most. Answers what could not be flushed.
    pub fn flush_all(&self, deadline: Option<Duration>, progress: &mut dyn FnMut(&Progress)) -> Drained {
        self.shared.core.flush_all(deadline, progress)
    }

    /// Flushes what is dirty at the call, all of it or what is at or beneath `within`, once. Answers which of it could
    /// not be flushed; what became dirty meanwhile does not count.
    pub fn flush_once(
        &self,
        within: Option<&Path>,
        how: &DrainHow,
        progress: &mut dyn FnMut(&Progress),
    ) -> Drained {
        self.shared.core.flush_once(within, how, progress)
    }

    /// Flushes all that is dirty, also what becomes so meanwhile. Answers what could not be flushed, and stays in the
    /// journal.
    pub fn drain(&self, how: &DrainHow, progress: &mut dyn FnMut(&Progress)) -> Drained {
        self.shared.core.drain(how, progress)
    }

    /// Has `watcher` told, for as long as the caller keeps it, of what nobody else would tell: a file that others
    /// changed while it was dirty is what they made of it from then on, and what was written here lies beside it. Who
    /// watches by [`Vfs::watch`] is told that anyway. It is called by the thread that found out, without a lock.
    pub fn inform(&self, watcher: &Arc<dyn Watcher>) {
        self.shared.core.news.listen(Arc::downgrade(watcher));
    }

    /// How many bytes of a file wait to be written to the backing; `None`: nothing of it does. No I/O.
    #[must_use]
    pub fn waiting_of(&self, file: FileId) -> Option<u64> {
        let file = self.shared.core.table.get(file)?;
        let state = file.state();
        state.is_dirty().then(|| state.extents.bytes())
    }

    /// How things stand. Asks nobody, and does not block.
    #[must_use]
    pub fn status(&self) -> Status {
        self.shared.core.status()
    }

    /// The files that wait to be written to the backing, the oldest first, at most so many. Asks nobody, and does not
    /// block.
    #[must_use]
    pub fn waiting(&self, max: usize) -> Vec<Pending> {
        self.shared.core.waiting(max)
    }
}

impl Vfs for WriteBack {
    fn caps(&self) -> Caps {
        self.shared.core.backing.caps()
    }

    fn root(&self) -> Result<Arc<dyn VDir>> {
        nowait::check()?;
        let root = self.shared.core.backing.root()?;
        let place = self.shared.places.root(root.attr()?.id);
        Ok(WriteDir::wrap(&self.shared, root, place))
    }

    fn stat_fs(&self) -> Result<FsStat> {
        nowait::check()?;
        self.shared.core.backing.stat_fs()
    }

    fn open_id(&self, id: FileId) -> Result<Opened<Object>> {
        nowait::check()?;
        self.shared.found(id)
    }

    fn watch(&self, how: WatchHow, watcher: Arc<dyn Watcher>) -> Result<Arc<dyn Watch>> {
        self.shared.watch(how, watcher)
    }

    fn touched(&self, id: FileId) {
        self.shared.core.backing.touched(id);
    }
}
