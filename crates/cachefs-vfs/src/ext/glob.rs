use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::vec::IntoIter;

use super::entries::Entries;
use super::walk::WalkEntry;
use crate::{FileKind, Name, Result, VDir};

pub use super::pattern::{Pattern, Places};

/// What [`super::VfsExt::glob`] finds. It holds a handle and what matches of each directory on the way to where it
/// is.
#[derive(Debug)]
pub struct Glob {
    pattern: Pattern,
    levels: Vec<Level>,
    /// A directory that was looked at and comes next.
    into: Option<(PathBuf, Places)>,
}

#[derive(Debug)]
struct Level {
    dir: Arc<dyn VDir>,
    path: PathBuf,
    found: IntoIter<Found>,
}

/// A name that matches so far.
#[derive(Debug)]
struct Found {
    name: OsString,
    kind: FileKind,
    places: Places,
}

impl Glob {
    pub(super) fn new(root: Arc<dyn VDir>, pattern: &str) -> Result<Self> {
        let pattern = Pattern::new(pattern)?;
        let level = Level::new(root, PathBuf::new(), &pattern, pattern.start())?;
        Ok(Self { pattern, levels: vec![level], into: None })
    }

    fn enter(&mut self, path: PathBuf, places: Places) -> Result<()> {
        let (Some(level), Some(name)) = (self.levels.last(), path.file_name()) else { return Ok(()) };
        let opened = level.dir.dir(Name::new(name)?)?;
        self.levels.push(Level::new(opened.handle, path, &self.pattern, places)?);
        Ok(())
    }
}

impl Level {
    fn new(dir: Arc<dyn VDir>, path: PathBuf, pattern: &Pattern, places: Places) -> Result<Self> {
        let mut found = Vec::new();
        let mut consider = |name: OsString, kind: FileKind| {
            let places = pattern.step(places, &name, kind.is_dir());
            if pattern.is_match(places) || (kind.is_dir() && pattern.goes_on(places)) {
                found.push(Found { name, kind, places });
            }
        };
        if let Some(names) = pattern.literals(places) {
            for name in names {
                match dir.stat(Name::new(name)?) {
                    Ok(attr) => consider(name.to_owned(), attr.kind),
                    Err(error) if error.is_not_found() => {}
                    Err(error) => return Err(error),
                }
            }
        } else {
            for entry in Entries::of(Arc::clone(&dir)) {
                let (name, kind) = entry?;
                consider(name, kind);
            }
        }
        found.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Self { dir, path, found: found.into_iter() })
    }
}

impl Glob {
    /// As [`Iterator::next`], with what it is: nobody has to ask for that.
    pub fn next_entry(&mut self) -> Option<Result<WalkEntry>> {
        loop {
            if let Some((path, places)) = self.into.take() {
                match self.enter(path.clone(), places) {
                    Err(error) if !error.is_not_found() => return Some(Err(error.on("matching", path))),
                    _ => {}
                }
            }
            let level = self.levels.last_mut()?;
            let Some(Found { name, kind, places }) = level.found.next() else {
                self.levels.pop();
                continue;
            };
            let path = level.path.join(name);
            if kind.is_dir() && self.pattern.goes_on(places) {
                self.into = Some((path.clone(), places));
            }
            if self.pattern.is_match(places) {
                return Some(Ok(WalkEntry { path, kind }));
            }
        }
    }
}

impl Iterator for Glob {
    type Item = Result<PathBuf>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_entry().map(|found| found.map(|entry| entry.path))
    }
}
