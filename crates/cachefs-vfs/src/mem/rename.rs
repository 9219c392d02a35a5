use std::sync::Arc;

use parking_lot::RwLockWriteGuard;

use super::node::Node;
use super::state::State;
use crate::{Errno, Error, Name, RenameHow, Result};

/// The one or two directories of a rename, locked.
struct Dirs<'a> {
    from: RwLockWriteGuard<'a, State>,
    /// Nothing where it is the same directory.
    to: Option<RwLockWriteGuard<'a, State>>,
}

impl Dirs<'_> {
    fn to(&mut self) -> &mut State {
        self.to.as_deref_mut().unwrap_or(&mut self.from)
    }
}

impl Node {
    pub(super) fn rename(
        self: &Arc<Self>,
        name: Name<'_>,
        to_dir: &Arc<Self>,
        to: Name<'_>,
        how: RenameHow,
    ) -> Result<()> {
        // Declared first, so dropped last, without locks.
        let (source, target);
        let _tree = self.shared.tree.lock();
        let from = self.state.write();
        let mut dirs = Dirs { from, to: (!Arc::ptr_eq(self, to_dir)).then(|| to_dir.state.write()) };
        source = dirs.from.names()?.get(name).cloned().ok_or(Error::new(Errno::NOENT))?;
        target = dirs.to().names_mut()?.get(to).cloned();
        match (how, &target) {
            (RenameHow::NoReplace, Some(_)) => return Err(Error::new(Errno::EXIST)),
            (RenameHow::Exchange, None) => return Err(Error::new(Errno::NOENT)),
            _ => {}
        }
        self.check_loop(to_dir, &source, target.as_ref(), how)?;
        match &target {
            Some(target) if Arc::ptr_eq(&source, target) => Ok(()),
            Some(target) if how == RenameHow::Exchange => {
                self.exchange(&mut dirs, (name, &source), to_dir, (to, target))
            }
            _ => self.replace(&mut dirs, (name, &source), to_dir, (to, target.as_deref())),
        }
    }

    /// Refuses to put a directory into itself. This also rules out that source or target is one of the two locked
    /// directories.
    fn check_loop(
        self: &Arc<Self>,
        to_dir: &Arc<Self>,
        source: &Arc<Self>,
        target: Option<&Arc<Self>>,
        how: RenameHow,
    ) -> Result<()> {
        if to_dir.is_below(source) {
            return Err(Error::new(Errno::INVAL));
        }
        match target {
            Some(target) if self.is_below(target) => {
                Err(Error::new(if how == RenameHow::Exchange { Errno::INVAL } else { Errno::NOTEMPTY }))
            }
            _ => Ok(()),
        }
    }

    /// Whether this directory is `node` or anywhere below it.
    fn is_below(self: &Arc<Self>, node: &Arc<Self>) -> bool {
        let mut at = Some(Arc::clone(self));
        while let Some(dir) = at {
            if Arc::ptr_eq(&dir, node) {
                return true;
            }
            at = dir.parent.lock().upgrade();
        }
        false
    }

    fn replace(
        &self,
        dirs: &mut Dirs<'_>,
        (name, source): (Name<'_>, &Arc<Self>),
        to_dir: &Arc<Self>,
        (to, target): (Name<'_>, Option<&Self>),
    ) -> Result<()> {
        let is_dir = source.kind.is_dir();
        let mut replaced = target.map(|target| (target.kind, target.state.write()));
        match &replaced {
            Some((kind, _)) if is_dir && !kind.is_dir() => return Err(Error::new(Errno::NOTDIR)),
            Some((kind, _)) if !is_dir && kind.is_dir() => return Err(Error::new(Errno::ISDIR)),
            Some((_, state)) if is_dir && !state.names()?.is_empty() => {
                return Err(Error::new(Errno::NOTEMPTY));
            }
            _ => {}
        }
        let moved = u32::from(is_dir);
        let freed = u32::from(is_dir && replaced.is_some());
        if dirs.to.is_some() {
            dirs.to().links_with_dirs(moved)?;
        }
        dirs.from.links -= moved;
        dirs.to().links = dirs.to().links + moved - freed;
        dirs.from.names_mut()?.remove(name);
        dirs.to().names_mut()?.replace(to, Arc::clone(source));
        let now = self.finish(dirs, &[(source, to_dir)]);
        if let Some((kind, state)) = &mut replaced {
            state.unlink(*kind);
            state.ctime = now;
        }
        Ok(())
    }

    fn exchange(
        self: &Arc<Self>,
        dirs: &mut Dirs<'_>,
        (name, source): (Name<'_>, &Arc<Self>),
        to_dir: &Arc<Self>,
        (to, target): (Name<'_>, &Arc<Self>),
    ) -> Result<()> {
        let (comes, goes) = (u32::from(target.kind.is_dir()), u32::from(source.kind.is_dir()));
        if dirs.to.is_some() {
            let (from, to) = (dirs.from.links_with_dirs(comes)?, dirs.to().links_with_dirs(goes)?);
            dirs.from.links = from - goes;
            dirs.to().links = to - comes;
        }
        dirs.from.names_mut()?.replace(name, Arc::clone(target));
        dirs.to().names_mut()?.replace(to, Arc::clone(source));
        self.finish(dirs, &[(source, to_dir), (target, self)]);
        Ok(())
    }

    /// Sets the times of both directories and of what moved, and where that is now.
    fn finish(&self, dirs: &mut Dirs<'_>, moved: &[(&Arc<Self>, &Arc<Self>)]) -> crate::Time {
        let now = self.shared.now();
        (dirs.from.mtime, dirs.from.ctime) = (now, now);
        (dirs.to().mtime, dirs.to().ctime) = (now, now);
        for (node, dir) in moved {
            node.state.write().ctime = now;
            if node.kind.is_dir() {
                *node.parent.lock() = Arc::downgrade(dir);
            }
        }
        now
    }
}
