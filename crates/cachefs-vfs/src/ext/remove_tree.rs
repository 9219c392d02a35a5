use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::sync::Arc;

use super::entries::Entries;
use crate::{Errno, Error, FileKind, Name, RemoveKind, Result, VDir};

/// How often a directory to which others add meanwhile is emptied again.
const ROUNDS: u32 = 16;

struct Level {
    name: OsString,
    entries: Entries,
    rounds: u32,
}

/// Removes the directory `name` of `parent` and all below it. `path` is what errors call it.
pub(super) fn remove_tree(parent: &Arc<dyn VDir>, name: Name<'_>, path: &Path) -> Result<()> {
    let mut levels = vec![Level::open(&**parent, name.as_os_str())?];
    while let Some(level) = levels.last_mut() {
        let step = match level.entries.next() {
            Some(Ok((name, FileKind::Directory))) => match Level::open(&*level.entries.dir, &name) {
                Ok(below) => {
                    levels.push(below);
                    Ok(())
                }
                Err(error) => Err(error.on("removing", path_of(path, &levels).join(name))),
            },
            Some(Ok((name, _))) => remove(&*level.entries.dir, &name, RemoveKind::File)
                .map_err(|error| error.on("removing", path_of(path, &levels).join(name))),
            Some(Err(error)) => Err(error.on("listing", path_of(path, &levels))),
            None => {
                leave(&mut levels, &**parent).map_err(|error| error.on("removing", path_of(path, &levels)))
            }
        };
        step.or_else(unless_gone)?;
    }
    Ok(())
}

impl Level {
    fn open(parent: &dyn VDir, name: &OsStr) -> Result<Self> {
        let dir = parent.dir(Name::new(name)?)?.handle;
        Ok(Self { name: name.to_owned(), entries: Entries::of(dir), rounds: 0 })
    }
}

/// Removes the last level, which was empty a moment ago.
fn leave(levels: &mut Vec<Level>, top: &dyn VDir) -> Result<()> {
    let Some((level, above)) = levels.split_last_mut() else { return Ok(()) };
    let parent = above.last().map_or(top, |above| &*above.entries.dir);
    match remove(parent, &level.name, RemoveKind::Dir) {
        Err(error) if error.errno() == Errno::NOTEMPTY && level.rounds < ROUNDS => {
            level.rounds += 1;
            level.entries.again();
            return Ok(());
        }
        result => result.or_else(unless_gone)?,
    }
    levels.pop();
    Ok(())
}

fn remove(dir: &dyn VDir, name: &OsStr, kind: RemoveKind) -> Result<()> {
    dir.remove(Name::new(name)?, kind)
}

fn unless_gone(error: Error) -> Result<()> {
    if error.is_not_found() { Ok(()) } else { Err(error) }
}

fn path_of(path: &Path, levels: &[Level]) -> std::path::PathBuf {
    levels.iter().skip(1).fold(path.to_path_buf(), |path, level| path.join(&level.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MemFs, Vfs, VfsExt};

    #[test]
    fn a_directory_that_was_added_to_is_emptied_again_but_not_for_ever() {
        let fs = MemFs::new();
        fs.create_dir("d").unwrap();
        let top = fs.root().unwrap();
        let mut levels = vec![Level::open(&*top, OsStr::new("d")).unwrap()];
        assert!(levels[0].entries.next().is_none());
        fs.write("d/late", b"").unwrap();
        leave(&mut levels, &*top).unwrap();
        assert!(matches!(levels[0].entries.next(), Some(Ok((name, _))) if name == "late"));
        levels[0].rounds = ROUNDS;
        assert_eq!(leave(&mut levels, &*top).map_err(|error| error.errno()), Err(Errno::NOTEMPTY));
        fs.remove_file("d/late").unwrap();
        leave(&mut levels, &*top).unwrap();
        assert!(levels.is_empty());
    }
}
