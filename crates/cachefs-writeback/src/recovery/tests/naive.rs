use std::collections::BTreeMap;
use std::path::PathBuf;

use cachefs_vfs::{FileId, Time, Version};

use super::History;
use crate::journal::{Entry, FileNo, Seq};

/// Long enough for every offset that the histories use.
pub(super) const LENGTH: usize = 64;

/// Of each byte: which record has it, and where in its payload.
type Bytes = [Option<(u64, u64)>; LENGTH];

/// What is known of a file, byte by byte.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct NaiveFile {
    pub(super) id: Option<FileId>,
    pub(super) path: Option<PathBuf>,
    pub(super) own: Option<Version>,
    pub(super) bytes: Bytes,
    pub(super) mtime: Option<Time>,
    pub(super) cut: Option<u64>,
    pub(super) open: bool,
    pub(super) gone: bool,
}

/// Interprets a history from its end backwards, per file and per byte: nothing in common with the fold.
pub(super) fn interpret(history: &History) -> BTreeMap<FileNo, NaiveFile> {
    let numbers = history.0.iter().filter_map(|(_, _, entry)| subject(entry));
    let mut files = BTreeMap::new();
    for no in numbers {
        let file = one(no, &history.0);
        if file.cut.is_some() || file.bytes.iter().any(Option::is_some) {
            files.insert(no, file);
        }
    }
    files
}

type Record = (Seq, u64, Entry);

fn one(no: FileNo, all: &[Record]) -> NaiveFile {
    let start = all.iter().rposition(|(_, _, entry)| *entry == Entry::Done { no }).map_or(0, |done| done + 1);
    let records = &all[start..];
    let mine: Vec<&Record> = records.iter().filter(|(_, _, entry)| subject(entry) == Some(no)).collect();
    let cut = pending_cut(&mine);
    NaiveFile {
        id: mine.iter().rev().find_map(|(_, _, entry)| match entry {
            Entry::File { id, .. } => Some(*id),
            _ => None,
        }),
        path: path(no, records),
        own: mine.iter().rev().find_map(|(_, _, entry)| own(entry)),
        bytes: std::array::from_fn(|at| byte(at as u64, &mine)),
        mtime: mtime(&mine),
        cut,
        open: is_open(&mine),
        gone: is_gone(&mine),
    }
}

/// The file that an entry is about.
fn subject(entry: &Entry) -> Option<FileNo> {
    match entry {
        Entry::Rename { no, .. } => *no,
        Entry::File { no, .. } | Entry::Data { no, .. } | Entry::Truncate { no, .. } => Some(*no),
        Entry::Window { no } | Entry::Own { no, .. } | Entry::Gone { no } | Entry::Stays { no } => Some(*no),
        Entry::FlushBegin { no, .. } | Entry::FlushEnd { no, .. } => Some(*no),
        Entry::Conflict { no, .. } | Entry::Done { no } => Some(*no),
    }
}

fn own(entry: &Entry) -> Option<Version> {
    match entry {
        Entry::File { own, .. } | Entry::Own { own, .. } => Some(*own),
        Entry::FlushBegin { own, .. } | Entry::FlushEnd { own, .. } => Some(*own),
        _ => None,
    }
}

/// Whether the truncation at `n` was taken back: the next end of a verb is a `Stays`.
fn taken_back(mine: &[&Record], n: usize) -> bool {
    let end = mine[n + 1..]
        .iter()
        .find(|(_, _, e)| matches!(e, Entry::Own { .. } | Entry::Stays { .. } | Entry::Conflict { .. }));
    matches!(end, Some((_, _, Entry::Stays { .. })))
}

fn ended(mine: &[&Record], n: usize) -> bool {
    let seq = mine[n].0;
    mine[n + 1..].iter().any(|(_, _, e)| match e {
        Entry::Own { .. } | Entry::Stays { .. } => true,
        Entry::Conflict { upto, .. } => *upto >= seq,
        _ => false,
    })
}

fn pending_cut(mine: &[&Record]) -> Option<u64> {
    let n = mine.iter().rposition(|(_, _, e)| matches!(e, Entry::Truncate { .. }))?;
    let Entry::Truncate { length, .. } = mine[n].2 else { return None };
    (!ended(mine, n)).then_some(length)
}

/// The last write of a byte that nothing took away since.
fn byte(at: u64, mine: &[&Record]) -> Option<(u64, u64)> {
    let write = mine.iter().rposition(|(_, len, entry)| match entry {
        Entry::Data { offset, .. } => (*offset..offset + len).contains(&at),
        _ => false,
    })?;
    let Entry::Data { offset, .. } = mine[write].2 else { return None };
    let seq = mine[write].0;
    let lost = mine.iter().enumerate().skip(write + 1).any(|(n, (_, _, entry))| match entry {
        Entry::Truncate { length, .. } => at >= *length && !taken_back(mine, n),
        Entry::FlushEnd { upto, .. } | Entry::Conflict { upto, .. } => *upto >= seq,
        _ => false,
    });
    // What lies under a write that is gone was written before it, and is gone with it.
    (!lost).then_some((seq.0, at - offset))
}

fn mtime(mine: &[&Record]) -> Option<Time> {
    mine.iter().enumerate().rev().find_map(|(n, (_, _, entry))| match entry {
        Entry::Data { mtime, .. } => Some(*mtime),
        Entry::Truncate { mtime, .. } if !taken_back(mine, n) => Some(*mtime),
        _ => None,
    })
}

fn is_open(mine: &[&Record]) -> bool {
    let flush = mine.iter().rev().find_map(|(_, _, entry)| match entry {
        Entry::FlushBegin { .. } => Some(true),
        Entry::FlushEnd { .. } => Some(false),
        _ => None,
    });
    let verb = mine.iter().rposition(|(_, _, e)| matches!(e, Entry::Window { .. } | Entry::Truncate { .. }));
    flush == Some(true) || verb.is_some_and(|n| !ended(mine, n))
}

fn is_gone(mine: &[&Record]) -> bool {
    let Some(n) = mine.iter().rposition(|(_, _, e)| matches!(e, Entry::Gone { .. })) else { return false };
    !mine[n + 1..].iter().any(|(_, _, e)| matches!(e, Entry::Stays { .. }))
}

fn path(no: FileNo, records: &[Record]) -> Option<PathBuf> {
    let mut path: Option<PathBuf> = None;
    for (_, _, entry) in records {
        match entry {
            Entry::File { no: of, path: now, .. } if *of == no => path = Some(now.clone()),
            Entry::Rename { no: Some(of), to, .. } if *of == no => path = Some(to.clone()),
            Entry::Rename { no: None, from, to } => {
                let rest = path.as_ref().and_then(|path| path.strip_prefix(from).ok());
                // Joining an empty rest would leave a slash at the end.
                let moved = rest.map(|rest| to.components().chain(rest.components()).collect());
                path = moved.or(path);
            }
            _ => {}
        }
    }
    path
}
