//! The list of what is too long, which may only get shorter.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::Finding;
use super::lengths::{FILE_LINES_MAX, FUNCTION_LINES_MAX, Length, Lengths};
use crate::Result;

/// Exceptions to the length limits: the longest each may be.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Ratchet {
    files: BTreeMap<String, usize>,
    functions: BTreeMap<String, usize>,
}

impl Ratchet {
    pub(crate) fn load(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).map_err(|e| format!("reading {}: {e}", path.display()))?;
        Self::parse(&text).map_err(|e| format!("{}: {e}", path.display()).into())
    }

    fn parse(text: &str) -> Result<Self> {
        let table: toml::Table = text.parse()?;
        let section = |name: &str| -> Result<BTreeMap<String, usize>> {
            let Some(section) = table.get(name) else { return Ok(BTreeMap::new()) };
            Ok(section.clone().try_into()?)
        };
        Ok(Self { files: section("files")?, functions: section("functions")? })
    }

    pub(crate) fn save(&self, path: &Path) -> Result<()> {
        fs::write(path, self.render()).map_err(|e| format!("writing {}: {e}", path.display()).into())
    }

    fn render(&self) -> String {
        let mut text = format!(
            "# What is longer than {FILE_LINES_MAX} lines per file (unit tests aside) or {FUNCTION_LINES_MAX} per \
             function, and how long it is.\n# Entries may only shrink: `cargo xtask tidy --bless` lowers them.\n"
        );
        for (title, section) in [("files", &self.files), ("functions", &self.functions)] {
            let _ = write!(text, "\n[{title}]\n");
            for (name, lines) in section {
                let _ = writeln!(text, "\"{name}\" = {lines}");
            }
        }
        text
    }

    pub(crate) fn check(&self, lengths: &Lengths) -> Vec<Finding> {
        let mut findings = compare(&self.files, &lengths.files, FILE_LINES_MAX, "file");
        findings.extend(compare(&self.functions, &lengths.functions, FUNCTION_LINES_MAX, "function"));
        findings
    }

    /// Lowers entries to what is measured and removes those within the limit; answers how many changed.
    pub(crate) fn lower(&mut self, lengths: &Lengths) -> usize {
        lower(&mut self.files, &lengths.files, FILE_LINES_MAX)
            + lower(&mut self.functions, &lengths.functions, FUNCTION_LINES_MAX)
    }
}

fn compare(
    allowed: &BTreeMap<String, usize>,
    measured: &BTreeMap<String, Length>,
    limit: usize,
    kind: &str,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, length) in measured {
        let bound = allowed.get(name).copied().unwrap_or(limit).max(limit);
        if length.lines > bound {
            let what = format!("a {kind} of {} lines ({name}), {bound} allowed: split it", length.lines);
            findings.push(Finding::new(&length.file, length.line, what));
        }
    }
    for (name, bound) in allowed {
        let lines = measured.get(name).map_or(0, |length| length.lines);
        if lines < *bound {
            let what =
                format!("`{name}` is {lines} lines, no longer {bound}: run `cargo xtask tidy --bless`");
            findings.push(Finding::new(Path::new(super::RATCHET), 1, what));
        }
    }
    findings
}

fn lower(allowed: &mut BTreeMap<String, usize>, measured: &BTreeMap<String, Length>, limit: usize) -> usize {
    let before = allowed.clone();
    allowed.retain(|name, bound| {
        let lines = measured.get(name).map_or(0, |length| length.lines);
        *bound = lines.min(*bound);
        lines > limit
    });
    before.iter().filter(|(name, bound)| allowed.get(*name) != Some(bound)).count()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn measured(lines: usize) -> Lengths {
        let mut lengths = Lengths::default();
        lengths.files.insert("a.rs".into(), Length { file: PathBuf::from("a.rs"), line: 1, lines });
        lengths
    }

    fn ratchet(bound: usize) -> Ratchet {
        Ratchet::parse(&format!("[files]\n\"a.rs\" = {bound}\n")).unwrap()
    }

    #[test]
    fn a_limit_holds_unless_an_exception_is_listed() {
        assert_eq!(Ratchet::default().check(&measured(250)).len(), 0);
        assert_eq!(Ratchet::default().check(&measured(251)).len(), 1);
        assert_eq!(ratchet(300).check(&measured(300)).len(), 0);
        assert_eq!(ratchet(300).check(&measured(301)).len(), 1, "an exception may not grow");
        assert_eq!(ratchet(300).check(&measured(299)).len(), 1, "a better figure has to be kept");
    }

    #[test]
    fn blessing_only_lowers() {
        let mut grown = ratchet(300);
        assert_eq!(grown.lower(&measured(400)), 0);
        assert_eq!(grown, ratchet(300));
        let mut shrunk = ratchet(300);
        assert_eq!(shrunk.lower(&measured(280)), 1);
        assert_eq!(shrunk, ratchet(280));
        assert_eq!(shrunk.lower(&measured(250)), 1);
        assert_eq!(shrunk, Ratchet::default(), "within the limit there is no exception");
        let mut empty = Ratchet::default();
        assert_eq!(empty.lower(&measured(400)), 0, "nothing is added");
    }

    #[test]
    fn the_list_reads_back_as_written() {
        let ratchet = ratchet(300);
        assert_eq!(Ratchet::parse(&ratchet.render()).unwrap(), ratchet);
    }
}
