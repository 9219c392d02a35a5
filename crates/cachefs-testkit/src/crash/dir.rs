use std::path::{Path, PathBuf};
use std::sync::Arc;

use cachefs_vfs::{
    Access, Attr, Cookie, CreateHow, DirEntry, Errno, Error, Mode, Name, NodeKind, OpenHow, Opened, Owner,
    RemoveKind, RenameHow, Result, Sink, SyncHow, VDir, VFile,
};

use super::disk::Life;
use super::file::CrashFile;
use super::log::Log;
use super::names::{Edit, Step};
use super::node::impl_vnode;

/// A directory of a [`super::CrashFs`].
#[derive(Debug)]
pub(super) struct CrashDir {
    life: Arc<Life>,
    inner: Arc<dyn VDir>,
    inode: u64,
}

impl CrashDir {
    pub(super) fn wrap(life: &Arc<Life>, inner: Arc<dyn VDir>) -> Arc<dyn VDir> {
        let inode = inner.attr().map_or(0, |attr| attr.id.inode);
        Arc::new(Self { life: Arc::clone(life), inner, inode })
    }

    fn own<'a>(&self, other: &'a dyn VDir) -> Result<&'a Self> {
        match other.as_any().downcast_ref::<Self>() {
            Some(dir) if Arc::ptr_eq(&dir.life, &self.life) => Ok(dir),
            _ => Err(Error::new(Errno::XDEV)),
        }
    }

    fn edit(&self, name: Name<'_>, to: Option<u64>) -> Edit {
        Edit { dir: self.inode, name: name.as_os_str().to_owned(), to }
    }

    /// Takes down names that changed, and the times of this directory.
    fn edited(&self, log: &mut Log, edits: Vec<Edit>, moves_directory: bool) -> Result<()> {
        log.names.changed(Step { edits, moves_directory });
        log.attr(self.inner.attr()?);
        Ok(())
    }

    /// A verb that makes something new.
    fn make(
        &self,
        name: Name<'_>,
        target: &Path,
        verb: impl FnOnce(&dyn VDir) -> Result<Attr>,
    ) -> Result<Attr> {
        self.life.change(|log| {
            let attr = verb(&*self.inner)?;
            self.made(log, name, attr, target)?;
            Ok(self.life.disk().outer(attr))
        })
    }

    fn made(&self, log: &mut Log, name: Name<'_>, attr: Attr, target: &Path) -> Result<()> {
        log.born(attr, target.to_path_buf());
        self.edited(log, vec![self.edit(name, Some(attr.id.inode))], false)
    }

    /// What a name stands for, to see what becomes of it when it has lost the name.
    fn hold(&self, name: Name<'_>) -> Option<Arc<dyn VFile>> {
        self.inner.open(name, OpenHow::new(Access::Path)).ok().map(|opened| opened.handle)
    }

    fn file(&self, opened: Opened<Arc<dyn VFile>>) -> Opened<Arc<dyn VFile>> {
        let attr = self.life.disk().outer(opened.attr);
        Opened { handle: CrashFile::wrap(&self.life, opened.handle), attr }
    }

    /// Opens a file and cuts it.
    fn open_cut(
        &self,
        log: &mut Log,
        verb: impl FnOnce(&dyn VDir) -> Result<Opened<Arc<dyn VFile>>>,
    ) -> Result<Opened<Arc<dyn VFile>>> {
        let opened = verb(&*self.inner)?;
        CrashFile::settled(log, &opened.handle, 0)?;
        Ok(self.file(opened))
    }
}

impl_vnode!(CrashDir);

impl VDir for CrashDir {
    fn stat(&self, name: Name<'_>) -> Result<Attr> {
        self.life.check()?;
        Ok(self.life.disk().outer(self.inner.stat(name)?))
    }

    fn dir(&self, name: Name<'_>) -> Result<Opened<Arc<dyn VDir>>> {
        self.life.check()?;
        let opened = self.inner.dir(name)?;
        let attr = self.life.disk().outer(opened.attr);
        Ok(Opened { handle: Self::wrap(&self.life, opened.handle), attr })
    }

    fn open(&self, name: Name<'_>, how: OpenHow) -> Result<Opened<Arc<dyn VFile>>> {
        if how.truncate {
            return self.life.change(|log| self.open_cut(log, |inner| inner.open(name, how)));
        }
        self.life.check()?;
        Ok(self.file(self.inner.open(name, how)?))
    }

    fn create(&self, name: Name<'_>, how: CreateHow, owner: &Owner) -> Result<Opened<Arc<dyn VFile>>> {
        self.life.change(|log| {
            if self.inner.stat(name).is_ok() {
                let create = |inner: &dyn VDir| inner.create(name, how, owner);
                return if how.open.truncate {
                    self.open_cut(log, create)
                } else {
                    Ok(self.file(create(&*self.inner)?))
                };
            }
            let opened = self.inner.create(name, how, owner)?;
            self.made(log, name, opened.attr, Path::new(""))?;
            Ok(self.file(opened))
        })
    }

    fn make_dir(&self, name: Name<'_>, mode: Mode, owner: &Owner) -> Result<Attr> {
        self.make(name, Path::new(""), |inner| inner.make_dir(name, mode, owner))
    }

    fn make_node(&self, name: Name<'_>, kind: NodeKind, mode: Mode, owner: &Owner) -> Result<Attr> {
        self.make(name, Path::new(""), |inner| inner.make_node(name, kind, mode, owner))
    }

    fn symlink(&self, name: Name<'_>, target: &Path, owner: &Owner) -> Result<Attr> {
        self.make(name, target, |inner| inner.symlink(name, target, owner))
    }

    fn read_link(&self, name: Name<'_>) -> Result<PathBuf> {
        self.life.check()?;
        self.inner.read_link(name)
    }

    fn hard_link(&self, name: Name<'_>, to_dir: &dyn VDir, to: Name<'_>) -> Result<Attr> {
        let to_dir = self.own(to_dir)?;
        self.life.change(|log| {
            let attr = self.inner.hard_link(name, &*to_dir.inner, to)?;
            to_dir.edited(log, vec![to_dir.edit(to, Some(attr.id.inode))], false)?;
            log.attr(attr);
            Ok(self.life.disk().outer(attr))
        })
    }

    fn remove(&self, name: Name<'_>, kind: RemoveKind) -> Result<()> {
        self.life.change(|log| {
            let goes = self.hold(name);
            self.inner.remove(name, kind)?;
            if let Some(goes) = goes {
                log.attr(goes.attr()?);
            }
            self.edited(log, vec![self.edit(name, None)], false)
        })
    }

    fn rename(&self, name: Name<'_>, to_dir: &dyn VDir, to: Name<'_>, how: RenameHow) -> Result<()> {
        let to_dir = self.own(to_dir)?;
        self.life.change(|log| {
            let (moves, meets) = (self.hold(name), to_dir.hold(to));
            self.inner.rename(name, &*to_dir.inner, to, how)?;
            let attr = |file: Option<Arc<dyn VFile>>| file.map(|file| file.attr()).transpose();
            let (Some(moves), meets) = (attr(moves)?, attr(meets)?) else { return Ok(()) };
            if meets.is_some_and(|meets| meets.id == moves.id) {
                return Ok(());
            }
            let back = meets.filter(|_| how == RenameHow::Exchange);
            let edits =
                vec![self.edit(name, back.map(|attr| attr.id.inode)), to_dir.edit(to, Some(moves.id.inode))];
            let is_dir = [Some(moves), back].into_iter().flatten().any(|attr| attr.kind.is_dir());
            self.edited(log, edits, is_dir)?;
            log.attr(to_dir.inner.attr()?);
            [Some(moves), meets].into_iter().flatten().for_each(|attr| log.attr(attr));
            Ok(())
        })
    }

    fn read_dir(&self, after: Cookie, sink: &mut Sink<'_>) -> Result<()> {
        self.life.check()?;
        let disk = self.life.disk();
        self.inner.read_dir(after, &mut |entry| {
            let attr = entry.attr.map(|attr| disk.outer(*attr));
            sink(DirEntry { attr: attr.as_ref(), ..entry })
        })
    }

    fn sync(&self) -> Result<()> {
        self.life.change(|log| {
            self.inner.sync()?;
            log.names.sync(self.inode);
            log.sync(self.inode, SyncHow::All);
            Ok(())
        })
    }
}
