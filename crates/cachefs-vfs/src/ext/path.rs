use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use crate::{Errno, Error, Mode, Name, Owner, Result, VDir, Vfs};

/// The components of a path that are names.
pub(super) fn names(path: &Path) -> impl Iterator<Item = Result<Name<'_>>> {
    path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(Name::new(name)),
        Component::RootDir | Component::CurDir => None,
        Component::ParentDir | Component::Prefix(_) => Some(Err(Error::new(Errno::INVAL))),
    })
}

/// The path without what does not count.
pub(super) fn plain(path: &Path) -> PathBuf {
    path.components().filter(|component| matches!(component, Component::Normal(_))).collect()
}

/// Opens the directory at `path`.
pub(super) fn dir_at<V: Vfs + ?Sized>(fs: &V, path: &Path) -> Result<Arc<dyn VDir>> {
    descend(fs.root()?, names(path))
}

/// Opens the directory above `path`, which has a name there.
pub(super) fn parent_at<'p, V: Vfs + ?Sized>(fs: &V, path: &'p Path) -> Result<(Arc<dyn VDir>, Name<'p>)> {
    let mut names = names(path).collect::<Result<Vec<_>>>()?;
    let name = names.pop().ok_or(Error::new(Errno::INVAL))?;
    Ok((descend(fs.root()?, names.into_iter().map(Ok))?, name))
}

/// Makes the directories of `path` that are missing.
pub(super) fn make_dirs<V: Vfs + ?Sized>(fs: &V, path: &Path) -> Result<()> {
    let mut dir = fs.root()?;
    for name in names(path).collect::<Result<Vec<_>>>()? {
        dir = match dir.dir(name) {
            Err(error) if error.is_not_found() => made(&*dir, name)?,
            other => other?.handle,
        };
    }
    Ok(())
}

fn made(dir: &dyn VDir, name: Name<'_>) -> Result<Arc<dyn VDir>> {
    match dir.make_dir(name, Mode::new(0o777), &Owner::process()) {
        // Somebody else was faster.
        Err(error) if error.errno() == Errno::EXIST => {}
        other => drop(other?),
    }
    Ok(dir.dir(name)?.handle)
}

fn descend<'p>(
    from: Arc<dyn VDir>,
    mut names: impl Iterator<Item = Result<Name<'p>>>,
) -> Result<Arc<dyn VDir>> {
    names.try_fold(from, |dir, name| Ok(dir.dir(name?)?.handle))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_count() {
        let names = |path| names(Path::new(path)).map(|name| name.map(|name| name.to_string()));
        let good: Result<Vec<_>> = names("//a/./b//").collect();
        assert_eq!(good, Ok(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(names("/").count(), 0);
        let bad: Result<Vec<_>> = names("a/../b").collect();
        assert_eq!(bad.map_err(|error| error.errno()), Err(Errno::INVAL));
        assert_eq!(plain(Path::new("/a//./b/")), Path::new("a/b"));
    }
}
