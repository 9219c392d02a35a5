//! Renames, and what they mean for dirty files at either end.

use std::path::Path;

use cachefs_vfs::{Errno, Error, FileId, Name, RenameHow, Result};

use super::dir::WriteDir;
use crate::core::Turn;

/// How often both names are looked at again while others move them.
const TRIES_MAX: usize = 16;

/// A name in a directory.
#[derive(Clone, Copy, Debug)]
struct End<'a> {
    dir: &'a WriteDir,
    name: Name<'a>,
}

/// A file that may be dirty at one of the ends, and its turn.
#[derive(Debug)]
struct Held<'a> {
    id: FileId,
    turn: Turn<'a>,
    /// Whether it is dirty and the name its only one.
    last: bool,
}

/// A rename under way.
#[derive(Clone, Copy, Debug)]
struct Move<'a> {
    from: End<'a>,
    to: End<'a>,
    how: RenameHow,
}

impl WriteDir {
    pub(super) fn move_name(
        &self,
        name: Name<'_>,
        to_dir: &Self,
        to: Name<'_>,
        how: RenameHow,
    ) -> Result<()> {
        let (from, to) = (End { dir: self, name }, End { dir: to_dir, name: to });
        let this = Move { from, to, how };
        let _alone = self.shared.names.take_two((self.place.id(), name), (to_dir.place.id(), to.name));
        let _naming = self.shared.core.naming();
        for _ in 0..TRIES_MAX {
            let (source, target) = (self.likely(name)?, to_dir.likely(to.name)?);
            if let Some(done) = this.once(source, target)? {
                return Ok(done);
            }
        }
        Err(Error::new(Errno::BUSY).on("renaming", self.path_of(name).unwrap_or_default()))
    }
}

impl<'a> Move<'a> {
    /// `None` if one of the names is another file by now.
    fn once(self, source: Option<FileId>, target: Option<FileId>) -> Result<Option<()>> {
        let core = &self.from.dir.shared.core;
        let (source, target) = match (source, target) {
            (Some(one), Some(other)) if one == other => return self.same_file(one).map(Some),
            (Some(one), Some(other)) => {
                let (first, second) = core.turns(one, other)?;
                (Some((one, first)), second.map(|second| (other, second)))
            }
            (one, other) => {
                let turn = |id: FileId| core.turn(id).map(|turn| (id, turn));
                (one.map(turn).transpose()?, other.map(turn).transpose()?)
            }
        };
        let (Ok(source), Ok(target)) = (self.from.verified(source)?, self.to.verified(target)?) else {
            return Ok(None);
        };
        self.flush(source.as_ref(), target.as_ref())?;
        self.run(source.as_ref(), target.as_ref())?;
        let replaced = target.as_ref().filter(|target| target.last && self.how == RenameHow::Replace);
        let replaced = replaced.map(|target| target.id);
        drop((source, target));
        if let Some(id) = replaced {
            self.to.dir.nameless(id);
        }
        Ok(Some(()))
    }

    /// Both names are of one file: nothing moves.
    fn same_file(self, id: FileId) -> Result<()> {
        let inner = &self.from.dir.inner;
        let verb = || inner.rename(self.from.name, &*self.to.dir.inner, self.to.name, self.how);
        self.from.dir.shared.core.turn(id)?.changing(verb, |()| None)
    }

    /// Whoever loses its old bytes, or changes places with another one, is written back first: a file that replaces
    /// another one is whole at every moment.
    fn flush(self, source: Option<&Held<'_>>, target: Option<&Held<'_>>) -> Result<()> {
        if let Some(source) = source
            && source.turn.is_dirty()
            && (target.is_some() || self.replaces()?)
            && self.how != RenameHow::NoReplace
        {
            source.turn.flush_and_hold()?;
        }
        match target {
            Some(target) if self.how == RenameHow::Exchange => target.turn.flush_and_hold(),
            Some(target) => target.turn.before_removal(),
            None => Ok(()),
        }
    }

    fn replaces(self) -> Result<bool> {
        match self.to.dir.inner.stat(self.to.name) {
            Ok(_) => Ok(true),
            Err(error) if error.is_not_found() => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn run(self, source: Option<&Held<'_>>, target: Option<&Held<'_>>) -> Result<()> {
        let target_side = || match target {
            Some(target) if self.how == RenameHow::Exchange => {
                moving(&target.turn, self.to, self.from, || self.carry())
            }
            Some(target) => {
                let name = (&self.to.dir.inner, self.to.path());
                target.turn.removing(target.last, true, name, || self.carry())
            }
            None => self.carry(),
        };
        match source {
            Some(source) => moving(&source.turn, self.from, self.to, target_side),
            None => target_side(),
        }
    }

    /// The verb itself, with what it moves along: files that are dirty below a directory.
    fn carry(self) -> Result<()> {
        let core = &self.from.dir.shared.core;
        let (from, to) = (self.from.carries(), self.how == RenameHow::Exchange && self.to.carries());
        let (Some(one), Some(other)) = (self.from.path(), self.to.path()) else { return self.verb() };
        match (from, to) {
            (false, false) => self.verb(),
            (true, false) => core.moving_dir(&one, &other, || self.verb()),
            (false, true) => core.moving_dir(&other, &one, || self.verb()),
            (true, true) => {
                let aside = Path::new("(exchanged)");
                let last = || core.moving_dir(aside, &other, || self.verb());
                core.moving_dir(&one, aside, || core.moving_dir(&other, &one, last))
            }
        }
    }

    fn verb(self) -> Result<()> {
        self.from.dir.inner.rename(self.from.name, &*self.to.dir.inner, self.to.name, self.how)?;
        let (from, to) = ((&self.from.dir.place, self.from.name), (&self.to.dir.place, self.to.name));
        let places = &self.from.dir.shared.places;
        if self.how == RenameHow::Exchange {
            places.exchanged(from, to);
        } else {
            places.renamed(from, to);
        }
        Ok(())
    }
}

impl<'a> End<'a> {
    /// `Err(())` in it: the name is another file.
    fn verified<'b>(self, file: Option<(FileId, Turn<'b>)>) -> Result<Result<Option<Held<'b>>, ()>> {
        let Some((id, turn)) = file else { return Ok(Ok(None)) };
        if !turn.is_dirty() {
            return Ok(Ok(Some(Held { id, turn, last: false })));
        }
        let attr = self.dir.still(self.name, id)?;
        Ok(attr.map(|attr| Some(Held { id, turn, last: attr.links <= 1 })).ok_or(()))
    }

    fn path(self) -> Option<std::path::PathBuf> {
        self.dir.path_of(self.name)
    }

    /// Whether a directory may be here, and something dirty beneath.
    fn carries(self) -> bool {
        let shared = &self.dir.shared;
        let known = shared.places.at(self.dir.place.id(), self.name);
        known.is_some_and(|place| shared.core.table.get(place.id()).is_none_or(|file| !file.is_dirty()))
    }
}

fn moving(turn: &Turn<'_>, from: End<'_>, to: End<'_>, verb: impl FnOnce() -> Result<()>) -> Result<()> {
    match (from.path(), to.path()) {
        (Some(from), Some(to)) => turn.moving(&from, &to, verb),
        _ => turn.changing(verb, |()| None),
    }
}
