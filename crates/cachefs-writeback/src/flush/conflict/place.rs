use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use cachefs_vfs::{
    Access, CreateHow, Errno, Error, Groups, Mode, Name, OpenHow, Owner, RemoveKind, Result, SetAttr, VDir,
    VFile, Vfs,
};

use super::{Beside, name};
use crate::sync::Arc;

/// Names tried at most.
const ATTEMPTS_MAX: u32 = 1000;

/// The deepest directory of `path` that exists, and its path.
pub(crate) fn nearest(backing: &dyn Vfs, path: &Path) -> Result<(Arc<dyn VDir>, PathBuf)> {
    let (mut dir, mut reached) = (backing.root()?, PathBuf::new());
    for name in path {
        match dir.dir(Name::new(name)?) {
            Ok(opened) => dir = opened.handle,
            Err(error) if matches!(error.errno(), Errno::NOENT | Errno::NOTDIR) => break,
            Err(error) => return Err(error.on("looking for", path)),
        }
        reached.push(name);
    }
    Ok((dir, reached))
}

/// Creates the new file under a name that nobody has, with the owner and mode of the old one.
pub(super) fn create(dir: &dyn VDir, beside: &Beside<'_>) -> Result<(OsString, Arc<dyn VFile>)> {
    let name = beside.path.file_name().unwrap_or(OsStr::new("file"));
    for attempt in 1..=ATTEMPTS_MAX {
        let name = name::of_conflict(name, beside.now, attempt);
        match create_as(dir, Name::new(&name)?, beside) {
            Err(error) if error.errno() == Errno::EXIST => {}
            created => return Ok((name, created?)),
        }
    }
    Err(Error::new(Errno::EXIST).on("keeping beside", beside.path))
}

fn create_as(dir: &dyn VDir, name: Name<'_>, beside: &Beside<'_>) -> Result<Arc<dyn VFile>> {
    let mode = beside.base_attr.map_or(Mode::new(0o600), |attr| Mode::new(attr.mode.bits() & 0o777));
    let how = CreateHow { open: OpenHow::new(Access::ReadWrite), mode, exclusive: true };
    // The process itself: the old file's owner may not be one who may create names here.
    let owner = Owner { umask: Some(Mode::new(0)), groups: Groups::None, ..Owner::process() };
    let file = dir.create(name, how, &owner)?.handle;
    if let Some(attr) = beside.base_attr {
        let set = SetAttr { uid: Some(attr.uid), gid: Some(attr.gid), ..SetAttr::default() };
        match file.set_attr(&set) {
            // It stays that of the process, which may read it anyway.
            Err(error) if matches!(error.errno(), Errno::PERM | Errno::OPNOTSUPP | Errno::INVAL) => {}
            answer => drop(answer?),
        }
    }
    Ok(file)
}

pub(super) fn remove(dir: &dyn VDir, name: &OsStr) -> Result<()> {
    dir.remove(Name::new(name)?, RemoveKind::File)
}
