//! What tests may not do: wait for a while and hope, or be switched off without a word.

use syn::spanned::Spanned as _;
use syn::visit::Visit;

use super::Finding;
use super::source::Source;

/// What a line of a test must carry to be allowed to sleep.
const EXCUSE: &str = "// sleep: ";

pub(crate) fn check(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    source.each_ident(|ident, next, line| {
        let sleeps = ident == "sleep" && next == Some('(');
        if sleeps && source.is_test_line(line) && !is_definition(source.line(line)) && !excused(source, line) {
            let what = "a test that sleeps: wait for the event (channel, condvar, poll with a deadline), or end \
                        the line with `// sleep: REASON`";
            findings.push(Finding::new(&source.path, line, what));
        }
    });
    let mut finder = IgnoreFinder { source, findings };
    finder.visit_file(&source.tree);
    finder.findings
}

fn is_definition(line: &str) -> bool {
    line.contains("fn sleep")
}

fn excused(source: &Source, line: usize) -> bool {
    source.line(line).split_once(EXCUSE).is_some_and(|(_, reason)| !reason.trim().is_empty())
}

struct IgnoreFinder<'a> {
    source: &'a Source,
    findings: Vec<Finding>,
}

impl<'ast> Visit<'ast> for IgnoreFinder<'_> {
    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        if let syn::Meta::Path(path) = &attribute.meta
            && path.is_ident("ignore")
        {
            let what = "`#[ignore]` without a reason: write `#[ignore = \"why\"]`";
            self.findings.push(Finding::new(&self.source.path, attribute.span().start().line, what));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn found(path: &str, text: &str) -> usize {
        check(&Source::parse(Path::new(path), text.to_owned()).unwrap()).len()
    }

    #[test]
    fn a_test_does_not_sleep_without_a_reason() {
        let naps = "fn a() {\n    thread::sleep(x);\n}\n";
        assert_eq!(found("crates/x/tests/y.rs", naps), 1);
        assert_eq!(found("crates/x/src/y.rs", naps), 0, "only tests are meant");
        let excused = "fn a() {\n    thread::sleep(x); // sleep: the poll interval\n}\n";
        assert_eq!(found("crates/x/tests/y.rs", excused), 0);
        assert_eq!(found("crates/x/tests/y.rs", &excused.replace("the poll interval", "")), 1);
    }

    #[test]
    fn an_ignored_test_says_why() {
        assert_eq!(found("crates/x/src/y.rs", "#[test]\n#[ignore]\nfn a() {}\n"), 1);
        assert_eq!(found("crates/x/src/y.rs", "#[test]\n#[ignore = \"slow\"]\nfn a() {}\n"), 0);
    }
}
