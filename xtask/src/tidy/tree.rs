//! Which files are looked at.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Result;

/// Directories that hold no source of ours. Whatever else is hidden is skipped, but for these.
const SKIPPED: [&str; 1] = ["target"];
const HIDDEN_BUT_OURS: [&str; 4] = [".ci", ".cargo", ".gitignore", ".github"];

/// All files below `root` that could be checked in, as paths from there, sorted.
pub(crate) fn files(root: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut pending = vec![root.to_path_buf()];
    while let Some(directory) = pending.pop() {
        let entries =
            fs::read_dir(&directory).map_err(|e| format!("listing {}: {e}", directory.display()))?;
        for entry in entries {
            let entry = entry?;
            if !is_ours(&entry.file_name().to_string_lossy()) {
                continue;
            }
            let kind = entry.file_type()?;
            if kind.is_dir() {
                pending.push(entry.path());
            } else if kind.is_file() {
                found.push(entry.path().strip_prefix(root)?.to_path_buf());
            }
        }
    }
    found.sort();
    Ok(found)
}

fn is_ours(name: &str) -> bool {
    !SKIPPED.contains(&name) && (!name.starts_with('.') || HIDDEN_BUT_OURS.contains(&name))
}

/// The text of a file, or `None` for a binary one, or one that vanished since it was listed.
pub(crate) fn read(root: &Path, path: &Path) -> Result<Option<String>> {
    match fs::read(root.join(path)) {
        Ok(bytes) => Ok(String::from_utf8(bytes).ok()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("reading {}: {error}", path.display()).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn build_output_and_hidden_directories_are_not_ours() {
        assert!(is_ours("src") && is_ours(".ci") && is_ours("README.md"));
        assert!(!is_ours("target") && !is_ours(".git") && !is_ours(".idea"));
    }
}
