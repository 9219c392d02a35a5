//! A filesystem that others change.

mod change;
mod dir;
mod file;
mod handles;
mod names;
mod places;
mod post;
mod registration;
mod side;
mod watch;

use std::sync::Arc;

use cachefs_vfs::{
    Caps, Errno, Error, FileId, FsStat, Notice, Object, Opened, Result, VDir, Vfs, Watch, WatchHow,
    WatchMethod, Watcher,
};

use change::Change;
use side::{Shared, Side, SideFs};

/// A filesystem that can be watched, with somebody else in it.
///
/// What is done through it is the work of who has it, and told to nobody. What is done through
/// [`OutsideFs::outside`] is told to the watchers as a real directory would tell it; when a verb of that side
/// returns, its notices were delivered, by a thread of this filesystem. What is done to the filesystem beneath goes
/// unseen, as stores through a mapping do.
///
/// Interceptors that are to strike only one side are put above it: a `FaultFs` around an `OutsideFs` leaves those
/// outside alone. A watcher must not make changes from outside while it is told.
///
/// ```
/// use std::sync::{Arc, mpsc};
/// use cachefs_testkit::OutsideFs;
/// use cachefs_vfs::{MemFs, Notice, Vfs, VfsExt, WatchHow, Watcher};
///
/// #[derive(Debug)]
/// struct Names(mpsc::Sender<String>);
/// impl Watcher for Names {
///     fn notice(&self, notice: &Notice<'_>) {
///         if let Notice::Made { name, .. } = notice {
///             self.0.send(name.to_string()).unwrap();
///         }
///     }
/// }
///
/// let fs = OutsideFs::new(Arc::new(MemFs::new()));
/// let (made, names) = mpsc::channel();
/// let watch = fs.watch(WatchHow::default(), Arc::new(Names(made)))?;
/// fs.write("mine", b"")?;
/// fs.outside().write("theirs", b"")?;
/// drop(watch);
/// assert_eq!(names.into_iter().collect::<Vec<_>>(), ["theirs"]);
/// # Ok::<(), cachefs_vfs::Error>(())
/// ```
#[derive(Debug)]
pub struct OutsideFs {
    inside: SideFs,
}

impl OutsideFs {
    /// `inner`, of which nobody is told yet.
    #[must_use]
    pub fn new(inner: Arc<dyn Vfs>) -> Self {
        Self { inside: SideFs { shared: Arc::new(Shared::new(inner)), side: Side::Inside } }
    }

    /// The same tree as others have it.
    #[must_use]
    pub fn outside(&self) -> Arc<dyn Vfs> {
        Arc::new(SideFs { shared: Arc::clone(&self.inside.shared), side: Side::Outside })
    }

    /// By what means watches to come work that ask for the best. At first it is [`WatchMethod::Filesystem`], which
    /// covers whatever is on the device of the root; by the others, what [`cachefs_vfs::VNode::watch`] is called
    /// for. Opens are told of where that was called, by all but [`WatchMethod::Inotify`], which in turn also tells
    /// of what is done inside, and knows by identity only what it was called for.
    pub fn scope(&self, method: WatchMethod) {
        *self.shared().scope.lock() = method;
    }

    /// From here on notices wait, and nobody outside waits for their delivery.
    pub fn hold(&self) {
        self.shared().post.hold(true);
    }

    /// Delivers what was held, in order, and waits until it is.
    pub fn release(&self) {
        self.shared().post.hold(false);
        self.settle();
    }

    /// Waits until all notices were delivered, those of changes from inside included; not for those that are held.
    pub fn settle(&self) {
        self.shared().post.settle();
    }

    /// Drops the notices that wait, and tells of that.
    pub fn overflow(&self) {
        let number = self.shared().post.overflow();
        self.shared().post.wait(number);
    }

    /// Ends all watches there are, with nothing more told than this.
    #[expect(clippy::needless_pass_by_value, reason = "the error is made for the call")]
    pub fn lose(&self, why: Error) {
        let number = self.shared().post.lose(&why);
        self.shared().post.wait(number);
    }

    /// Tells of something that may never have happened, to whom it would concern.
    #[expect(clippy::needless_pass_by_value, reason = "the notice is made for the call")]
    pub fn tell(&self, notice: Notice<'_>) {
        match &notice {
            Notice::Overflow => self.overflow(),
            Notice::Lost(why) => self.lose(why.clone()),
            notice => self.shared().tell(Side::Outside, &[Change::from(notice)]),
        }
    }

    /// What [`cachefs_vfs::VFile::has_writer`] answers of this file from here on. Unless said, it answers whether
    /// either side has it open for writing.
    pub fn set_writer(&self, id: FileId, writer: bool) {
        self.shared().handles.say(id, writer);
    }

    /// From here on, [`cachefs_vfs::VNode::watch`] fails with this, if with anything.
    pub fn refuse_cover(&self, errno: Option<Errno>) {
        *self.shared().refusal.lock() = errno;
    }

    /// What [`cachefs_vfs::VNode::watch`] was called for, of all watches, in order.
    #[must_use]
    pub fn covered(&self) -> Vec<FileId> {
        let watches = self.shared().post.registered();
        let mut covered: Vec<_> = watches.iter().flat_map(|watch| watch.covered()).collect();
        covered.sort_unstable();
        covered.dedup();
        covered
    }

    /// How many watches there are.
    #[must_use]
    pub fn watchers(&self) -> usize {
        self.shared().post.registered().len()
    }

    fn shared(&self) -> &Shared {
        &self.inside.shared
    }
}

impl Vfs for OutsideFs {
    fn caps(&self) -> Caps {
        self.inside.caps()
    }

    fn root(&self) -> Result<Arc<dyn VDir>> {
        self.inside.root()
    }

    fn stat_fs(&self) -> Result<FsStat> {
        self.inside.stat_fs()
    }

    fn open_id(&self, id: FileId) -> Result<Opened<Object>> {
        self.inside.open_id(id)
    }

    fn watch(&self, how: WatchHow, watcher: Arc<dyn Watcher>) -> Result<Arc<dyn Watch>> {
        self.inside.watch(how, watcher)
    }

    fn touched(&self, id: FileId) {
        self.inside.touched(id);
    }
}
