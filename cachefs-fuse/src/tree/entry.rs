use std::sync::Arc;
use std::time::{Duration, SystemTime};

use cachefs_vfs::{Attr, OpenHow, Result, Time, VFile};

use super::Tree;
use crate::belief::Stamp;
use crate::handles::Slot;
use crate::inodes::{Moment, NodeId};

/// A file as it was found under a name, about to be shown to the kernel.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) attr: Attr,
    /// Where it was found; `None` where no name led to it.
    pub(crate) link: Option<(NodeId, Box<[u8]>)>,
    /// A moment before it was found, unless nothing can have moved it since.
    pub(super) since: Option<Moment>,
    /// The kernel has the directory locked until the answer is there.
    pub(super) locked: bool,
    /// A handle of the file, for who opens it unseen.
    pub(super) handle: Option<(Arc<dyn VFile>, OpenHow)>,
}

/// A file the kernel has got a reference to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shown {
    pub(crate) node: NodeId,
    /// How long it may believe the attributes.
    pub(crate) attr_ttl: Duration,
    /// How long it may believe that the name stands for the file.
    pub(crate) entry_ttl: Duration,
}

impl Entry {
    pub(super) fn new(attr: Attr, parent: NodeId, name: &[u8]) -> Self {
        Self { attr, link: Some((parent, name.into())), since: None, locked: true, handle: None }
    }
}

impl Tree {
    /// Notes that the kernel is about to get a reference to this file, which it asked for at that moment, and answers
    /// its number. To be called once per answer, when nothing can keep it from being sent any more.
    ///
    /// # Errors
    /// `EIO` if the number belongs to another file by coincidence.
    pub(crate) fn admit(&self, entry: &Entry, asked: Stamp) -> Result<Shown> {
        let link = entry.link.as_ref().map(|(parent, name)| (*parent, &**name));
        let (epochs, id) = (self.belief.epochs(), entry.attr.id);
        // Whichever of them the file has by now, or had when a change of it was told.
        let numbers = [self.inodes.numbering().of(id), NodeId::made_up(id)];
        let renamed = || link.is_some_and(|(parent, name)| epochs.name_moved(parent, name, asked));
        let moved = || entry.since.is_some_and(|moment| !self.moves.quiet_since(moment)) || renamed();
        let stale = || numbers.iter().any(|&number| epochs.node_moved(number, asked)) || renamed();
        let admitted = self.inodes.admit(&entry.attr, link, moved, stale)?;
        if admitted.reused {
            drop(self.handles.remove(admitted.node, || false));
        }
        if let Some((handle, how)) = entry.handle.clone() {
            self.keep(admitted.node, Slot::new(handle, how));
        }
        self.show(admitted.node, &entry.attr);
        let unlocked = !entry.locked && self.belief.is_told();
        let (attr_ttl, entry_ttl) = match admitted.stale || unlocked {
            true => (Duration::ZERO, Duration::ZERO),
            false => {
                let dir = link.and_then(|(parent, _)| self.inodes.identity(parent));
                (self.given_attr(admitted.node, &entry.attr, stale), self.belief.entry(dir))
            }
        };
        match self.may_slip_away(admitted.node, entry) {
            true => Ok(Shown { node: admitted.node, attr_ttl, entry_ttl: Duration::ZERO }),
            false => Ok(Shown { node: admitted.node, attr_ttl, entry_ttl }),
        }
    }

    /// Whether the kernel, which would open the file unseen, has to ask for its name again: others may replace the file
    /// before it is read for the first time, while nobody keeps it.
    fn may_slip_away(&self, node: NodeId, entry: &Entry) -> bool {
        let unheld = self.inodes.is_uncounted() && entry.handle.is_none() && !entry.attr.kind.is_dir();
        unheld && self.handles.file(node).is_none()
    }

    /// How long the kernel may believe that nothing has this name.
    pub(crate) fn negative_ttl(&self, dir: NodeId, name: &[u8], asked: Stamp) -> Duration {
        match self.belief.epochs().name_moved(dir, name, asked) {
            true => Duration::ZERO,
            false => self.belief.negative(self.inodes.identity(dir)),
        }
    }

    /// How long the kernel may believe attributes it asked for.
    pub(crate) fn attr_ttl(&self, node: NodeId, attr: &Attr, asked: Stamp) -> Duration {
        self.given_attr(node, attr, || self.belief.epochs().node_moved(node, asked))
    }

    /// How long the kernel may believe attributes, unless the file `moved` since it asked.
    fn given_attr(&self, node: NodeId, attr: &Attr, moved: impl Fn() -> bool) -> Duration {
        if moved() {
            return Duration::ZERO;
        }
        let time = self.attr_belief(node, attr);
        if time.is_zero() {
            return time;
        }
        self.give_attr(node);
        if moved() { Duration::ZERO } else { time }
    }

    /// How long the kernel may believe what a change through the mount left.
    pub(crate) fn attr_ttl_changed(&self, node: NodeId, attr: &Attr) -> Duration {
        match self.serving.is_written(node) {
            true => Duration::ZERO,
            false => self.belief.attr_changed(attr),
        }
    }

    /// Nothing is believed of what programs may be writing to past us.
    ///
    /// Nor of a file that others are changing, where it may have been opened before they did: the kernel asks before it
    /// reads then, and has the length and the pages of one version.
    fn attr_belief(&self, node: NodeId, attr: &Attr) -> Duration {
        let in_flux =
            self.inodes.is_uncounted() && !attr.kind.is_dir() && self.belief.flux().is_changing(node);
        if in_flux || self.serving.is_written(node) { Duration::ZERO } else { self.belief.attr(attr) }
    }

    /// The number of a file, whether the kernel knows it or not.
    pub(super) fn number(&self, attr: &Attr) -> NodeId {
        self.inodes.number(attr.id)
    }

    /// A hash of the version, above 1; or 0 if its times are so young that other bytes may get the same version.
    pub(super) fn version_hash(&self, attr: &Attr) -> u64 {
        if self.is_weak(attr.mtime) || self.is_weak(attr.ctime) {
            return 0;
        }
        let version = attr.version();
        let parts = [
            version.size,
            version.mtime.seconds.cast_unsigned(),
            u64::from(version.mtime.nanos),
            version.ctime.seconds.cast_unsigned(),
            u64::from(version.ctime.nanos),
            version.tag,
        ];
        let mixed = parts.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, part| {
            (hash.rotate_left(5) ^ part).wrapping_mul(0x9e37_79b9_7f4a_7c15)
        });
        (mixed ^ (mixed >> 32)).max(2)
    }

    fn is_weak(&self, time: Time) -> bool {
        is_younger(time, self.caps.granularity)
    }
}

/// Whether a time lies no longer back than this, or ahead.
pub(super) fn is_younger(time: Time, most: Duration) -> bool {
    let Ok(now) = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH) else { return true };
    let Ok(seconds) = u64::try_from(time.seconds) else { return false };
    let then = Duration::new(seconds, time.nanos);
    now.checked_sub(then).is_none_or(|age| age <= most)
}
