//! Traces on disk, plain or compressed, as streams of requests.

mod error;
mod format;
mod lines;
mod oracle;
mod unpack;

use std::cell::Cell;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::rc::Rc;

pub use error::TraceError;
pub use format::{Format, UnknownFormat};

/// How much of a trace is looked at to tell what it is, in bytes.
const HEAD: usize = 64 * 1024;

/// One access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// What was accessed.
    pub key: u64,
    /// How large it is, in bytes; 1 where the trace does not say.
    pub size: u64,
    /// Where it lies, if the trace says so: what [`cachefs_policy::ScanDetector`] goes by.
    pub place: Option<Place>,
}

/// A range's place: its file, and the offset in it in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Any number that tells files apart.
    pub file: u64,
    /// In bytes.
    pub offset: u64,
}

/// A trace in a file, which may be read any number of times.
#[derive(Clone, Debug)]
pub struct Trace {
    path: PathBuf,
    format: Format,
    len: u64,
}

impl Trace {
    /// Looks whether there is one, and of which format unless that is given. Plain or compressed by zstd is told by
    /// content.
    ///
    /// # Errors
    /// If the file is missing, unreadable, no regular file, or empty; or if it looks like no format that is known.
    pub fn find(path: &Path, format: Option<Format>) -> Result<Self, TraceError> {
        let fail = |error| TraceError::io(path, error);
        let meta = std::fs::metadata(path).map_err(fail)?;
        if !meta.is_file() {
            return Err(TraceError::NoFile { path: path.to_owned() });
        }
        let mut reader = open(path, &Rc::default()).map_err(fail)?;
        let head = reader.fill_buf().map_err(fail)?;
        if head.is_empty() {
            return Err(TraceError::Empty { path: path.to_owned() });
        }
        let format = match format {
            Some(format) => format,
            None => Format::guess(head).ok_or_else(|| TraceError::Unlike { path: path.to_owned() })?,
        };
        Ok(Self { path: path.to_owned(), format, len: meta.len() })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How it is written.
    #[must_use]
    pub const fn format(&self) -> Format {
        self.format
    }

    /// Its length on disk, in bytes: the measure of [`Requests::bytes_read`].
    #[must_use]
    pub const fn len_on_disk(&self) -> u64 {
        self.len
    }

    /// From the beginning.
    ///
    /// # Errors
    /// If the file cannot be opened any more.
    pub fn requests(&self) -> Result<Requests, TraceError> {
        let position = Rc::default();
        let reader = open(&self.path, &position).map_err(|error| TraceError::io(&self.path, error))?;
        let source: Source = match self.format {
            Format::Oracle => Box::new(oracle::Records::new(reader)),
            text => Box::new(lines::Lines::new(reader, text)),
        };
        Ok(Requests { source, position, path: self.path.clone() })
    }
}

type Source = Box<dyn Iterator<Item = Result<Request, error::Flaw>>>;

fn open(path: &Path, position: &Rc<Cell<u64>>) -> std::io::Result<Box<dyn BufRead>> {
    let file = BufReader::with_capacity(HEAD, unpack::Counting::new(File::open(path)?, position));
    unpack::reader(file)
}

/// The requests of a trace in their order. After an error there are no more that make sense.
pub struct Requests {
    source: Source,
    position: Rc<Cell<u64>>,
    path: PathBuf,
}

impl std::fmt::Debug for Requests {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Requests").field("path", &self.path).field("position", &self.position.get()).finish()
    }
}

impl Requests {
    /// How many bytes of the file were read, as it is on disk.
    #[must_use]
    pub fn bytes_read(&self) -> u64 {
        self.position.get()
    }
}

impl Iterator for Requests {
    type Item = Result<Request, TraceError>;

    fn next(&mut self) -> Option<Self::Item> {
        let request = self.source.next()?;
        Some(request.map_err(|flaw| flaw.of(&self.path)))
    }
}
