use cachefs_vfs::{Attr, FileId, FileKind, Version};

use super::file::RecoveredFile;

/// What becomes of a file's dirty bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The backing has the file as we left it: they go into it.
    Ours,
    /// Somebody else changed it: they go beside it.
    Conflict,
    /// Others removed it: they go where it was, under another name.
    Removed,
    /// It is gone as it should be: nobody could read them any more.
    Dropped,
    /// A loss of power took the file: its name was never made durable.
    Vanished,
}

/// Decides by what the backing answered for the file: its attributes, or that it is nowhere.
pub(crate) fn judge<R: Clone>(file: &RecoveredFile<R>, found: Option<&Attr>, same_boot: bool) -> Verdict {
    match found.filter(|attr| attr.kind == FileKind::Regular && attr.links > 0) {
        Some(attr) if is_ours(file, attr.version(), same_boot) => Verdict::Ours,
        // The number of an inode of which the removal was under way may be another file's by now.
        _ if file.gone => Verdict::Dropped,
        Some(_) => Verdict::Conflict,
        None if file.id.is_none() && file.unpromised => Verdict::Vanished,
        None if same_boot || file.own.is_none() => Verdict::Removed,
        None => Verdict::Vanished,
    }
}

/// Whether the file that was found is the one that is looked for. Device numbers are given anew at each boot; a
/// generation of 0 stands for any.
pub(crate) fn is_same(wanted: FileId, found: FileId, same_boot: bool) -> bool {
    let generation = wanted.generation == found.generation || wanted.generation == 0 || found.generation == 0;
    wanted.inode == found.inode && generation && (wanted.device == found.device || !same_boot)
}

fn is_ours<R: Clone>(file: &RecoveredFile<R>, found: Version, same_boot: bool) -> bool {
    let Some(own) = file.own else { return false };
    if file.is_doubtful() {
        // What is missing may be a truncation or a flush of what is still here, and much that came after. Only a
        // backing that has not moved since before the hole says that it is not.
        return found == own && file.doubt.is_some_and(|doubt| !doubt.moved);
    }
    found == own
        || file.windows.is_open() && (!same_boot || file.lengths.has(found.size))
        || file.newest_ctime.is_some_and(|newest| found.ctime <= newest)
        || !same_boot && found.tag == own.tag && file.had_mtime(found.mtime)
}
