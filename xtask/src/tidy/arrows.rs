//! Which crate may use which: strictly downward, as ARCHITECTURE.md draws it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::Finding;
use crate::Result;

/// Each package of the workspace and the packages of the workspace it may use.
const ARROWS: [(&str, &[&str]); 13] = [
    ("cachefs-sys", &[]),
    ("cachefs-policy", &[]),
    ("cachefs-vfs", &["cachefs-sys"]),
    ("cachefs-writeback", &["cachefs-vfs", "cachefs-sys"]),
    ("cachefs", &["cachefs-vfs", "cachefs-policy", "cachefs-sys", "cachefs-writeback"]),
    ("cachefs-metrics", &["cachefs", "cachefs-vfs"]),
    ("cachefs-sim", &["cachefs-policy"]),
    ("cachefs-testkit", &["cachefs-vfs"]),
    ("cachefs-fuse", &["cachefs", "cachefs-metrics", "cachefs-vfs", "cachefs-sys", "cachefs-writeback"]),
    (
        "cachefs-benches",
        &["cachefs", "cachefs-vfs", "cachefs-policy", "cachefs-testkit", "cachefs-writeback"],
    ),
    ("cachefs-rivals", &["cachefs-benches"]),
    ("cachefs-examples", &["cachefs", "cachefs-vfs", "cachefs-fuse", "cachefs-testkit"]),
    ("xtask", &[]),
];

/// The test kit, which any package may use for its tests.
const TESTS_ONLY: &str = "cachefs-testkit";

/// What else a package may use for its tests: the simulator is held against the engine.
const COMPARED: [(&str, &str); 2] = [("cachefs-sim", "cachefs"), ("cachefs-sim", "cachefs-vfs")];

/// Packages from outside that only these may use: what the others must know nothing of.
const FENCED: [(&str, &[&str]); 5] = [
    ("libc", &["cachefs-sys"]),
    ("fuser", &["cachefs-fuse"]),
    ("clap", &["cachefs-fuse", "cachefs-sim"]),
    ("metrics", &["cachefs-metrics"]),
    ("tokio", &[]),
];

pub(crate) fn check(root: &Path, paths: &[PathBuf]) -> Result<Vec<Finding>> {
    let manifests = paths.iter().filter(|path| path.file_name().is_some_and(|name| name == "Cargo.toml"));
    let mut findings = Vec::new();
    for path in manifests.filter(|path| path.parent() != Some(Path::new(""))) {
        let text = fs::read_to_string(root.join(path))?;
        findings.extend(check_manifest(path, &text)?);
    }
    Ok(findings)
}

fn check_manifest(path: &Path, text: &str) -> Result<Vec<Finding>> {
    let table: toml::Table = text.parse().map_err(|e| format!("{}: {e}", path.display()))?;
    let Some(package) = table.get("package").and_then(|p| p.get("name")).and_then(toml::Value::as_str) else {
        return Ok(Vec::new());
    };
    let mut wrong = BTreeSet::new();
    for (section, for_tests) in
        [("dependencies", false), ("build-dependencies", false), ("dev-dependencies", true)]
    {
        let used = table.get(section).and_then(toml::Value::as_table).into_iter().flat_map(toml::Table::keys);
        wrong.extend(used.filter_map(|used| refuse(package, used, for_tests)));
    }
    Ok(wrong.into_iter().map(|(used, why)| Finding::new(path, line_of(text, &used), why)).collect())
}

/// Why `package` may not use `used`, if it may not.
fn refuse(package: &str, used: &str, for_tests: bool) -> Option<(String, String)> {
    let why = if ours(used) {
        let Some((_, allowed)) = ARROWS.iter().find(|(from, _)| *from == package) else {
            return Some((
                used.to_owned(),
                format!("`{package}` is not in the table of arrows: add it there"),
            ));
        };
        let tested = used == TESTS_ONLY || COMPARED.contains(&(package, used));
        let allowed = allowed.contains(&used) || (for_tests && tested);
        (!allowed).then(|| format!("`{package}` may not use `{used}`: arrows point down only"))
    } else {
        let fence = FENCED.iter().find(|(name, _)| *name == used);
        let outside = fence.is_some_and(|(_, inside)| !for_tests && !inside.contains(&package));
        outside.then(|| format!("`{used}` is not for `{package}`: keep it behind its crate"))
    };
    why.map(|why| (used.to_owned(), why))
}

fn ours(name: &str) -> bool {
    ARROWS.iter().any(|(package, _)| *package == name) || name.starts_with("cachefs")
}

fn line_of(text: &str, used: &str) -> usize {
    let begins = |line: &str| line.strip_prefix(used).is_some_and(|rest| rest.starts_with([' ', '.', '=']));
    text.lines().position(|line| begins(line.trim_start())).map_or(1, |index| index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines_of(text: &str) -> Vec<usize> {
        let findings = check_manifest(Path::new("Cargo.toml"), text).unwrap();
        findings.iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn arrows_point_down() {
        let up = "[package]\nname = \"cachefs-vfs\"\n[dependencies]\ncachefs-sys.workspace = true\n\
                  cachefs.workspace = true\n";
        assert_eq!(lines_of(up), [5]);
        assert_eq!(lines_of(&up.replace("cachefs-vfs", "cachefs-fuse")), [0; 0]);
        assert_eq!(
            lines_of(&up.replace("cachefs-vfs", "cachefs-new")),
            [5, 4],
            "an unknown crate is asked about"
        );
    }

    #[test]
    fn the_test_kit_is_for_tests() {
        let dev = "[package]\nname = \"cachefs\"\n[dev-dependencies]\ncachefs-testkit.workspace = true\n";
        assert_eq!(lines_of(dev), [0; 0]);
        assert_eq!(lines_of(&dev.replace("dev-", "")), [4]);
    }

    #[test]
    fn the_engine_knows_nothing_of_fuse() {
        assert_eq!(lines_of("[package]\nname = \"cachefs\"\n[dependencies]\nfuser = \"0.18\"\n"), [4]);
        assert_eq!(
            lines_of("[package]\nname = \"cachefs-fuse\"\n[dependencies]\nfuser = \"0.18\"\n"),
            [0; 0]
        );
    }
}
