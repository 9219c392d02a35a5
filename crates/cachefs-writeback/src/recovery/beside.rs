use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use cachefs_vfs::{
    Access, Attr, CreateHow, Errno, Error, Mode, Name, OpenHow, Owner, Privileges, RemoveKind, Result,
    SetAttr, SetTime, SyncHow, Time, VDir, VFile, Vfs, VfsExt,
};

use super::pour::Content;
use super::stamp::conflict_name;
use crate::extent::ExtentMap;
use crate::journal::Record;
use crate::sync::Arc;

/// Names of one second that are tried.
const TRIES_MAX: u32 = 1000;

/// A file to be kept beside another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Beside<'a> {
    /// The other's path, as far as it is known.
    pub(crate) path: &'a Path,
    /// The other, good for reading, if it is there: what is not dirty comes from it, also owner and mode.
    pub(crate) base: Option<(&'a dyn VFile, Attr)>,
    /// How many bytes of it count. Zeros are behind.
    pub(crate) base_size: u64,
    /// Bytes in all.
    pub(crate) size: u64,
    /// The dirty bytes.
    pub(crate) extents: &'a ExtentMap<Record>,
    /// When they were written.
    pub(crate) mtime: Option<Time>,
    /// The time of day, for the name.
    pub(crate) now: Time,
}

/// Writes the file into the directory of the other, or the nearest above it that is there, and makes it durable.
/// Answers its path. Holds the caller for as long as copying takes.
///
/// # Errors
/// Those of the backing and of reading the journal; nothing is left behind then.
pub(crate) fn keep_beside(backing: &Arc<dyn Vfs>, beside: &Beside<'_>) -> Result<PathBuf> {
    let (dir, parent) = nearest(backing, beside.path)?;
    let wanted = beside.path.file_name().unwrap_or(OsStr::new("cachefs-lost"));
    let (file, name) = create(&dir, wanted, beside.now)?;
    let path = parent.join(&name);
    let kept = fill(&*file, beside).and_then(|()| dir.sync());
    if let Err(error) = kept {
        // A torso would pass for what was saved. If it cannot go either, the error is what counts.
        let _ = dir.remove(Name::new(&name)?, RemoveKind::File);
        return Err(error.on("keeping", path));
    }
    Ok(path)
}

fn nearest(backing: &Arc<dyn Vfs>, path: &Path) -> Result<(Arc<dyn VDir>, PathBuf)> {
    let mut parent = path.parent().unwrap_or(Path::new(""));
    loop {
        match backing.dir(parent) {
            Ok(dir) => return Ok((dir, parent.to_path_buf())),
            Err(error) if matches!(error.errno(), Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => {
                let Some(above) = parent.parent() else { return Err(error) };
                parent = above;
            }
            Err(error) => return Err(error),
        }
    }
}

fn create(dir: &Arc<dyn VDir>, wanted: &OsStr, now: Time) -> Result<(Arc<dyn VFile>, OsString)> {
    let open = OpenHow::new(Access::Write);
    let how = CreateHow { open, mode: Mode::new(0o600), exclusive: true };
    for n in 1..=TRIES_MAX {
        let name = conflict_name(wanted, now, n);
        match dir.create(Name::new(&name)?, how, &Owner::process()) {
            Ok(opened) => return Ok((opened.handle, name)),
            Err(error) if error.errno() == Errno::EXIST => {}
            Err(error) => return Err(error.on("creating", name)),
        }
    }
    Err(Error::new(Errno::EXIST).on("creating", conflict_name(wanted, now, TRIES_MAX)))
}

fn fill(file: &dyn VFile, beside: &Beside<'_>) -> Result<()> {
    let base = beside.base.map(|(handle, _)| (handle, beside.base_size));
    let content = Content { base, extents: beside.extents, size: beside.size };
    content.pour(|offset, bytes| write_all(file, bytes, offset))?;
    file.set_len(beside.size, Privileges::Keep)?;
    if let Some((_, attr)) = beside.base {
        own_as(file, &attr)?;
    }
    let mtime = beside.mtime.map(SetTime::To);
    file.set_attr(&SetAttr { mtime, ..SetAttr::default() })?;
    file.sync(SyncHow::All)
}

fn write_all(file: &dyn VFile, mut bytes: &[u8], mut offset: u64) -> Result<()> {
    while !bytes.is_empty() {
        let count = file.write_at(bytes, offset, Privileges::Keep)?;
        if count == 0 {
            return Err(Error::new(Errno::IO));
        }
        bytes = &bytes[count..];
        offset += count as u64;
    }
    Ok(())
}

/// Gives it owner and mode of the other, less what lets others run it as its owner. Who may not give files away keeps
/// it to himself.
fn own_as(file: &dyn VFile, attr: &Attr) -> Result<()> {
    let owner = SetAttr { uid: Some(attr.uid), gid: Some(attr.gid), ..SetAttr::default() };
    match file.set_attr(&owner) {
        Ok(_) => {}
        Err(error) if matches!(error.errno(), Errno::PERM | Errno::OPNOTSUPP) => return Ok(()),
        Err(error) => return Err(error),
    }
    let mode = Some(Mode::new(attr.mode.bits() & 0o777));
    file.set_attr(&SetAttr { mode, ..SetAttr::default() }).map(drop)
}
