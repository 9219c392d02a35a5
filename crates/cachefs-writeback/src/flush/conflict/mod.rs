//! When somebody else changed or removed a file that is dirty: both are kept.

mod fill;
mod name;
mod place;

use std::path::{Path, PathBuf};

use cachefs_vfs::{Access, Attr, FileId, OpenHow, Result, Time, VFile, Vfs};
use tracing::warn;

pub(crate) use place::nearest;

use crate::core::{Conflicted, Core, Stats, Turn};
use crate::dirty::DirtyFile;
use crate::extent::ExtentMap;
use crate::journal::{Entry, FileNo, Record, Seq};
use crate::retry::Failure;
use crate::sync::Arc;

/// What is to be kept beside the file it can't go into.
#[derive(Debug)]
pub(crate) struct Beside<'a> {
    /// Where the file is, or was.
    pub(crate) path: &'a Path,
    /// The backing's file, good for reading, of which the bytes that are not dirty are taken.
    pub(crate) base: Option<&'a dyn VFile>,
    /// Its attributes, if it is known at all.
    pub(crate) base_attr: Option<Attr>,
    /// How long the file is; by its dirty bytes and the base where that is not known.
    pub(crate) size: Option<u64>,
    /// Its dirty bytes.
    pub(crate) extents: &'a ExtentMap<Record>,
    /// When it was last written to.
    pub(crate) mtime: Time,
    /// The time of day, for the name.
    pub(crate) now: Time,
}

/// Writes a new file, durable when this returns, in the directory of the old one, or the nearest above that is left.
/// Answers its path, and the directory's identity, where that can be told.
///
/// # Errors
/// Those of the backing and of reading the journal. Nothing is left over then, if it can be helped.
pub(crate) fn keep_beside(backing: &Arc<dyn Vfs>, beside: &Beside<'_>) -> Result<(PathBuf, Option<FileId>)> {
    let (dir, above) = place::nearest(&**backing, beside.path.parent().unwrap_or(Path::new("")))?;
    let (name, file) = place::create(&*dir, beside)?;
    let path = above.join(&name);
    let filled = fill::fill(&*file, beside, backing.caps().seek_hole).and_then(|()| dir.sync());
    if let Err(error) = filled {
        let removed = place::remove(&*dir, &name);
        if let Err(error) = removed {
            warn!(%error, path = %path.display(), "an unfinished file could not be removed");
        }
        return Err(error.on("keeping beside another", path));
    }
    Ok((path, dir.attr().ok().map(|attr| attr.id)))
}

/// What is kept of a file while it stands still.
struct Kept {
    extents: ExtentMap<Record>,
    mtime: Time,
    upto: Seq,
    truncate: Option<u64>,
}

impl Core {
    /// Puts what is dirty of a file beside it, and lets its readers see the backing's file. Answers how many bytes
    /// that was.
    ///
    /// # Errors
    /// Those of the backing. What is dirty stays so.
    pub(super) fn keep_beside(
        &self,
        turn: &Turn<'_>,
        no: FileNo,
        found: Option<(Arc<dyn VFile>, Attr)>,
    ) -> Result<u64> {
        self.check_stopped()?;
        let file = turn.file();
        let kept = hold(file);
        let path = self.write_beside(file, &kept, found);
        let mut state = file.state();
        (state.held, state.cutting) = (false, false);
        let (path, dir) = path?;
        state.epoch += 1;
        self.note(&mut state, &Entry::Conflict { no, path: path.clone(), upto: kept.upto });
        let weight = state.extents.clear();
        state.truncate = None;
        let leftover = self.become_clean(file, &mut state);
        // What the backing has is not ours.
        (state.own, state.seen) = (None, None);
        let at = state.place.as_ref().and_then(|place| place.spot());
        drop(state);
        self.pressure.give_back(weight);
        let name = path.file_name().map(ToOwned::to_owned);
        self.news.put(Conflicted { id: file.id(), at, made: dir.zip(name) });
        self.finish(leftover);
        Stats::add(&self.stats.conflicts, 1);
        warn!(
            file = %file.told().display(), kept = %path.display(), bytes = weight.bytes,
            "somebody else changed a file that was written to: both are kept"
        );
        Ok(0)
    }

    fn write_beside(
        &self,
        file: &DirtyFile,
        kept: &Kept,
        found: Option<(Arc<dyn VFile>, Attr)>,
    ) -> Result<(PathBuf, Option<FileId>)> {
        let (handle, attr) = found.unzip();
        let readable = match handle {
            Some(handle) => self.readable(file, &handle)?,
            None => None,
        };
        let size = kept.truncate.or(attr.map(|attr| attr.size)).map(|size| size.max(kept.extents.end()));
        let path = file.path();
        let path = if path.as_os_str().is_empty() { name::of_nameless(file.id()).into() } else { path };
        let beside = Beside {
            path: &path,
            base: readable.as_deref(),
            base_attr: attr,
            size,
            extents: &kept.extents,
            mtime: kept.mtime,
            now: self.clock.wall(),
        };
        keep_beside(&self.backing, &beside)
    }

    /// `None` if it may be written to but not read, for good.
    fn readable(&self, file: &DirtyFile, handle: &Arc<dyn VFile>) -> Result<Option<Arc<dyn VFile>>> {
        if handle.read_at(&mut [0], 0).is_ok() {
            return Ok(Some(Arc::clone(handle)));
        }
        let opened = handle.reopen(OpenHow::new(Access::Read)).or_else(|_| self.open_for(file, Access::Read));
        match opened {
            Err(error) if Failure::of(error.errno()) == Failure::Lasting => Ok(None),
            opened => opened.map(Some),
        }
    }
}

/// Readers and writers wait from here on.
fn hold(file: &DirtyFile) -> Kept {
    let mut state = file.state();
    (state.held, state.cutting) = (true, true);
    state.epoch += 1;
    Kept { extents: state.extents.clone(), mtime: state.mtime, upto: state.newest, truncate: state.truncate }
}
