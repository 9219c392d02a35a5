use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use cachefs_vfs::{Attr, Errno, Error, FileKind, SeekTo};

use super::node::{Body, NodeId};
use super::tree::Model;

/// What an operation must give, unless it must not succeed.
pub(super) type Expected = Result<Want, Stop>;

/// What a successful operation must answer.
#[derive(Clone, Debug)]
pub(super) enum Want {
    Done,
    Count(u64),
    Bytes(Vec<u8>),
    Attr(NodeId),
    Link(&'static str),
    Entries(NodeId),
    /// The listing of a directory that was removed: nothing, or `ENOENT`.
    NoEntries,
    Keys(Vec<&'static str>),
    Place {
        node: NodeId,
        offset: u64,
        to: SeekTo,
    },
}

/// Why an operation has no answer.
#[derive(Clone, Debug)]
pub(super) enum Stop {
    /// It makes no sense here (an empty slot) and is not done at all.
    Skip,
    /// It fails, with one of these.
    Fails(Vec<Errno>),
}

impl Stop {
    pub(super) fn with(errno: Errno) -> Self {
        Self::Fails(vec![errno])
    }
}

/// What an operation answered.
#[derive(Clone, Debug)]
pub(super) enum Got {
    Done,
    Count(u64),
    Bytes(Vec<u8>),
    Attr(Attr),
    Link(PathBuf),
    Entries(Vec<Listed>),
    Keys(Vec<OsString>),
}

/// An entry of a listing.
#[derive(Clone, Debug)]
pub(super) struct Listed {
    pub(super) name: OsString,
    pub(super) inode: u64,
    pub(super) kind: Option<FileKind>,
    pub(super) attr: Option<Attr>,
}

impl Model {
    /// Compares an answer with what was expected; the reason if they differ.
    pub(super) fn check(&mut self, expected: &Expected, got: &Result<Got, Error>) -> Result<(), String> {
        match (expected, got) {
            (Err(Stop::Fails(errnos)), Err(error)) if errnos.contains(&error.errno()) => Ok(()),
            (Ok(Want::NoEntries), Err(error)) if error.errno() == Errno::NOENT => Ok(()),
            (Ok(Want::Place { node, offset, to: SeekTo::Data }), Err(error))
                if error.errno() == Errno::NXIO && self.is_zero_after(*node, *offset) =>
            {
                Ok(())
            }
            (Ok(want), Ok(got)) => self.check_answer(want, got),
            (Ok(want), Err(error)) => Err(format!("failed with {error:?}, expected {}", brief(want))),
            (Err(stop), got) => Err(format!("gave {}, expected {stop:?}", outcome(got))),
        }
    }

    fn check_answer(&mut self, want: &Want, got: &Got) -> Result<(), String> {
        match (want, got) {
            (Want::Done, Got::Done) => Ok(()),
            (Want::Count(want), Got::Count(got)) if want == got => Ok(()),
            (Want::Bytes(want), Got::Bytes(got)) => same_bytes(want, got),
            (Want::Attr(node), Got::Attr(attr)) => self.see(*node, attr),
            (Want::Link(want), Got::Link(got)) if got.as_os_str() == *want => Ok(()),
            (Want::NoEntries, Got::Entries(entries)) if entries.is_empty() => Ok(()),
            (Want::Entries(dir), Got::Entries(entries)) => self.check_entries(*dir, entries),
            (Want::Keys(want), Got::Keys(got)) if same_keys(want, got) => Ok(()),
            (Want::Place { node, offset, to }, Got::Count(got)) => {
                self.check_place(*node, *offset, *to, *got)
            }
            _ => Err(format!("gave {}, expected {}", outcome(&Ok(got.clone())), brief(want))),
        }
    }

    fn check_entries(&mut self, dir: NodeId, entries: &[Listed]) -> Result<(), String> {
        let Body::Dir(children) = &self.node(dir).body else {
            return Err("the model listed what is no directory".into());
        };
        let children = children.clone();
        let mut names: Vec<_> = entries.iter().map(|entry| entry.name.clone()).collect();
        names.sort();
        if !names.iter().eq(children.keys().copied()) {
            return Err(format!("listed {names:?}, expected {:?}", children.keys()));
        }
        for entry in entries {
            let node = entry.name.to_str().and_then(|name| children.get(name)).copied();
            let node = node.ok_or_else(|| format!("listed {:?}, which is no name", entry.name))?;
            let known = self.node(node);
            if entry.kind.is_some_and(|kind| kind != known.kind()) {
                return Err(format!("listed {:?} as {:?}, it is {:?}", entry.name, entry.kind, known.kind()));
            }
            if known.id.is_some_and(|id| id.inode != entry.inode) {
                return Err(format!(
                    "listed {:?} with inode {}, it is {:?}",
                    entry.name, entry.inode, known.id
                ));
            }
            if let Some(attr) = &entry.attr {
                self.see(node, attr)?;
            }
        }
        Ok(())
    }

    fn is_zero_after(&self, node: NodeId, offset: u64) -> bool {
        self.bytes_of(node).iter().skip(index(offset)).all(|byte| *byte == 0)
    }

    /// Where the next data or hole is may be told coarsely, but a hole must read as zeros.
    fn check_place(&self, node: NodeId, offset: u64, to: SeekTo, got: u64) -> Result<(), String> {
        let bytes = self.bytes_of(node);
        let (from, found) = (index(offset), index(got));
        let zeros = |part: Option<&[u8]>| part.is_some_and(|part| part.iter().all(|byte| *byte == 0));
        let right = match to {
            SeekTo::Data => found < bytes.len() && zeros(bytes.get(from..found)),
            SeekTo::Hole if found == bytes.len() => true,
            SeekTo::Hole => found >= from && zeros(bytes.get(found..=found)),
        };
        if right { Ok(()) } else { Err(format!("found {to:?} after {offset} at {got}")) }
    }
}

/// An offset as an index; one beyond what memory holds is beyond the end of every file of the model.
pub(super) fn index(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

/// Whether an xattr is of the kind that the model sets; others belong to the system.
pub(super) fn is_user_key(key: &OsStr) -> bool {
    key.as_encoded_bytes().starts_with(b"user.")
}

fn same_keys(want: &[&str], got: &[OsString]) -> bool {
    let mut got: Vec<_> = got.iter().filter(|key| is_user_key(key)).collect();
    got.sort();
    got.into_iter().eq(want.iter())
}

/// Compares bytes; where they differ first and how long they are, if they do.
pub(crate) fn same_bytes(want: &[u8], got: &[u8]) -> Result<(), String> {
    if want == got {
        return Ok(());
    }
    let at = want.iter().zip(got).position(|(want, got)| want != got);
    let at = at.unwrap_or(want.len().min(got.len()));
    let (one, other) = (want.get(at), got.get(at));
    Err(format!(
        "{} bytes, expected {}; the first that differs is at {at}: {other:?}, expected {one:?}",
        got.len(),
        want.len()
    ))
}

fn brief(want: &Want) -> String {
    match want {
        Want::Bytes(bytes) => format!("{} bytes", bytes.len()),
        other => format!("{other:?}"),
    }
}

fn outcome(got: &Result<Got, Error>) -> String {
    match got {
        Ok(Got::Bytes(bytes)) => format!("{} bytes", bytes.len()),
        Ok(other) => format!("{other:?}"),
        Err(error) => format!("{error:?}"),
    }
}
