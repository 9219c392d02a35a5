//! Opening, reading, writing and closing in a directory, as all do it that are one.

use cachefs_vfs::{
    Access, CreateHow, Errno, Error, Mode, Name, OpenHow, Owner, Privileges, Result, VDir, VFile,
};

use crate::Contender;

pub(crate) fn read(dir: &dyn VDir, name: Name<'_>, buffer: &mut [u8]) -> Result<usize> {
    dir.open(name, OpenHow::new(Access::Read))?.handle.read_at(buffer, 0)
}

pub(crate) fn read_steps(dir: &dyn VDir, name: Name<'_>, step: usize, buffer: &mut [u8]) -> Result<usize> {
    let file = dir.open(name, OpenHow::new(Access::Read))?.handle;
    let mut at = 0;
    for part in buffer.chunks_mut(step) {
        let count = file.read_at(part, at)?;
        at += count as u64;
        if count < part.len() {
            break;
        }
    }
    usize::try_from(at).map_err(|_| Error::new(Errno::FBIG))
}

pub(crate) fn read_places(dir: &dyn VDir, name: Name<'_>, places: &[u64], buffer: &mut [u8]) -> Result<()> {
    let file = dir.open(name, OpenHow::new(Access::Read))?.handle;
    places.iter().try_for_each(|&at| file.read_at(buffer, at).map(drop))
}

/// Opens for writing, makes what is not there.
pub(crate) fn create() -> CreateHow {
    CreateHow { open: OpenHow::new(Access::Write), mode: Mode::new(0o644), exclusive: false }
}

pub(crate) fn write(dir: &dyn VDir, name: Name<'_>, bytes: &[u8]) -> Result<()> {
    let file = dir.create(name, create(), &Owner::process())?.handle;
    write_all(&*file, bytes)
}

pub(crate) fn write_all(file: &dyn VFile, bytes: &[u8]) -> Result<()> {
    let written = file.write_at(bytes, 0, Privileges::Keep)?;
    if written == bytes.len() { Ok(()) } else { Err(Error::new(Errno::IO)) }
}

/// Who has no way of its own to warm reads one file after another.
pub(crate) fn warm(contender: &dyn Contender, names: &[String], size: usize) -> Result<()> {
    let mut buffer = vec![0; size];
    names.iter().try_for_each(|name| contender.read(Name::new(name)?, &mut buffer).map(drop))
}
