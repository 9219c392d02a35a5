use std::path::PathBuf;
use std::sync::Arc;

use super::entries::Entries;
use crate::{Errno, Error, FileKind, Name, Result, VDir};

/// More levels than a path of 4096 bytes can name; each costs a handle.
const DEPTH_MAX: usize = 2048;

/// One of the things a [`Walk`] comes by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalkEntry {
    /// Where, from the root of the filesystem.
    pub path: PathBuf,
    /// What it is.
    pub kind: FileKind,
}

/// What [`super::VfsExt::walk`] finds. Directories that cannot be read come up as errors, and the walk goes on after
/// them; those that vanish meanwhile are passed over.
#[derive(Debug)]
pub struct Walk {
    levels: Vec<Entries>,
    /// Where the last level is.
    path: PathBuf,
    /// A directory that was handed out and comes next.
    into: Option<PathBuf>,
}

impl Walk {
    pub(super) fn new(dir: Arc<dyn VDir>, path: PathBuf) -> Self {
        Self { levels: vec![Entries::of(dir)], path, into: None }
    }

    /// Leaves out what is in the directory that came last.
    pub fn skip_dir(&mut self) {
        self.into = None;
    }

    fn enter(&mut self, path: PathBuf) -> Result<()> {
        let (Some(level), Some(name)) = (self.levels.last(), path.file_name()) else { return Ok(()) };
        if self.levels.len() == DEPTH_MAX {
            return Err(Error::new(Errno::NAMETOOLONG).on("walking", path));
        }
        match level.dir.dir(Name::new(name)?) {
            Ok(opened) => self.levels.push(Entries::of(opened.handle)),
            Err(error) if error.is_not_found() => return Ok(()),
            Err(error) => return Err(error.on("walking", path)),
        }
        self.path = path;
        Ok(())
    }
}

impl Iterator for Walk {
    type Item = Result<WalkEntry>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(path) = self.into.take()
            && let Err(error) = self.enter(path)
        {
            return Some(Err(error));
        }
        loop {
            match self.levels.last_mut()?.next() {
                Some(Ok((name, kind))) => {
                    let path = self.path.join(name);
                    self.into = kind.is_dir().then(|| path.clone());
                    return Some(Ok(WalkEntry { path, kind }));
                }
                Some(Err(error)) => return Some(Err(error.on("walking", &self.path))),
                None => {
                    self.levels.pop();
                    self.path.pop();
                }
            }
        }
    }
}
