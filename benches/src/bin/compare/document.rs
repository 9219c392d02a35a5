use std::path::Path;

use crate::{Result, write};

const BEGIN: &str = "<!-- compare: begin (written by `cargo xtask compare`) -->\n";
const END: &str = "<!-- compare: end -->\n";

/// Whether there is a place for tables, asked before they are measured.
pub(crate) fn check(path: &Path) -> Result<()> {
    replaced(path, "").map(drop)
}

/// Replaces what is between the markers of a document; the rest is somebody's handwriting.
pub(crate) fn put(path: &Path, text: &str) -> Result<()> {
    write(path, &replaced(path, text)?)
}

fn replaced(path: &Path, text: &str) -> Result<String> {
    let old = std::fs::read_to_string(path).map_err(|e| format!("reading {}: {e}", path.display()))?;
    let (begin, end) = (BEGIN.trim(), END.trim());
    between(&old, text).ok_or_else(|| {
        let path = path.display();
        format!("{path}: no lines `{begin}` and `{end}`: put them where the tables are to be").into()
    })
}

fn between(document: &str, text: &str) -> Option<String> {
    let (before, rest) = document.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n{}\n\n{END}{after}", text.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_around_the_markers_stays() {
        let document = format!("above\n{BEGIN}old\n{END}below\n");
        let new = between(&document, "\nnew\n").unwrap();
        assert_eq!(new, format!("above\n{BEGIN}\nnew\n\n{END}below\n"));
        assert_eq!(between(&new, "new").unwrap(), new);
        assert_eq!(between("no markers\n", "new"), None);
    }
}
