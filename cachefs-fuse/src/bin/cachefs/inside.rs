//! Paths as people give them, and where they lie in a mount.

use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use crate::exit::Exit;
use crate::resolve::resolve;
use crate::trouble::Trouble;

/// What somebody means by a word on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Meant {
    /// This path in the mount, which may be gone; empty for its top.
    Path(String),
    /// What matches this pattern in the mount.
    Glob(String),
}

impl Meant {
    /// In the mount on `mountpoint`. What exists as it is written is no pattern.
    ///
    /// # Errors
    /// If it leads out of the mount, or cannot be reached.
    pub(crate) fn of(word: &Path, mountpoint: &Path) -> Result<Self, Trouble> {
        match resolved(word) {
            Ok(path) => relative(word, &path, mountpoint).map(Self::Path),
            Err(trouble) if trouble.exit != Exit::NotFound => Err(trouble),
            Err(_) if is_pattern(word) => pattern(word, mountpoint).map(Self::Glob),
            Err(trouble) => {
                // The last name may be gone.
                let (Some(parent), Some(name)) = (parent(word), word.file_name()) else {
                    return Err(trouble);
                };
                let path = resolved(&parent)?.join(name);
                relative(word, &path, mountpoint).map(Self::Path)
            }
        }
    }

    /// As a pattern that matches nothing else.
    pub(crate) fn glob(&self) -> String {
        match self {
            Self::Path(path) if path.is_empty() => "**".to_owned(),
            Self::Path(path) => glob::Pattern::escape(path),
            Self::Glob(glob) => glob.clone(),
        }
    }
}

/// The path from the top of the mount; empty for the top itself.
///
/// # Errors
/// If it does not exist, cannot be reached in time or leads out of the mount.
pub(crate) fn within(path: &Path, mountpoint: &Path) -> Result<String, Trouble> {
    relative(path, &resolved(path)?, mountpoint)
}

/// The same of one of many paths, of which the mount is not asked: what is a symlink on the way is taken as it is.
pub(crate) fn within_unasked(path: &Path, mountpoint: &Path) -> Result<String, Trouble> {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let plain = !absolute.components().any(|part| part == Component::ParentDir);
    match plain && absolute.starts_with(mountpoint) {
        true => relative(path, &absolute, mountpoint),
        false => within(path, mountpoint),
    }
}

fn relative(shown: &Path, path: &Path, mountpoint: &Path) -> Result<String, Trouble> {
    let shown = shown.display();
    let inside = path.strip_prefix(mountpoint).map_err(|_| {
        Trouble::not_mounted(format!("{shown} leads out of the mount on {}", mountpoint.display()))
    })?;
    let text = inside.to_str();
    let text = text.ok_or_else(|| {
        Trouble::usage(format!("{shown} is not valid UTF-8: give the directory that it is in"))
    })?;
    Ok(text.to_owned())
}

/// Without symlinks. A mount that hangs is given up in time.
fn resolved(path: &Path) -> Result<PathBuf, Trouble> {
    let shown = path.display();
    resolve(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => Trouble::new(Exit::NotFound, format!("{shown} does not exist")),
        ErrorKind::TimedOut => Trouble::new(
            Exit::Temporary,
            format!(
                "{shown}: the mount does not answer, its source may hang: see `cachefs status` of the mount"
            ),
        ),
        _ => Trouble::failed(format!("{shown} cannot be reached: {error}")),
    })
}

fn parent(path: &Path) -> Option<PathBuf> {
    let parent = path.parent()?;
    Some(if parent.as_os_str().is_empty() { PathBuf::from(".") } else { parent.to_owned() })
}

fn is_pattern(path: &Path) -> bool {
    path.to_string_lossy().contains(['*', '?', '['])
}

/// The names before the first that is a pattern are taken as they are.
fn pattern(word: &Path, mountpoint: &Path) -> Result<String, Trouble> {
    let mut parts = word.components();
    let mut base = PathBuf::new();
    while let Some(part) = parts.clone().next().filter(|part| !is_pattern(Path::new(part.as_os_str()))) {
        base.push(part);
        parts.next();
    }
    let base = if base.as_os_str().is_empty() { PathBuf::from(".") } else { base };
    let rest = parts.as_path().to_str().ok_or_else(|| {
        Trouble::usage(format!("{} is not valid UTF-8: give the directory that it is in", word.display()))
    })?;
    let base = within(&base, mountpoint)?;
    match base.is_empty() {
        true => Ok(rest.to_owned()),
        false => Ok(format!("{}/{rest}", glob::Pattern::escape(&base))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_paths_or_patterns_of_a_mount() {
        let top = tempfile::tempdir().expect("temp");
        let top = top.path().canonicalize().expect("top");
        std::fs::create_dir(top.join("a[1]")).expect("mkdir");
        std::fs::write(top.join("a[1]/f*"), "").expect("write");
        let meant = |word: &str| Meant::of(&top.join(word), &top);
        assert_eq!(meant("a[1]/f*"), Ok(Meant::Path("a[1]/f*".into())));
        assert_eq!(meant("a[1]/f*").map(|meant| meant.glob()), Ok("a[[]1[]]/f[*]".into()));
        assert_eq!(meant("**/*.rs"), Ok(Meant::Glob("**/*.rs".into())));
        assert_eq!(meant("gone"), Ok(Meant::Path("gone".into())));
        assert_eq!(meant(""), Ok(Meant::Path(String::new())));
        assert_eq!(Meant::Path(String::new()).glob(), "**");
        assert_eq!(meant("gone/f").map_err(|trouble| trouble.exit), Err(Exit::NotFound));
        assert_eq!(meant("..").map_err(|trouble| trouble.exit), Err(Exit::NotMounted));
        std::os::unix::fs::symlink(top.join("a[1]"), top.join("link")).expect("symlink");
        assert_eq!(meant("link/*"), Ok(Meant::Glob("a[[]1[]]/*".into())));
        assert_eq!(within_unasked(&top.join("x/y"), &top), Ok("x/y".into()));
        assert_eq!(within_unasked(&top.join("link/.."), &top), Ok(String::new()));
    }
}
