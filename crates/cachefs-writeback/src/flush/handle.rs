use std::path::Path;

use cachefs_vfs::{Access, Errno, Error, FileId, Name, Object, OpenHow, Opened, Result, VDir, VFile, Vfs};

use crate::core::Core;
use crate::dirty::DirtyFile;
use crate::sync::Arc;

impl Core {
    /// A handle of a dirty file, good for writing.
    ///
    /// # Errors
    /// `ENOENT` if it is not to be found.
    pub(crate) fn handle_of(&self, file: &DirtyFile) -> Result<Arc<dyn VFile>> {
        if let Some(handle) = file.state().handle.clone() {
            return Ok(handle);
        }
        let opened = self.open_for(file, Access::ReadWrite);
        let handle = match opened {
            Err(error) if !error.is_not_found() => self.open_for(file, Access::Write)?,
            opened => opened?,
        };
        file.state().handle = Some(Arc::clone(&handle));
        Ok(handle)
    }

    /// Opens a file anew: where it should be, else by its identity.
    ///
    /// # Errors
    /// `ENOENT` if it is not to be found.
    pub(crate) fn open_for(&self, file: &DirtyFile, access: Access) -> Result<Arc<dyn VFile>> {
        let path = file.path();
        match open_at(&*self.backing, &path, file.id(), access) {
            Err(error) if is_not_it(error.errno()) => open_by_id(&*self.backing, file.id(), access),
            opened => opened,
        }
        .map_err(|error| error.on("opening to flush", path))
    }
}

/// Whether something else, or nothing, is where the file was.
fn is_not_it(errno: Errno) -> bool {
    matches!(
        errno,
        Errno::NOENT | Errno::NOTDIR | Errno::STALE | Errno::LOOP | Errno::ISDIR | Errno::OPNOTSUPP
    )
}

/// Opens the file at a path if it is the one that is meant.
fn open_at(backing: &dyn Vfs, path: &Path, id: FileId, access: Access) -> Result<Arc<dyn VFile>> {
    let name = Name::new(path.file_name().ok_or(Errno::NOENT)?)?;
    let dir = walk(backing, path.parent().unwrap_or(Path::new("")))?;
    let Opened { handle, attr } = dir.open(name, OpenHow::new(access))?;
    if attr.id == id { Ok(handle) } else { Err(Error::new(Errno::NOENT)) }
}

fn open_by_id(backing: &dyn Vfs, id: FileId, access: Access) -> Result<Arc<dyn VFile>> {
    if !backing.caps().open_id {
        return Err(Error::new(Errno::NOENT));
    }
    match backing.open_id(id) {
        Ok(Opened { handle: Object::File(file), .. }) => file
            .reopen(OpenHow::new(access))
            .or_else(|error| if error.is_not_found() { Err(error) } else { Ok(file) }),
        Ok(_) => Err(Error::new(Errno::NOENT)),
        Err(error) if error.errno() == Errno::STALE => Err(Error::new(Errno::NOENT)),
        Err(error) => Err(error),
    }
}

/// The directory at a path below the root.
pub(super) fn walk(backing: &dyn Vfs, path: &Path) -> Result<Arc<dyn VDir>> {
    let mut dir = backing.root()?;
    for name in path {
        dir = dir.dir(Name::new(name)?)?.handle;
    }
    Ok(dir)
}
