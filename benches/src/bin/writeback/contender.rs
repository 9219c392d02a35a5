use std::fmt;
use std::fs;

use crate::Result;
use crate::cases::{Case, Seen};
use crate::flags::Flags;
use crate::ground::Ground;
use crate::library::Library;
use crate::mounted::Mounted;
use crate::native::Directory;

/// When the backing gets what is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Writing {
    Through,
    Back,
}

/// Who is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contender {
    /// The directory itself.
    Native,
    /// The engine over the directory.
    Library(Writing),
    /// The engine over a slow directory.
    Slow(Writing),
    /// A mount of the directory.
    Mount(Writing),
}

impl fmt::Display for Contender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Native => "native",
            Self::Library(Writing::Through) => "library, through",
            Self::Library(Writing::Back) => "library, back",
            Self::Slow(Writing::Through) => "slow, through",
            Self::Slow(Writing::Back) => "slow, back",
            Self::Mount(Writing::Through) => "mount, through",
            Self::Mount(Writing::Back) => "mount, back",
        })
    }
}

impl Contender {
    /// Measures one case once, in a fresh directory that is removed afterwards.
    pub(crate) fn play(self, case: &Case, flags: &Flags) -> Result<Seen> {
        let guard = tempfile::Builder::new().prefix("writeback").tempdir_in(&flags.dir)?;
        let top = guard.path().canonicalize()?;
        let at = |name: &str| top.join(name);
        for name in ["source", "mount", "state"] {
            fs::create_dir(at(name))?;
        }
        (case.prepare)(&at("source"), &flags.sizes)?;
        // What was prepared must not be written to the disk while it is measured.
        rustix::fs::syncfs(fs::File::open(at("source"))?)?;
        let dirty_max = (case.dirty_max)(&flags.sizes);
        let ground: Box<dyn Ground> = match self {
            Self::Native => Box::new(Directory(at("source"))),
            Self::Library(writing) => {
                Box::new(Library::new(&at("source"), &at("state"), false, writing, dirty_max)?)
            }
            Self::Slow(writing) => {
                Box::new(Library::new(&at("source"), &at("state"), true, writing, dirty_max)?)
            }
            Self::Mount(writing) => Box::new(Mounted::start(&top, writing, dirty_max, flags)?),
        };
        (case.measure)(&*ground, &flags.sizes)
    }
}
