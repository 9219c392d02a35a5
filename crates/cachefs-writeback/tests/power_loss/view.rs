//! What is to be seen in a filesystem.

use std::collections::BTreeMap;

use cachefs_vfs::{FileId, FileKind, Result, Time, Vfs, VfsExt};

/// All files, by path.
pub(crate) type View = BTreeMap<String, Seen>;

#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) id: FileId,
    pub(crate) bytes: Vec<u8>,
    pub(crate) mode: u32,
    pub(crate) mtime: Time,
}

impl std::fmt::Debug for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "inode {} of {} bytes, {:o}, {:?}", self.id.inode, self.bytes.len(), self.mode, self.mtime)
    }
}

/// Reads all of it.
pub(crate) fn look(fs: &dyn Vfs) -> Result<View> {
    let mut view = View::new();
    for entry in fs.walk("")? {
        let entry = entry?;
        let attr = fs.stat(&entry.path)?;
        if attr.kind == FileKind::Regular {
            let bytes = fs.read(&entry.path)?;
            let seen = Seen { id: attr.id, bytes, mode: attr.mode.bits(), mtime: attr.mtime };
            view.insert(entry.path.display().to_string(), seen);
        }
    }
    Ok(view)
}

/// What differs in bytes, modes and times.
pub(crate) fn difference(one: &View, other: &View) -> Option<String> {
    if one.keys().ne(other.keys()) {
        return Some(format!("names {:?} and {:?}", one.keys(), other.keys()));
    }
    let (path, seen) = one.iter().find(|(path, seen)| other[*path] != **seen)?;
    let other = &other[path];
    let at = seen.bytes.iter().zip(&other.bytes).position(|(one, other)| one != other);
    Some(format!("{path}: {seen:?} and {other:?}, first other byte {at:?}"))
}
