use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, unlinkat};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use super::source::hash;
use super::{Source, StateError, json, path_text, place};

const ENDING: &str = ".elsewhere";

/// Left in the usual root of state directories by who keeps one somewhere else: who is not told of that place would
/// take the source for one that no bytes wait for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hint {
    /// What the state directory is of.
    pub source: Source,
    /// The state directory of that source.
    #[serde(with = "path_text")]
    pub state: PathBuf,
}

impl Hint {
    /// Writes it down below `root`, durably.
    ///
    /// # Errors
    /// Those of making the root, and of writing.
    pub fn leave(&self, root: &Path) -> Result<(), StateError> {
        let root = place::root(root)?;
        json::replace(&open(&root)?, &root, &self.name(), self, json::Keep::Always)
    }

    /// Removes it: nothing waits there any more.
    ///
    /// # Errors
    /// Those of removing it; that there is none is no error.
    pub fn remove(&self, root: &Path) -> Result<(), StateError> {
        let removed = match root.exists() {
            true => unlinkat(&open(root)?, self.name(), AtFlags::empty()),
            false => Ok(()),
        };
        match removed {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(StateError::io("removing", &root.join(self.name()))(error)),
        }
    }

    /// Those there are below `root`. Those of which neither the source nor the state directory is there any more are
    /// removed.
    ///
    /// # Errors
    /// `root` cannot be read, or one of them.
    pub fn list(root: &Path) -> Result<Vec<Self>, StateError> {
        let entries = match std::fs::read_dir(root) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            opened => opened.map_err(StateError::io("reading", root))?,
        };
        let dir = open(root)?;
        let mut hints = Vec::new();
        for entry in entries {
            let name = entry.map_err(StateError::io("reading", root))?.file_name();
            let Some(name) = name.to_str().filter(|name| name.ends_with(ENDING)) else { continue };
            let Some(hint) = json::read::<Self>(&dir, root, name)? else { continue };
            if is_gone(hint.source.path()) && is_gone(&hint.state) {
                hint.remove(root)?;
            } else {
                hints.push(hint);
            }
        }
        Ok(hints)
    }

    /// One for each source and place.
    fn name(&self) -> String {
        format!("{}-{:016x}{ENDING}", self.source.dir_name(), hash(&self.state))
    }
}

fn open(root: &Path) -> Result<OwnedFd, StateError> {
    File::open(root).map(OwnedFd::from).map_err(StateError::io("opening", root))
}

fn is_gone(path: &Path) -> bool {
    path.symlink_metadata().is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_is_found_until_it_is_removed_or_about_nothing() {
        let top = tempfile::tempdir().expect("temp");
        let at = |name: &str| top.path().join(name);
        assert_eq!(Hint::list(&at("root")), Ok(Vec::new()));
        for name in ["a", "b", "state"] {
            std::fs::create_dir(at(name)).expect("mkdir");
        }
        let hint = |name| Hint { source: Source::of(&at(name)).expect("source"), state: at("state") };
        let (a, b) = (hint("a"), hint("b"));
        for left in [&a, &b, &a] {
            left.leave(&at("root")).expect("left");
        }
        assert_eq!(Hint::list(&at("root")).expect("listed").len(), 2);
        a.remove(&at("root")).expect("removed");
        a.remove(&at("root")).expect("gone already");
        assert_eq!(Hint::list(&at("root")), Ok(vec![b]));
        std::fs::remove_dir(at("b")).expect("rmdir");
        assert_eq!(Hint::list(&at("root")).expect("listed").len(), 1, "its bytes may still be there");
        std::fs::remove_dir(at("state")).expect("rmdir");
        assert_eq!(Hint::list(&at("root")), Ok(Vec::new()));
    }
}
