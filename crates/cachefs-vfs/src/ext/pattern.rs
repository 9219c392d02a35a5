use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::Path;

use super::path::names;
use crate::{Errno, Error, Result};

/// How many components a pattern may have: each is a bit of [`Places`].
const PARTS_MAX: usize = 63;

/// A glob, taken apart at the slashes: a path is matched name by name, from the root on, as [`super::VfsExt::glob`]
/// does.
#[derive(Debug)]
pub struct Pattern {
    parts: Vec<Part>,
}

#[derive(Debug)]
enum Part {
    Literal(String),
    Wild(glob::Pattern),
    /// `**`
    AnyDirs,
}

/// How much of a pattern a path may have matched so far: bit n for its first n components. Several at once, as `**`
/// may stand for more or less.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Places(u64);

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// `EINVAL` for one that is none: empty, with `..`, an open bracket or more than 63 components.
    pub fn new(pattern: &str) -> Result<Self> {
        let part = |name: Result<crate::Name<'_>>| {
            let text = name?.as_os_str().to_str().unwrap_or_default();
            Part::new(text)
        };
        let parts = names(Path::new(pattern)).map(part).collect::<Result<Vec<_>>>()?;
        if parts.is_empty() || parts.len() > PARTS_MAX {
            return Err(Error::new(Errno::INVAL));
        }
        Ok(Self { parts })
    }

    /// The places of the root.
    #[must_use]
    pub fn start(&self) -> Places {
        self.over_no_dirs(Places(1))
    }

    /// The places of `name` in a directory at `places`.
    #[must_use]
    pub fn step(&self, places: Places, name: &OsStr, is_dir: bool) -> Places {
        let mut next = 0;
        for (index, part) in self.at(places) {
            match part {
                Part::AnyDirs => next |= 0b11 << index,
                _ if part.matches(name) => next |= 0b10 << index,
                _ => {}
            }
        }
        if is_dir { self.over_no_dirs(Places(next)) } else { Places(next) }
    }

    /// Whether a path at these places matches as a whole.
    #[must_use]
    pub fn is_match(&self, places: Places) -> bool {
        places.0 & (1 << self.parts.len()) != 0
    }

    /// Whether anything below a directory at these places may match.
    #[must_use]
    pub fn goes_on(&self, places: Places) -> bool {
        self.at(places).next().is_some()
    }

    /// The only names that can match in a directory at these places, where they are known beforehand.
    pub(super) fn literals(&self, places: Places) -> Option<BTreeSet<&OsStr>> {
        self.at(places).map(|(_, part)| part.literal()).collect()
    }

    /// The parts that come next.
    fn at(&self, places: Places) -> impl Iterator<Item = (usize, &Part)> {
        self.parts.iter().enumerate().filter(move |(index, _)| places.0 & (1 << index) != 0)
    }

    /// Adds the places where a `**` that is next stands for nothing.
    fn over_no_dirs(&self, places: Places) -> Places {
        let over = |places: u64, (index, part): (usize, &Part)| {
            let here = matches!(part, Part::AnyDirs) && places & (1 << index) != 0;
            places | if here { 0b10 << index } else { 0 }
        };
        Places(self.parts.iter().enumerate().fold(places.0, over))
    }
}

impl Part {
    fn new(text: &str) -> Result<Self> {
        if text == "**" {
            return Ok(Self::AnyDirs);
        }
        if !text.contains(['*', '?', '[']) {
            return Ok(Self::Literal(text.to_owned()));
        }
        glob::Pattern::new(text).map(Self::Wild).map_err(|_| Error::new(Errno::INVAL))
    }

    fn literal(&self) -> Option<&OsStr> {
        if let Self::Literal(name) = self { Some(OsStr::new(name)) } else { None }
    }

    fn matches(&self, name: &OsStr) -> bool {
        match self {
            Self::Literal(literal) => name == OsStr::new(literal),
            Self::Wild(pattern) => pattern.matches(&name.to_string_lossy()),
            Self::AnyDirs => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the path, a directory if it ends in a slash, matches.
    fn matches(pattern: &str, path: &str) -> bool {
        let pattern = Pattern::new(pattern).unwrap();
        let names: Vec<_> = path.trim_end_matches('/').split('/').collect();
        let last = names.len() - 1;
        let step = |places, (index, name): (usize, &&str)| {
            pattern.step(places, OsStr::new(name), index < last || path.ends_with('/'))
        };
        pattern.is_match(names.iter().enumerate().fold(pattern.start(), step))
    }

    #[test]
    fn wildcards_stay_within_a_component() {
        assert!(matches("src/*.rs", "src/a.rs"));
        assert!(!matches("src/*.rs", "src/b/a.rs"));
        assert!(!matches("src/*.rs", "src"));
        assert!(matches("/./a?/[x-z]", "ab/y"));
        assert!(matches("*", ".hidden"));
    }

    #[test]
    fn any_dirs_stand_for_none_too() {
        for path in ["a.rs", "x/a.rs", "x/y/a.rs"] {
            assert!(matches("**/*.rs", path), "{path}");
            assert!(matches("**/**/*.rs", path), "{path}");
        }
        assert!(matches("a/**/b/**/c", "a/b/c"));
        assert!(matches("a/**/b/**/c", "a/1/b/b/2/c"));
        assert!(!matches("a/**/b/**/c", "a/1/c"));
    }

    #[test]
    fn at_the_end_any_dirs_stand_for_all_below() {
        assert!(matches("a/**", "a/"));
        assert!(!matches("a/**", "a"), "a file has nothing below it");
        assert!(matches("a/**", "a/b"));
        assert!(matches("a/**", "a/b/c"));
        assert!(!matches("a/**", "b/c"));
    }

    #[test]
    fn a_search_goes_only_where_something_may_match() {
        let pattern = Pattern::new("src/*/x.rs").unwrap();
        let step = |places, name: &str| pattern.step(places, OsStr::new(name), true);
        let start = pattern.start();
        assert_eq!(pattern.literals(start), Some([OsStr::new("src")].into()), "nothing to list");
        assert!(!pattern.goes_on(step(start, "target")));
        let src = step(start, "src");
        assert!(pattern.goes_on(src) && pattern.literals(src).is_none());
        assert_eq!(pattern.literals(step(src, "a")), Some([OsStr::new("x.rs")].into()));
        assert!(!pattern.goes_on(step(step(src, "a"), "x.rs")));
    }

    #[test]
    fn bad_patterns_are_refused() {
        for bad in ["", "/", "a/../b", "a**", "[a", &"a/".repeat(64)] {
            assert_eq!(Pattern::new(bad).map_err(|error| error.errno()).err(), Some(Errno::INVAL), "{bad}");
        }
    }
}
