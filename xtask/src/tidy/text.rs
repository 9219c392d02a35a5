//! What holds for every text file.

use std::path::Path;

use super::Finding;

/// Paths that exist only on the machines this was written on; put together here so that this file may be checked.
const MACHINE_PATHS: [&str; 3] = [concat!("/wo", "rk/"), concat!("/fa", "rm/"), concat!(".lib", "rary")];

pub(crate) fn check(path: &Path, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut find = |line: usize, what: &str| findings.push(Finding::new(path, line, what));
    let lines = text.lines().count();
    if !text.is_empty() && !text.ends_with('\n') {
        find(lines, "the last line has no newline: add it");
    }
    if text.ends_with("\n\n") {
        find(lines, "empty lines at the end: remove them");
    }
    let generated = path.file_name().is_some_and(|name| name == "Cargo.lock");
    for (number, line) in text.lines().enumerate().map(|(index, line)| (index + 1, line)) {
        if line.contains('\t') {
            find(number, "a tab: indent with spaces");
        }
        if line.ends_with([' ', '\r']) {
            find(number, "white space at the end of the line: remove it");
        }
        if !generated && MACHINE_PATHS.iter().any(|needle| mentions(line, needle)) {
            find(number, "a path of somebody's machine: say it relative to the project, or leave it out");
        }
    }
    findings
}

/// Whether `needle` stands in `line` as the beginning of a path, not as its middle.
fn mentions(line: &str, needle: &str) -> bool {
    line.match_indices(needle).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|c| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '}')))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines_of(text: &str) -> Vec<usize> {
        check(Path::new("a.md"), text).iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn white_space_is_checked() {
        assert_eq!(lines_of("fine\nfine\n"), [0; 0]);
        assert_eq!(lines_of("a\nb"), [2]);
        assert_eq!(lines_of("a \n\tb\nc\r\n"), [1, 2], "str::lines takes a CR before the newline away");
        assert_eq!(lines_of("a\n\n"), [2]);
    }

    #[test]
    fn machine_paths_are_found_where_they_begin() {
        assert_eq!(lines_of(&format!("see {}main\n", MACHINE_PATHS[0])), [1]);
        assert_eq!(lines_of(&format!("`{}x`\n", MACHINE_PATHS[1])), [1]);
        assert_eq!(lines_of(&format!("/home/me{}x\n", MACHINE_PATHS[0])), [0; 0]);
    }
}
