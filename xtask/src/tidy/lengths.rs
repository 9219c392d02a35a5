//! How long files and functions are.

use std::collections::BTreeMap;
use std::path::PathBuf;

use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};

use super::source::Source;

/// Lines a file may have, its unit tests aside.
pub(crate) const FILE_LINES_MAX: usize = 250;
/// Lines a function may have, from `fn` to its last brace.
pub(crate) const FUNCTION_LINES_MAX: usize = 70;

/// A measured length and where it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Length {
    pub(crate) file: PathBuf,
    pub(crate) line: usize,
    pub(crate) lines: usize,
}

/// All lengths, by the name the ratchet knows them by: `path` for files, `path::function` for functions.
#[derive(Debug, Default)]
pub(crate) struct Lengths {
    pub(crate) files: BTreeMap<String, Length>,
    pub(crate) functions: BTreeMap<String, Length>,
}

impl Lengths {
    pub(crate) fn measure(&mut self, source: &Source) {
        let name = source.path.display().to_string();
        let lines = source.lines_without_tests();
        self.files.insert(name, Length { file: source.path.clone(), line: 1, lines });
        Finder { source, lengths: self }.visit_file(&source.tree);
    }

    /// Of functions of one name in one file the longest counts.
    fn note(&mut self, source: &Source, signature: &syn::Signature, end: proc_macro2::Span) {
        let line = signature.span().start().line;
        let length = Length { file: source.path.clone(), line, lines: end.end().line + 1 - line };
        let name = format!("{}::{}", source.path.display(), signature.ident);
        let longest = self.functions.entry(name).or_insert_with(|| length.clone());
        if longest.lines < length.lines {
            *longest = length;
        }
    }
}

struct Finder<'a> {
    source: &'a Source,
    lengths: &'a mut Lengths,
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.lengths.note(self.source, &item.sig, item.block.span());
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.lengths.note(self.source, &item.sig, item.block.span());
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.lengths.note(self.source, &item.sig, block.span());
        }
        visit::visit_trait_item_fn(self, item);
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn functions_are_measured_without_their_docs() {
        let text = "/// Docs.\n#[must_use]\nfn a() {\n    b();\n}\n\nstruct S;\nimpl S {\n    fn c() {}\n}\n";
        let source = Source::parse(Path::new("x.rs"), text.to_owned()).unwrap();
        let mut lengths = Lengths::default();
        lengths.measure(&source);
        assert_eq!(lengths.files["x.rs"].lines, 10);
        assert_eq!((lengths.functions["x.rs::a"].line, lengths.functions["x.rs::a"].lines), (3, 3));
        assert_eq!(lengths.functions["x.rs::c"].lines, 1);
    }
}
