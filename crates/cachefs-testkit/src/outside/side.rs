use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};

use cachefs_vfs::{
    Caps, Errno, FileId, FsStat, Object, Opened, Result, VDir, Vfs, Watch, WatchHow, WatchMethod, Watcher,
};
use parking_lot::Mutex;

use super::change::Change;
use super::dir::OutsideDir;
use super::file::OutsideFile;
use super::handles::Handles;
use super::places::Places;
use super::post::Post;
use super::registration::Registration;
use super::watch::OutsideWatch;

/// Who makes a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// Who has the filesystem.
    Inside,
    /// Somebody else.
    Outside,
}

/// What both sides share.
// Lock order: the turn, then any one of the others.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) inner: Arc<dyn Vfs>,
    root: OnceLock<FileId>,
    pub(super) post: Arc<Post>,
    courier: Mutex<Option<JoinHandle<()>>>,
    pub(super) places: Places,
    pub(super) handles: Handles,
    pub(super) scope: Mutex<WatchMethod>,
    /// What [`cachefs_vfs::VNode::watch`] fails with.
    pub(super) refusal: Mutex<Option<Errno>>,
    /// One change of names from outside at a time, so that its notice has its place among the others.
    turn: Mutex<()>,
}

impl Shared {
    pub(super) fn new(inner: Arc<dyn Vfs>) -> Self {
        Self {
            inner,
            root: OnceLock::new(),
            post: Arc::default(),
            courier: Mutex::default(),
            places: Places::default(),
            handles: Handles::default(),
            scope: Mutex::new(WatchMethod::Filesystem),
            refusal: Mutex::default(),
            turn: Mutex::default(),
        }
    }

    fn root_id(&self, root: &dyn VDir) -> Result<FileId> {
        if let Some(id) = self.root.get() {
            return Ok(*id);
        }
        let id = root.attr()?.id;
        Ok(*self.root.get_or_init(|| id))
    }

    /// Tells of what happened; to who changes from outside, the notices are delivered when it returns.
    pub(super) fn tell(&self, side: Side, changes: &[Change]) {
        let number = self.post.send(side, changes);
        self.settle(side, number);
    }

    /// Does `verb`, which changes names, and tells what `changes` makes of its answer.
    pub(super) fn in_turn<T>(
        &self,
        side: Side,
        verb: impl FnOnce() -> Result<T>,
        changes: impl FnOnce(&T) -> Vec<Change>,
    ) -> Result<T> {
        let turn = (side == Side::Outside).then(|| self.turn.lock());
        let answer = verb()?;
        let number = self.post.send(side, &changes(&answer));
        drop(turn);
        self.settle(side, number);
        Ok(answer)
    }

    /// An own change does not wait for its notices: its caller may hold what the watcher needs.
    fn settle(&self, side: Side, number: u64) {
        if side == Side::Outside {
            self.post.wait(number);
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.post.close();
        let courier = self.courier.get_mut().take();
        if let Some(courier) = courier.filter(|courier| courier.thread().id() != thread::current().id()) {
            // A watcher that panicked has said so.
            drop(courier.join());
        }
    }
}

/// The filesystem as one side has it.
#[derive(Debug)]
pub(super) struct SideFs {
    pub(super) shared: Arc<Shared>,
    pub(super) side: Side,
}

impl Vfs for SideFs {
    fn caps(&self) -> Caps {
        self.shared.inner.caps()
    }

    fn root(&self) -> Result<Arc<dyn VDir>> {
        let root = self.shared.inner.root()?;
        let id = self.shared.root_id(&*root)?;
        Ok(Arc::new(OutsideDir::new(&self.shared, self.side, root, id, None)))
    }

    fn stat_fs(&self) -> Result<FsStat> {
        self.shared.inner.stat_fs()
    }

    fn open_id(&self, id: FileId) -> Result<Opened<Object>> {
        let Opened { handle, attr } = self.shared.inner.open_id(id)?;
        let handle = match handle {
            Object::Dir(dir) => {
                Object::Dir(Arc::new(OutsideDir::new(&self.shared, self.side, dir, attr.id, None)))
            }
            Object::File(file) => {
                let writes = attr.kind.is_regular() && attr.mode.bits() & 0o222 != 0;
                Object::File(Arc::new(OutsideFile::new(&self.shared, self.side, file, attr.id, None, writes)))
            }
        };
        Ok(Opened { handle, attr })
    }

    fn watch(&self, how: WatchHow, watcher: Arc<dyn Watcher>) -> Result<Arc<dyn Watch>> {
        let device = self.shared.root_id(&*self.shared.inner.root()?)?.device;
        if let Some(courier) = self.shared.post.start()? {
            *self.shared.courier.lock() = Some(courier);
        }
        let method = match how.method {
            WatchMethod::Best => *self.shared.scope.lock(),
            method => method,
        };
        let registration = Registration::new(watcher, how, method, device);
        Ok(Arc::new(OutsideWatch::new(&self.shared, registration)))
    }

    fn touched(&self, id: FileId) {
        self.shared.inner.touched(id);
    }
}
