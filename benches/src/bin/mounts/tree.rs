use std::ffi::CString;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::Result;

/// Length of a small file, in bytes.
pub(crate) const SMALL: usize = 4096;
/// Bytes of one large read or write.
pub(crate) const CHUNK: usize = 1 << 20;
/// The large file, to be read.
pub(crate) const BIG: &str = "big";
/// The flat directory of many names.
pub(crate) const LISTING: &str = "listing";
/// Where workloads write.
pub(crate) const SCRATCH: &str = "scratch";
/// The large file, to be written over.
pub(crate) const TARGET: &str = "target";
/// Files per directory.
const PER_DIRECTORY: usize = 100;

/// How large the tree is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    /// Small files, in each set of them.
    pub(crate) files: usize,
    /// Names in the flat directory.
    pub(crate) names: usize,
    /// Bytes of the large file, a multiple of [`CHUNK`].
    pub(crate) big: usize,
}

impl Sizes {
    pub(crate) const FULL: Self = Self { files: 4000, names: 10_000, big: 256 << 20 };
    pub(crate) const QUICK: Self = Self { files: 200, names: 300, big: 4 << 20 };
}

/// What all contenders are mounted over; removed when this is dropped.
///
/// Small files come in three sets of their own, so that one fresh mount can be asked three times for what it never saw.
#[derive(Debug)]
pub(crate) struct Tree {
    top: TempDir,
    pub(crate) sizes: Sizes,
    /// Read again and again, and at the first touch by name.
    pub(crate) files: Vec<CString>,
    /// Names beside them that are missing.
    pub(crate) missing: Vec<CString>,
    /// Of which only attributes are asked.
    pub(crate) looked: Vec<CString>,
    /// The directories of the set that is walked.
    pub(crate) walked: Vec<CString>,
}

impl Tree {
    /// Builds it in a new directory of `dir`.
    pub(crate) fn build(dir: &Path, sizes: Sizes) -> Result<Self> {
        let top = tempfile::Builder::new().prefix("cachefs-mounts-").tempdir_in(dir)?;
        let source = top.path().join("source");
        fs::create_dir(&source)?;
        for set in ["small", "looked", "walked"] {
            small_files(&source.join(set), sizes.files)?;
        }
        fs::create_dir(source.join(LISTING))?;
        for number in 0..sizes.names {
            File::create(source.join(LISTING).join(format!("name-{number:05}")))?;
        }
        fs::create_dir(source.join(SCRATCH))?;
        for big in [BIG.to_owned(), format!("{SCRATCH}/{TARGET}")] {
            large_file(&source.join(big), sizes.big)?;
        }
        Ok(Self {
            top,
            sizes,
            files: names("small", 'f', sizes.files)?,
            missing: names("small", 'm', sizes.files)?,
            looked: names("looked", 'f', sizes.files)?,
            walked: directories("walked", sizes.files)?,
        })
    }

    /// The directory itself.
    pub(crate) fn source(&self) -> PathBuf {
        self.top.path().join("source")
    }

    /// Where mounts, logs and caches of contenders go: beside the source.
    pub(crate) fn beside(&self) -> &Path {
        self.top.path()
    }

    /// Removes what workloads left, natively.
    pub(crate) fn sweep(&self) -> Result<()> {
        for entry in fs::read_dir(self.source().join(SCRATCH))? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                fs::remove_dir_all(entry.path())?;
            }
        }
        Ok(())
    }
}

fn directory(number: usize) -> String {
    format!("{:02}", number / PER_DIRECTORY)
}

fn names(set: &str, letter: char, count: usize) -> Result<Vec<CString>> {
    let name = |number| CString::new(format!("{set}/{}/{letter}{number:04}", directory(number)));
    Ok((0..count).map(name).collect::<Result<_, _>>()?)
}

fn directories(set: &str, count: usize) -> Result<Vec<CString>> {
    let name = |number| CString::new(format!("{set}/{}", directory(number)));
    Ok((0..count).step_by(PER_DIRECTORY).map(name).collect::<Result<_, _>>()?)
}

fn small_files(set: &Path, count: usize) -> Result<()> {
    let bytes: Vec<u8> = (0..SMALL).map(|at| (at % 251).to_le_bytes()[0]).collect();
    for number in 0..count {
        let home = set.join(directory(number));
        if number % PER_DIRECTORY == 0 {
            fs::create_dir_all(&home)?;
        }
        fs::write(home.join(format!("f{number:04}")), &bytes)?;
    }
    Ok(())
}

fn large_file(path: &Path, size: usize) -> Result<()> {
    let chunk: Vec<u8> = (0..CHUNK).map(|at| (at % 253).to_le_bytes()[0]).collect();
    let mut file = File::create(path)?;
    for _ in 0..size / CHUNK {
        file.write_all(&chunk)?;
    }
    // Else the disk would be busy with it during the first measurements.
    Ok(file.sync_all()?)
}
