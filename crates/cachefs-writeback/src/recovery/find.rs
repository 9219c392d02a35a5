use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use cachefs_vfs::{
    Attr, Errno, Error, FileId, FileKind, Name, Object, OpenHow, Result, VDir, VFile, Vfs, VfsExt, WalkEntry,
};

use super::file::RecoveredFile;
use super::folded::Folded;
use super::verdict::is_same;
use crate::sync::Arc;

/// Names that the walk looks at, for all files together.
const WALKED_MAX: usize = 2_000_000;

/// What the backing has of a file.
#[derive(Debug)]
pub(super) enum Search {
    /// It is there.
    Found(Found),
    /// It is not; surely, or as far as was looked.
    Nowhere { surely: bool },
    /// The backing does not say.
    Unknown(Error),
}

/// A file of the backing.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// What it is.
    pub(super) attr: Attr,
    /// How to reach it.
    pub(super) by: By,
}

/// How a file is reached.
#[derive(Clone, Debug)]
pub(super) enum By {
    /// By name.
    Name { path: PathBuf, dir: Arc<dyn VDir>, name: OsString },
    /// By its identity; its names are not known.
    Id(FileId),
}

/// Looks for files of the journal in the backing.
#[derive(Debug)]
pub(super) struct Finder<'a> {
    backing: &'a Arc<dyn Vfs>,
    same_boot: bool,
    /// The device of the root, if it could be asked.
    device: Option<u64>,
    /// Inode numbers of the files that are looked for.
    wanted: HashSet<u64>,
    /// The files of these numbers, once the tree was walked.
    walked: OnceCell<Walked>,
}

/// What a walk of the whole tree came by.
#[derive(Debug, Default)]
struct Walked {
    paths: HashMap<u64, Vec<PathBuf>>,
    /// What kept it from seeing everything.
    trouble: Option<Error>,
    /// The tree was too large to see everything.
    cut_short: bool,
}

impl<'a> Finder<'a> {
    pub(super) fn new(backing: &'a Arc<dyn Vfs>, folded: &Folded) -> Self {
        let device = backing.root().and_then(|root| root.attr()).map(|attr| attr.id.device).ok();
        let wanted = folded.files.iter().filter_map(|file| Some(file.id?.inode)).collect();
        Self { backing, same_boot: folded.same_boot, device, wanted, walked: OnceCell::new() }
    }

    /// By the paths it had, by its identity, at last by a walk of the whole tree.
    pub(super) fn find<R: Clone>(&self, file: &RecoveredFile<R>) -> Search {
        let Some(id) = file.id else { return Search::Nowhere { surely: true } };
        let mut trouble = None;
        for path in file.paths.iter() {
            match self.at(path, id) {
                Ok(Some(found)) => return Search::Found(found),
                Ok(None) => {}
                Err(error) => trouble = Some(error),
            }
        }
        let elsewhere = if self.backing.caps().open_id { self.by_id(id) } else { self.by_walk(id) };
        match (elsewhere, trouble) {
            (Search::Nowhere { .. }, Some(error)) => Search::Unknown(error),
            (elsewhere, _) => elsewhere,
        }
    }

    fn at(&self, path: &Path, id: FileId) -> Result<Option<Found>> {
        let look = || {
            let (dir, name) = self.backing.parent_of(path)?;
            let attr = dir.stat(name)?;
            Ok((dir, name.as_os_str().to_owned(), attr))
        };
        match look() {
            Ok((dir, name, attr)) if self.is(id, &attr) => {
                Ok(Some(Found { attr, by: By::Name { path: path.to_path_buf(), dir, name } }))
            }
            Ok(_) => Ok(None),
            Err(error) if says_absent(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn is(&self, id: FileId, attr: &Attr) -> bool {
        attr.kind == FileKind::Regular && is_same(id, attr.id, self.same_boot)
    }

    fn by_id(&self, id: FileId) -> Search {
        let mut devices = vec![id.device];
        devices.extend(self.device.filter(|device| !self.same_boot && *device != id.device));
        for device in devices {
            let id = FileId { device, ..id };
            match self.backing.open_id(id) {
                Ok(opened) if opened.attr.links > 0 && self.is(id, &opened.attr) => {
                    return Search::Found(Found { attr: opened.attr, by: By::Id(opened.attr.id) });
                }
                Ok(_) => {}
                Err(error) if says_absent(&error) || error.errno() == Errno::STALE => {}
                Err(error) if matches!(error.errno(), Errno::OPNOTSUPP | Errno::PERM) => {
                    return self.by_walk(id);
                }
                Err(error) => return Search::Unknown(error),
            }
        }
        Search::Nowhere { surely: true }
    }

    fn by_walk(&self, id: FileId) -> Search {
        let walked = self.walked.get_or_init(|| self.walk());
        let mut trouble = walked.trouble.clone();
        for path in walked.paths.get(&id.inode).into_iter().flatten() {
            match self.at(path, id) {
                Ok(Some(found)) => return Search::Found(found),
                Ok(None) => {}
                Err(error) => trouble = Some(error),
            }
        }
        trouble.map_or(Search::Nowhere { surely: !walked.cut_short }, Search::Unknown)
    }

    fn walk(&self) -> Walked {
        let mut walked = Walked::default();
        let entries = match self.backing.walk("") {
            Ok(entries) => entries,
            Err(error) => return Walked { trouble: Some(error), ..walked },
        };
        for (n, entry) in entries.enumerate() {
            if n == WALKED_MAX {
                return Walked { cut_short: true, ..walked };
            }
            match entry.and_then(|entry| self.look_at(entry)) {
                Ok(Some((inode, path))) => walked.paths.entry(inode).or_default().push(path),
                Ok(None) => {}
                Err(error) => walked.trouble = Some(error),
            }
        }
        walked
    }

    fn look_at(&self, entry: WalkEntry) -> Result<Option<(u64, PathBuf)>> {
        if !entry.kind.is_regular() {
            return Ok(None);
        }
        match self.backing.stat(&entry.path) {
            Ok(attr) => Ok(self.wanted.contains(&attr.id.inode).then_some((attr.id.inode, entry.path))),
            Err(error) if says_absent(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Whether an answer says that there is no such name.
fn says_absent(error: &Error) -> bool {
    matches!(error.errno(), Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::NAMETOOLONG | Errno::INVAL)
}

impl Found {
    /// Where it is, if it was found by name.
    pub(super) fn path(&self) -> Option<&Path> {
        match &self.by {
            By::Name { path, .. } => Some(path),
            By::Id(_) => None,
        }
    }

    /// Opens it.
    pub(super) fn open(&self, backing: &Arc<dyn Vfs>, how: OpenHow) -> Result<Arc<dyn VFile>> {
        let handle = match &self.by {
            By::Name { path, dir, name } => {
                let name = Name::new(name)?;
                dir.open(name, how).map_err(|error| error.on("opening", path))?.handle
            }
            By::Id(id) => match backing.open_id(*id)?.handle {
                Object::File(file) => file.reopen(how)?,
                Object::Dir(_) => return Err(Error::new(Errno::ISDIR)),
            },
        };
        // The name may be another file's since it was looked at.
        let attr = handle.attr()?;
        if attr.id != self.attr.id {
            return Err(Error::new(Errno::STALE));
        }
        Ok(handle)
    }
}
