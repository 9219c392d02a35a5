use std::path::{Path, PathBuf};

/// Renames of one file that are remembered; beyond these it is looked for by its identity.
const PATHS_MAX: usize = 16;

/// Where a file may be: the newest place first. A rename is noted before it is tried, so that both its ends may be
/// right.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Paths(Vec<PathBuf>);

impl Paths {
    /// All places, the newest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Path> {
        self.0.iter().map(PathBuf::as_path)
    }

    /// The newest place.
    pub(crate) fn newest(&self) -> Option<&Path> {
        self.iter().next()
    }

    /// It is at `path`, or is about to be.
    pub(crate) fn put(&mut self, path: PathBuf) {
        self.0.retain(|known| *known != path);
        self.0.insert(0, path);
        self.0.truncate(PATHS_MAX);
    }

    /// A directory that may be above it is renamed, or what may be the file.
    pub(crate) fn rename(&mut self, from: &Path, to: &Path) {
        for path in std::mem::take(&mut self.0) {
            self.add(moved(&path, from, to));
            self.add(Some(path));
        }
        self.0.truncate(PATHS_MAX);
    }

    /// Another place, less likely than those before.
    fn add(&mut self, path: Option<PathBuf>) {
        self.0.extend(path.filter(|path| !self.0.contains(path)));
    }
}

/// Where `path` is after the rename; `None` if it stays.
fn moved(path: &Path, from: &Path, to: &Path) -> Option<PathBuf> {
    let rest = path.strip_prefix(from).ok()?;
    Some(if rest.as_os_str().is_empty() { to.to_path_buf() } else { to.join(rest) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(paths: &Paths) -> Vec<&str> {
        paths.iter().filter_map(Path::to_str).collect()
    }

    #[test]
    fn both_ends_of_a_rename_stay_the_newer_first() {
        let mut paths = Paths::default();
        paths.put("a/b/c".into());
        paths.rename(Path::new("a"), Path::new("x/y"));
        paths.rename(Path::new("x/y/b/c"), Path::new("d"));
        assert_eq!(all(&paths), ["d", "x/y/b/c", "a/b/c"]);
        paths.rename(Path::new("a/b"), Path::new("e"));
        assert_eq!(all(&paths), ["d", "x/y/b/c", "e/c", "a/b/c"], "what is less likely stays so");
        paths.rename(Path::new("a/b/cc"), Path::new("e"));
        assert_eq!(paths.newest(), Some(Path::new("d")), "a name that only begins alike is another");
    }

    #[test]
    fn back_and_forth_takes_no_room() {
        let mut paths = Paths::default();
        paths.put("a".into());
        for _ in 0..1000 {
            paths.rename(Path::new("a"), Path::new("b"));
            paths.rename(Path::new("b"), Path::new("a"));
        }
        assert_eq!(all(&paths), ["a", "b"]);
        for n in 0..1000 {
            paths.put(format!("{n}").into());
        }
        assert_eq!(paths.iter().count(), PATHS_MAX);
        assert_eq!(paths.newest(), Some(Path::new("999")));
    }
}
