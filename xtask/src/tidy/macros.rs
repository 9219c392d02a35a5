//! Macros that have no place in finished code, or none in a library.

use std::path::{Component, Path};

use super::Finding;
use super::source::Source;

const UNFINISHED: [&str; 3] = ["todo", "unimplemented", "dbg"];
const PRINTS: [&str; 4] = ["print", "println", "eprint", "eprintln"];

pub(crate) fn check(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    let library = is_library(&source.path);
    source.each_ident(|ident, next, line| {
        if next != Some('!') {
            return;
        }
        if UNFINISHED.contains(&ident) {
            let what = format!("`{ident}!`: finish it, or leave it out");
            findings.push(Finding::new(&source.path, line, what));
        }
        if library && PRINTS.contains(&ident) && !source.is_test_line(line) {
            let what = format!("`{ident}!` in a library: answer a value, or log with `tracing`");
            findings.push(Finding::new(&source.path, line, what));
        }
    });
    findings
}

/// Whether the file is part of a library: below some `src`, and neither a program nor a chore.
fn is_library(path: &Path) -> bool {
    let folder = |name: &str| path.components().any(|c| c == Component::Normal(name.as_ref()));
    let program = folder("bin") || folder("xtask") || path.ends_with("src/main.rs");
    folder("src") && !program
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> usize {
        check(&Source::parse(Path::new(path), text.to_owned()).unwrap()).len()
    }

    #[test]
    fn libraries_do_not_print() {
        let text = "fn a() { println!(); }\n#[cfg(test)]\nmod tests { fn b() { println!(); } }\n";
        assert_eq!(found("crates/x/src/y.rs", text), 1);
        assert_eq!(found("crates/x/src/bin/y.rs", text), 0);
        assert_eq!(found("crates/x/tests/y.rs", text), 0);
    }

    #[test]
    fn unfinished_code_is_found_anywhere() {
        let text = concat!("fn a() { to", "do!() }");
        assert_eq!(found("crates/x/tests/y.rs", text), 1);
        assert_eq!(found("crates/x/src/y.rs", "fn todo() { todo() }"), 0);
    }
}
