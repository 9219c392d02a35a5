//! Unsafe code lives in one crate, and says why it is sound.

use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};

use super::Finding;
use super::source::Source;

/// The only crate that may hold unsafe code.
const HOME: &str = "crates/cachefs-sys";

pub(crate) fn check(source: &Source) -> Vec<Finding> {
    let mut finder = Finder { source, findings: Vec::new() };
    finder.visit_file(&source.tree);
    finder.findings
}

struct Finder<'a> {
    source: &'a Source,
    findings: Vec<Finding>,
}

impl Finder<'_> {
    fn note(&mut self, line: usize, block: bool) {
        if !self.source.path.starts_with(HOME) {
            let what = format!("unsafe code outside {HOME}: put a safe function there and call it");
            self.findings.push(Finding::new(&self.source.path, line, what));
        } else if block && !is_explained(self.source, line) {
            let what = "an unsafe block without a reason: put `// SAFETY: WHY` above it";
            self.findings.push(Finding::new(&self.source.path, line, what));
        }
    }
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_expr_unsafe(&mut self, block: &'ast syn::ExprUnsafe) {
        self.note(block.unsafe_token.span().start().line, true);
        visit::visit_expr_unsafe(self, block);
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        if let Some(token) = &item.unsafety {
            self.note(token.span().start().line, true);
        }
        visit::visit_item_impl(self, item);
    }

    fn visit_signature(&mut self, signature: &'ast syn::Signature) {
        if let Some(token) = &signature.unsafety {
            self.note(token.span().start().line, false);
        }
        visit::visit_signature(self, signature);
    }

    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        let path = attribute.path();
        let loosens = path.is_ident("allow") || path.is_ident("expect");
        if let syn::Meta::List(list) = &attribute.meta
            && loosens
            && list.tokens.to_string().contains("unsafe_code")
        {
            self.note(attribute.span().start().line, false);
        }
    }
}

/// Whether a comment with `SAFETY:` stands on the line, or above the statement it belongs to.
fn is_explained(source: &Source, line: usize) -> bool {
    if source.line(line).contains("SAFETY:") {
        return true;
    }
    for above in (1..line).rev().map(|number| source.line(number).trim()) {
        if above.contains("SAFETY:") {
            return true;
        }
        let comment = above.starts_with("//") || above.starts_with("#[");
        if !comment && (above.is_empty() || above.ends_with([';', '{', '}', ','])) {
            return false;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn found(path: &str, text: &str) -> usize {
        check(&Source::parse(Path::new(path), text.to_owned()).unwrap()).len()
    }

    #[test]
    fn unsafe_stays_at_home() {
        let text = "fn a() {\n    // SAFETY: fine.\n    unsafe { b() }\n}\n";
        assert_eq!(found("crates/cachefs/src/y.rs", text), 1);
        assert_eq!(found("crates/cachefs-sys/src/y.rs", text), 0);
        assert_eq!(found("crates/cachefs/src/y.rs", "#![allow(unsafe_code)]\n"), 1);
    }

    #[test]
    fn unsafe_says_why() {
        let bare = "fn a() {\n    x();\n    let y =\n        unsafe { b() };\n}\n";
        assert_eq!(found("crates/cachefs-sys/src/y.rs", bare), 1);
        let explained = bare.replace("let y", "// SAFETY: fine.\n    let y");
        assert_eq!(found("crates/cachefs-sys/src/y.rs", &explained), 0);
    }
}
