use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Component, Path, PathBuf};

use cachefs_vfs::{Access, Attr, OpenHow, VDir, VFile, Vfs};

use super::file::RecoveredFile;
use super::find::{Finder, Search};
use super::folded::Folded;
use super::inspect::look;
use super::manifest::{Base, Item, Manifest};
use super::pour::Content;
use super::verdict::{Verdict, judge};
use super::{Loss, RecoverError};
use crate::journal::Record;
use crate::sync::Arc;

/// What was exported.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exported {
    /// Files.
    pub files: u64,
    /// Dirty bytes in them.
    pub bytes: u64,
    /// Those over zeros, because the backing's file is not there or cannot be read.
    pub without_base: u64,
    /// What the journal lost, and what therefore is in none of them.
    pub damaged: Vec<Loss>,
}

/// Writes each file of which the journal in `dir` has dirty bytes to `to/files/PATH`: those over the bytes that the
/// backing's file has now, where it can be read, else over a hole. `to/manifest.json` says which ranges are dirty. The
/// journal and the backing stay as they are. Blocks for as long as copying takes.
///
/// # Errors
/// [`RecoverError::Taken`] if `to` holds an earlier export; those of reading the journal and of writing. No file that
/// exists is replaced.
pub fn export(
    dir: &Arc<dyn VDir>,
    backing: Option<&Arc<dyn Vfs>>,
    to: &Path,
) -> Result<Exported, RecoverError> {
    if let Some(path) =
        ["manifest.json", "files"].map(|name| to.join(name)).into_iter().find(|path| path.exists())
    {
        return Err(RecoverError::Taken { path });
    }
    let folded = look(dir)?;
    let mut manifest = Manifest::new(&folded);
    let mut exported = Exported::default();
    let finder = backing.map(|backing| (Finder::new(backing, &folded), backing));
    fs::create_dir_all(to).map_err(|source| failed(to, source))?;
    for file in &folded.files {
        let item = one(file, &folded, finder.as_ref(), to)?;
        exported.files += 1;
        exported.bytes += file.extents.bytes();
        exported.without_base += u64::from(item.base == Base::Zeros);
        manifest.files.push(item);
    }
    write_manifest(&manifest, &to.join("manifest.json"))?;
    exported.damaged.clone_from(&folded.losses);
    Ok(exported)
}

fn one(
    file: &RecoveredFile<Record>,
    folded: &Folded,
    finder: Option<&(Finder<'_>, &Arc<dyn Vfs>)>,
    to: &Path,
) -> Result<Item, RecoverError> {
    let (out, place) = create(to, file)?;
    let mut item = Item::new(file, &place);
    let base = finder.and_then(|(finder, backing)| base_of(file, finder, backing));
    if let Some((_, attr)) = &base {
        item.base = Base::Backing;
        item.conflict = judge(file, Some(attr), folded.same_boot) != Verdict::Ours;
    }
    let base = base.as_ref().map(|(handle, attr)| (&**handle, file.size_of_base(attr.size)));
    item.length = file.end().max(base.map_or(0, |(_, size)| size));
    let content = Content { base, extents: &file.extents, size: item.length };
    let path = to.join(place);
    content.pour(|offset, bytes| out.write_all_at(bytes, offset).map_err(|source| failed(&path, source)))?;
    out.set_len(item.length).and_then(|()| out.sync_all()).map_err(|source| failed(&path, source))?;
    Ok(item)
}

/// The backing's file, if it can be read.
fn base_of(
    file: &RecoveredFile<Record>,
    finder: &Finder<'_>,
    backing: &Arc<dyn Vfs>,
) -> Option<(Arc<dyn VFile>, Attr)> {
    let Search::Found(found) = finder.find(file) else { return None };
    let handle = found.open(backing, OpenHow::new(Access::Read)).ok()?;
    Some((handle, found.attr))
}

/// Makes the file to export to, with the directories above it. Two files may have had the same path: the second one
/// gets its number added.
fn create(to: &Path, file: &RecoveredFile<Record>) -> Result<(File, PathBuf), RecoverError> {
    let plain = file.paths.newest().map(inside).filter(|path| path.file_name().is_some());
    let numbered = PathBuf::from(format!("cachefs-lost-{}", file.no.0));
    let wanted = plain.unwrap_or(numbered);
    let place = Path::new("files").join(&wanted);
    match create_new(&to.join(&place)) {
        Ok(out) => Ok((out, place)),
        Err(source)
            if matches!(source.kind(), io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory) =>
        {
            let place = Path::new("files").join(format!("cachefs-{}", file.no.0)).join(&wanted);
            let out = create_new(&to.join(&place)).map_err(|source| failed(&to.join(&place), source))?;
            Ok((out, place))
        }
        Err(source) => Err(failed(&to.join(&place), source)),
    }
}

fn create_new(path: &Path) -> io::Result<File> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    File::options().write(true).create_new(true).mode(0o600).open(path)
}

/// The path without what could lead elsewhere.
fn inside(path: &Path) -> PathBuf {
    path.components().filter(|part| matches!(part, Component::Normal(_))).collect()
}

fn write_manifest(manifest: &Manifest, path: &Path) -> Result<(), RecoverError> {
    let text = serde_json::to_vec_pretty(manifest).map_err(|error| failed(path, error.into()))?;
    let out = create_new(path).map_err(|source| failed(path, source))?;
    out.write_all_at(&text, 0).and_then(|()| out.sync_all()).map_err(|source| failed(path, source))
}

fn failed(path: &Path, source: io::Error) -> RecoverError {
    RecoverError::Export { path: path.to_path_buf(), source }
}

impl From<cachefs_vfs::Error> for RecoverError {
    fn from(error: cachefs_vfs::Error) -> Self {
        Self::Journal(error)
    }
}
