//! What a reader sees of a plot, in the source or through the mount.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::{FileExt as _, PermissionsExt as _};
use std::path::Path;

use super::change::{ATTRIBUTE, half, mode};
use super::content::{Piece, RECORD, inspect};
use super::plot::{Kind, Plot};

/// Bytes at the end that are looked at in files that grow.
const TAIL: u64 = 64 << 10;

/// What was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// All of it is of this version.
    Version(u64),
    /// Parts of several versions, of which the older is this.
    Mixed(u64),
    /// Of one version, but not all of it, or not with its length.
    Cut(u64),
    /// Something that was never written.
    Broken,
    /// A file without bytes.
    Empty,
    /// No such name.
    Absent,
}

impl Look {
    /// The oldest version that was seen.
    pub(crate) fn low(self) -> Option<u64> {
        match self {
            Self::Version(version) | Self::Mixed(version) | Self::Cut(version) => Some(version),
            Self::Broken | Self::Empty | Self::Absent => None,
        }
    }
}

/// Looks at a plot below `root`.
pub(crate) fn look(plot: &Plot, root: &Path) -> io::Result<Look> {
    let path = plot.path(root);
    let found = match plot.kind {
        Kind::Directory => fs::symlink_metadata(path).map(|_| Look::Version(latest(plot, 2, 0))),
        Kind::Mode => fs::symlink_metadata(path).map(|meta| look_at_mode(plot, meta.permissions().mode())),
        Kind::Symlink => fs::read_link(path).map(|target| {
            number(target.as_os_str().as_encoded_bytes().strip_prefix(b"target-").unwrap_or_default())
        }),
        Kind::Xattr => {
            let mut value = [0; 32];
            let length = rustix::fs::getxattr(&path, ATTRIBUTE, &mut value);
            length.map(|length| number(&value[..length])).map_err(io::Error::from)
        }
        _ => read(plot, &path),
    };
    match found {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(match plot.kind {
            Kind::Name | Kind::Directory => Look::Version(latest(plot, 2, 1)),
            _ => Look::Absent,
        }),
        found => found,
    }
}

fn number(text: &[u8]) -> Look {
    str::from_utf8(text).ok().and_then(|text| text.parse().ok()).map_or(Look::Broken, Look::Version)
}

fn look_at_mode(plot: &Plot, bits: u32) -> Look {
    match u64::from(bits & 0o777).checked_sub(u64::from(mode(0))) {
        Some(rest) => Look::Version(latest(plot, 0o400, rest)),
        None => Look::Broken,
    }
}

/// The newest version so far that has this remainder: what cannot be told apart is taken for the best.
fn latest(plot: &Plot, modulus: u64, rest: u64) -> u64 {
    let begun = plot.begun();
    begun.saturating_sub((begun + modulus - rest) % modulus)
}

/// Opens the file and reads it, one that grows only at its end.
fn read(plot: &Plot, path: &Path) -> io::Result<Look> {
    let mut file = File::open(path)?;
    if plot.kind == Kind::Append {
        return read_tail(plot, &file);
    }
    let mut bytes = Vec::with_capacity(plot.records(0) as usize * RECORD);
    file.read_to_end(&mut bytes)?;
    let look = judge(plot, bytes.len(), inspect(plot.id, 0, &bytes));
    // The length belongs to the bytes.
    let length = file.metadata()?.len();
    Ok(match look {
        Look::Version(version) if plot.kind == Kind::Replace && length != bytes.len() as u64 => {
            Look::Cut(version)
        }
        look => look,
    })
}

fn read_tail(plot: &Plot, file: &File) -> io::Result<Look> {
    let start = file.metadata()?.len().saturating_sub(TAIL) / RECORD as u64;
    let mut bytes = Vec::new();
    let mut buffer = [0; 16 << 10];
    loop {
        match file.read_at(&mut buffer, start * RECORD as u64 + bytes.len() as u64)? {
            0 => break,
            count => bytes.extend_from_slice(&buffer[..count]),
        }
    }
    let first = u32::try_from(start).unwrap();
    let piece = inspect(plot.id, first, &bytes);
    let last = u64::from(piece.records) * RECORD as u64;
    Ok(if bytes.is_empty() {
        Look::Empty
    } else if piece.torn + piece.strangers > 0 {
        Look::Broken
    } else if start * RECORD as u64 + bytes.len() as u64 == last {
        Look::Version(piece.high)
    } else {
        // The last group of records is not all there: nothing proven but the group before.
        Look::Cut(piece.high.saturating_sub(1))
    })
}

fn judge(plot: &Plot, length: usize, piece: Piece) -> Look {
    let records = u32::try_from(length / RECORD).unwrap();
    if length == 0 {
        Look::Empty
    } else if piece.torn + piece.strangers > 0 {
        Look::Broken
    } else if piece.low != piece.high {
        Look::Mixed(at_least(plot, piece.low))
    } else if records == piece.records {
        Look::Version(piece.low)
    } else if plot.kind == Kind::Truncate && records == half(plot) && plot.begun() > piece.low {
        Look::Version(piece.low + 1)
    } else {
        Look::Cut(at_least(plot, piece.low))
    }
}

/// The version that bytes prove: what is left of a file that was cut are bytes of the version before.
fn at_least(plot: &Plot, version: u64) -> u64 {
    if plot.kind == Kind::Truncate { plot.begun().min(version + 1) } else { version }
}
