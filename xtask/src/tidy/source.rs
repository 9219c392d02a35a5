//! A parsed Rust file.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};

use crate::Result;

/// One Rust file: its text, its syntax tree, and which of its lines are test code.
pub(crate) struct Source {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    pub(crate) tree: syn::File,
    tests: Vec<RangeInclusive<usize>>,
}

impl Source {
    pub(crate) fn parse(path: &Path, text: String) -> Result<Self> {
        let tree = syn::parse_file(&text)
            .map_err(|e| format!("{}:{}: {e}", path.display(), e.span().start().line))?;
        let mut finder = TestFinder(Vec::new());
        finder.visit_file(&tree);
        Ok(Self { path: path.to_path_buf(), text, tree, tests: finder.0 })
    }

    /// Whether the file is a test, a benchmark or an example as a whole.
    pub(crate) fn is_test_file(&self) -> bool {
        let mut folders = self.path.parent().into_iter().flat_map(Path::components);
        folders.any(|folder| folder.as_os_str() == "tests")
    }

    /// Whether the line, from 1, is test code.
    pub(crate) fn is_test_line(&self, line: usize) -> bool {
        self.is_test_file() || self.tests.iter().any(|range| range.contains(&line))
    }

    /// Lines, less those of `#[cfg(test)]` items.
    pub(crate) fn lines_without_tests(&self) -> usize {
        (1..=self.text.lines().count())
            .filter(|line| !self.tests.iter().any(|range| range.contains(line)))
            .count()
    }

    /// The text of a line, from 1.
    pub(crate) fn line(&self, line: usize) -> &str {
        self.text.lines().nth(line.saturating_sub(1)).unwrap_or_default()
    }

    /// Calls `visit(ident, following, line)` for each identifier and the punctuation or group's opening character
    /// after it, inside macros, too.
    pub(crate) fn each_ident(&self, mut visit: impl FnMut(&str, Option<char>, usize)) {
        if let Ok(tokens) = self.text.parse::<TokenStream>() {
            walk(tokens, &mut visit);
        }
    }
}

fn walk(tokens: TokenStream, visit: &mut impl FnMut(&str, Option<char>, usize)) {
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Group(group) => walk(group.stream(), visit),
            TokenTree::Ident(ident) => {
                let following = tokens.peek().and_then(|next| match next {
                    TokenTree::Punct(punct) => Some(punct.as_char()),
                    TokenTree::Group(group) if group.delimiter() == proc_macro2::Delimiter::Parenthesis => {
                        Some('(')
                    }
                    _ => None,
                });
                visit(&ident.to_string(), following, ident.span().start().line);
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

/// Collects the lines of items marked `#[cfg(test)]` or `#[test]`.
struct TestFinder(Vec<RangeInclusive<usize>>);

impl TestFinder {
    fn note(&mut self, attributes: &[syn::Attribute], span: proc_macro2::Span) {
        if attributes.iter().any(is_test_attribute) {
            self.0.push(span.start().line..=span.end().line);
        }
    }
}

impl<'ast> Visit<'ast> for TestFinder {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.note(&item.attrs, item.span());
        visit::visit_item_mod(self, item);
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.note(&item.attrs, item.span());
        visit::visit_item_fn(self, item);
    }
}

fn is_test_attribute(attribute: &syn::Attribute) -> bool {
    match &attribute.meta {
        syn::Meta::Path(path) => path.is_ident("test"),
        syn::Meta::List(list) => list.path.is_ident("cfg") && list.tokens.to_string() == "test",
        syn::Meta::NameValue(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_items_are_told_from_the_rest() {
        let text = "fn a() {}\n\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\n";
        let source = Source::parse(Path::new("crates/x/src/y.rs"), text.to_owned()).unwrap();
        assert!(!source.is_test_line(1) && source.is_test_line(3) && source.is_test_line(5));
        assert_eq!(source.lines_without_tests(), 2);
        assert!(!source.is_test_file());
        let test = Source::parse(Path::new("crates/x/tests/support/y.rs"), String::new()).unwrap();
        assert!(test.is_test_file());
    }

    #[test]
    fn identifiers_inside_macros_are_seen() {
        let text = "fn a() { assert!(b.map(|x| println!(\"{x}\"))); }".to_owned();
        let mut seen = Vec::new();
        Source::parse(Path::new("y.rs"), text).unwrap().each_ident(|ident, next, line| {
            if ident == "println" {
                seen.push((next, line));
            }
        });
        assert_eq!(seen, [(Some('!'), 1)]);
    }
}
