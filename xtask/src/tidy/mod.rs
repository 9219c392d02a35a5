//! Style as a test. Each check is a function from sources to [`Finding`]s; what is measured is ratcheted: it may
//! only get better.

mod arrows;
mod finding;
mod lengths;
mod macros;
mod ratchet;
mod source;
mod test_rules;
mod text;
mod tree;
mod unsafety;

use std::path::Path;

pub use finding::Finding;
use ratchet::Ratchet;
use source::Source;

use crate::Result;

/// Where the exceptions to the length limits are kept, from the root.
const RATCHET: &str = "xtask/ratchet.toml";

/// Runs every check over the tree at `root`; nothing found means tidy.
///
/// # Errors
/// If a file can't be read or parsed.
pub fn check(root: &Path) -> Result<Vec<Finding>> {
    let paths = tree::files(root)?;
    let mut findings = Vec::new();
    let mut lengths = lengths::Lengths::default();
    for path in &paths {
        let Some(text) = tree::read(root, path)? else { continue };
        findings.extend(text::check(path, &text));
        if path.extension().is_some_and(|extension| extension == "rs") {
            let source = Source::parse(path, text)?;
            findings.extend(macros::check(&source));
            findings.extend(unsafety::check(&source));
            findings.extend(test_rules::check(&source));
            lengths.measure(&source);
        }
    }
    findings.extend(Ratchet::load(&root.join(RATCHET))?.check(&lengths));
    findings.extend(arrows::check(root, &paths)?);
    findings.sort();
    Ok(findings)
}

/// Lowers the ratchet to what is measured now; answers how many entries changed. It never raises or adds one.
///
/// # Errors
/// If a file can't be read, parsed or written.
pub fn bless(root: &Path) -> Result<usize> {
    let mut lengths = lengths::Lengths::default();
    for path in tree::files(root)? {
        if path.extension().is_some_and(|extension| extension == "rs")
            && let Some(text) = tree::read(root, &path)?
        {
            lengths.measure(&Source::parse(&path, text)?);
        }
    }
    let mut ratchet = Ratchet::load(&root.join(RATCHET))?;
    let changed = ratchet.lower(&lengths);
    ratchet.save(&root.join(RATCHET))?;
    Ok(changed)
}
