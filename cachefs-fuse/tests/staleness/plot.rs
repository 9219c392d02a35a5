//! What the writers work on: one kind of change each, and the count of how often it was made.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Directories the plots lie in, each with plots of all kinds.
pub(crate) const DIRECTORIES: u32 = 4;
/// Where the other names of hard links are, which no reader looks at.
pub(crate) const ELSEWHERE: &str = "elsewhere";

/// How a plot is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    /// Records are added at the end.
    Append,
    /// Other bytes of the same length in the same file.
    Rewrite,
    /// Another file takes the name, by rename.
    Replace,
    /// Cut to nothing and written anew, then cut to half.
    Truncate,
    /// A file that comes and goes.
    Name,
    /// A directory that comes and goes.
    Directory,
    /// A symlink that gets another target, by rename.
    Symlink,
    /// The permission bits.
    Mode,
    /// An extended attribute.
    Xattr,
    /// As `Rewrite`, through a descriptor that stays open and was opened by another name.
    Descriptor,
    /// As `Rewrite`, by a name elsewhere.
    HardLink,
    /// As `Rewrite`, by stores into a mapping that is unmapped afterwards.
    Mapping,
}

impl Kind {
    /// All of them.
    pub(crate) const ALL: [Self; 12] = [
        Self::Append,
        Self::Rewrite,
        Self::Replace,
        Self::Truncate,
        Self::Name,
        Self::Directory,
        Self::Symlink,
        Self::Mode,
        Self::Xattr,
        Self::Descriptor,
        Self::HardLink,
        Self::Mapping,
    ];

    /// How many plots there are of it.
    fn plots(self) -> u32 {
        match self {
            Self::Replace => 8,
            Self::Directory | Self::Symlink | Self::Mode | Self::Xattr => 2,
            _ => 4,
        }
    }

    /// The writer, from 0 to 7, who makes these changes.
    pub(crate) fn writer(self) -> usize {
        match self {
            Self::Append => 0,
            Self::Rewrite => 1,
            Self::Replace => 2,
            Self::Truncate => 3,
            Self::Name | Self::Directory => 4,
            Self::Symlink | Self::Mode | Self::Xattr => 5,
            Self::Descriptor | Self::HardLink => 6,
            Self::Mapping => 7,
        }
    }

    /// Whether bytes change under a reader's eyes, so that even the plain directory gives mixes.
    pub(crate) fn in_place(self) -> bool {
        use Kind::{Append, Descriptor, HardLink, Mapping, Name, Rewrite, Truncate};
        matches!(self, Append | Rewrite | Truncate | Name | Descriptor | HardLink | Mapping)
    }

    /// Whether there are bytes to read.
    pub(crate) fn has_bytes(self) -> bool {
        self.in_place() || self == Self::Replace
    }

    /// Whether the name is there at any moment.
    pub(crate) fn stays(self) -> bool {
        !matches!(self, Self::Name | Self::Directory)
    }

    /// Whether the change ends with a close, or is one of names and attributes: what close-to-open promises to show.
    pub(crate) fn closes(self) -> bool {
        self != Self::Descriptor
    }
}

/// A file, link or directory that one writer changes, again and again.
#[derive(Debug)]
pub(crate) struct Plot {
    /// Its number.
    pub(crate) id: u32,
    /// How it is changed.
    pub(crate) kind: Kind,
    /// Its directory, from the root of the tree.
    pub(crate) directory: String,
    /// Its name there.
    pub(crate) name: String,
    begun: AtomicU64,
    done: AtomicU64,
    /// When each of the last versions was done, in nanoseconds since the start.
    times: Vec<AtomicU64>,
}

/// Versions whose time is remembered.
const TIMES: u64 = 256;

impl Plot {
    /// All plots but those of some kinds, in their first version.
    pub(crate) fn all(without: &[Kind]) -> Vec<Self> {
        let chosen = Kind::ALL.into_iter().filter(|kind| !without.contains(kind));
        let kinds = chosen.flat_map(|kind| (0..kind.plots()).map(move |number| (kind, number)));
        (0..).zip(kinds).map(|(id, (kind, number))| Self::new(id, kind, number)).collect()
    }

    fn new(id: u32, kind: Kind, number: u32) -> Self {
        let name = format!("{}-{number}", format!("{kind:?}").to_lowercase());
        let directory = format!("t{}", number % DIRECTORIES);
        let times = (0..TIMES).map(|_| AtomicU64::new(0)).collect();
        Self { id, kind, directory, name, begun: AtomicU64::new(0), done: AtomicU64::new(0), times }
    }

    /// Where it is below `root`.
    pub(crate) fn path(&self, root: &Path) -> PathBuf {
        root.join(&self.directory).join(&self.name)
    }

    /// Its other name, for hard links.
    pub(crate) fn elsewhere(&self, root: &Path) -> PathBuf {
        root.join(ELSEWHERE).join(&self.name)
    }

    /// Says that the next version is on its way; answers its number.
    pub(crate) fn begin(&self) -> u64 {
        self.begun.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// Says that this version is there.
    pub(crate) fn finish(&self, version: u64, start: Instant) {
        let at = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.times[usize::try_from(version % TIMES).unwrap()].store(at, Ordering::SeqCst);
        self.done.store(version, Ordering::SeqCst);
    }

    /// No later version can be seen by now.
    pub(crate) fn begun(&self) -> u64 {
        self.begun.load(Ordering::SeqCst)
    }

    /// No earlier version should be seen from now on.
    pub(crate) fn done(&self) -> u64 {
        self.done.load(Ordering::SeqCst)
    }

    /// For how long `version` had been outdated at `now`, at least.
    pub(crate) fn outdated_for(&self, version: u64, now: Duration) -> Duration {
        let next = (version + 1).max((self.begun() + 2).saturating_sub(TIMES));
        let since = self.times[usize::try_from(next % TIMES).unwrap()].load(Ordering::SeqCst);
        now.saturating_sub(Duration::from_nanos(since))
    }

    /// Records a version has: fixed, but for files that are replaced.
    pub(crate) fn records(&self, version: u64) -> u32 {
        match self.kind {
            Kind::Replace => {
                let chosen = (u64::from(self.id) + version).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
                let most = if chosen.is_multiple_of(4) { 3000 } else { 100 };
                1 + u32::try_from(chosen / 4 % most).unwrap()
            }
            Kind::Rewrite => 16384,
            Kind::Truncate => 1 + self.id % 3 * 700 + 40,
            Kind::Name => 20,
            _ => 1500,
        }
    }
}
