use std::ffi::OsString;

use cachefs_vfs::{Error, FileId, Name, Notice, Subject, Touch};

/// A name in a directory.
pub(super) type At = (FileId, OsString);

/// A [`Notice`] that keeps.
#[derive(Clone, Debug)]
pub(super) enum Change {
    Inode { id: Option<FileId>, via: Via, touch: Touch },
    Made { at: At, child: Option<FileId> },
    Removed { at: At, child: Option<FileId> },
    Moved { from: At, to: At, child: Option<FileId> },
    Overflow,
    Lost(Error),
}

/// By which name an inode was reached: the directory, and the name as long as it is there.
#[derive(Clone, Debug, Default)]
pub(super) struct Via {
    pub(super) dir: Option<FileId>,
    pub(super) name: Option<OsString>,
}

impl Change {
    /// An inode changed that was reached by `via`.
    pub(super) const fn inode(id: FileId, via: Via, touch: Touch) -> Self {
        Self::Inode { id: Some(id), via, touch }
    }

    /// An inode changed by what happened to one of its names, of which only those hear who listen to itself.
    pub(super) fn itself(id: FileId, touch: Touch) -> Self {
        Self::inode(id, Via::default(), touch)
    }

    /// Calls `told` with the notice, unless a name in it is none.
    pub(super) fn tell(&self, told: impl FnOnce(&Notice<'_>)) {
        if let Some(notice) = self.notice() {
            told(&notice);
        }
    }

    fn notice(&self) -> Option<Notice<'_>> {
        Some(match self {
            Self::Inode { id, via, touch } => {
                Notice::Inode { whose: Subject { id: *id, at: via.spot() }, touch: *touch }
            }
            Self::Made { at: (dir, name), child } => {
                Notice::Made { dir: *dir, name: Name::new(name).ok()?, child: *child }
            }
            Self::Removed { at: (dir, name), child } => {
                Notice::Removed { dir: *dir, name: Name::new(name).ok()?, child: *child }
            }
            Self::Moved { from, to, child } => Notice::Moved {
                from: (from.0, Name::new(&from.1).ok()?),
                to: (to.0, Name::new(&to.1).ok()?),
                child: *child,
            },
            Self::Overflow => Notice::Overflow,
            Self::Lost(error) => Notice::Lost(error.clone()),
        })
    }
}

impl Via {
    fn spot(&self) -> Option<(FileId, Name<'_>)> {
        Some((self.dir?, Name::new(self.name.as_ref()?).ok()?))
    }
}

impl From<&Notice<'_>> for Change {
    fn from(notice: &Notice<'_>) -> Self {
        let keep = |(dir, name): (FileId, Name<'_>)| (dir, name.as_os_str().to_os_string());
        match notice {
            Notice::Inode { whose, touch } => {
                let (dir, name) = whose.at.map(keep).unzip();
                Self::Inode { id: whose.id, via: Via { dir, name }, touch: *touch }
            }
            Notice::Made { dir, name, child } => Self::Made { at: keep((*dir, *name)), child: *child },
            Notice::Removed { dir, name, child } => Self::Removed { at: keep((*dir, *name)), child: *child },
            Notice::Moved { from, to, child } => {
                Self::Moved { from: keep(*from), to: keep(*to), child: *child }
            }
            Notice::Overflow => Self::Overflow,
            Notice::Lost(error) => Self::Lost(error.clone()),
        }
    }
}
