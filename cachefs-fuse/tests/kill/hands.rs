use std::fs::{File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustix::fs::{CWD, OFlags, RenameFlags, renameat_with};

use super::cell::{describe, fill};
use super::shelf::Shelf;
use super::step::Step;

/// Files a worker keeps open at once.
const OPEN_MAX: usize = 4;

/// Does the steps, with some files kept open through all that happens to their names.
#[derive(Debug)]
pub(crate) struct Hands {
    root: PathBuf,
    open: Vec<(u32, File)>,
}

impl Hands {
    /// For the files beneath `root`.
    pub(crate) fn new(root: PathBuf) -> Self {
        Self { root, open: Vec::new() }
    }

    /// Makes the call and answers the bytes written; notes it in no log.
    pub(crate) fn perform(&mut self, step: &Step, shelf: &mut Shelf) -> io::Result<usize> {
        match step {
            Step::Create { path, no } => self.create(path, *no),
            Step::Write { no, at, seq, len, durable } => {
                let bytes = fill(*no, *at, *seq, *len);
                if *durable && let Some(path) = shelf.path_of(*no) {
                    let dsync = i32::try_from(OFlags::DSYNC.bits()).unwrap();
                    let file = File::options().write(true).custom_flags(dsync).open(self.root.join(path))?;
                    return file.write_at(&bytes, *at);
                }
                self.file(*no, shelf)?.write_at(&bytes, *at)
            }
            Step::Append { no, seq, len } => {
                let path = self.root.join(shelf.path_of(*no).unwrap());
                let bytes = fill(*no, shelf.len_of(*no), *seq, *len);
                io::Write::write(&mut OpenOptions::new().append(true).open(path)?, &bytes)
            }
            Step::Look { no } => self.look(*no, shelf),
            other => self.call(other, shelf).map(|()| 0),
        }
    }

    /// Files that have no name and are no longer open are gone.
    pub(crate) fn let_go(&mut self, shelf: &mut Shelf) {
        if self.open.len() > OPEN_MAX {
            self.open.remove(0);
        }
        let named: Vec<u32> = shelf.names.values().copied().collect();
        shelf.inodes.retain(|no, _| named.contains(no) || self.open.iter().any(|(open, _)| open == no));
    }

    fn create(&mut self, path: &str, no: u32) -> io::Result<usize> {
        let file = File::options().read(true).write(true).create_new(true).open(self.root.join(path))?;
        self.open.push((no, file));
        Ok(0)
    }

    fn call(&mut self, step: &Step, shelf: &Shelf) -> io::Result<()> {
        let at = |path: &str| self.root.join(path);
        match step {
            Step::Cut { no, len } => self.file(*no, shelf)?.set_len(*len),
            Step::Rename { from, to } | Step::RenameDir { from, to } => std::fs::rename(at(from), at(to)),
            Step::Exchange { one, other } => {
                Ok(renameat_with(CWD, at(one), CWD, at(other), RenameFlags::EXCHANGE)?)
            }
            Step::Link { from, to } => std::fs::hard_link(at(from), at(to)),
            Step::Unlink { path } => std::fs::remove_file(at(path)),
            Step::Mode { no, mode } => {
                std::fs::set_permissions(at(shelf.path_of(*no).unwrap()), Permissions::from_mode(*mode))
            }
            Step::Times { no, mtime: (seconds, nanos) } => {
                let since =
                    Duration::from_secs(u64::try_from(*seconds).unwrap()) + Duration::from_nanos(*nanos);
                self.file(*no, shelf)?.set_modified(SystemTime::UNIX_EPOCH + since)
            }
            Step::Sync { no, data_only: true } => self.file(*no, shelf)?.sync_data(),
            Step::Sync { no, .. } => self.file(*no, shelf)?.sync_all(),
            Step::SyncDir { dir } => File::open(at(dir))?.sync_all(),
            _ => unreachable!("done elsewhere"),
        }
    }

    /// What is open stays so; what is not is opened by one of its names.
    fn file(&mut self, no: u32, shelf: &Shelf) -> io::Result<&File> {
        if let Some(at) = self.open.iter().position(|(open, _)| *open == no) {
            return Ok(&self.open[at].1);
        }
        let path = shelf.path_of(no).expect("it has a name, or is open");
        let file = File::options().read(true).write(true).open(self.root.join(path))?;
        self.open.push((no, file));
        Ok(&self.open[self.open.len() - 1].1)
    }

    fn look(&mut self, no: u32, shelf: &mut Shelf) -> io::Result<usize> {
        let file = self.file(no, shelf)?;
        let meta = file.metadata()?;
        let inode = &shelf.inodes[&no];
        let mut bytes = vec![0; inode.bytes.len() + 1];
        let mut got = 0;
        while got < bytes.len() {
            match file.read_at(&mut bytes[got..], got as u64)? {
                0 => break,
                more => got += more,
            }
        }
        bytes.truncate(got);
        assert_eq!(bytes.len(), inode.bytes.len(), "length of {no:#x} as read");
        assert_eq!(meta.len(), bytes.len() as u64, "size of {no:#x}");
        if let Some(at) = first_difference(&bytes, &inode.bytes) {
            let (seen, wanted) = (describe(&bytes, at), describe(&inode.bytes, at));
            panic!("{no:#x} as read at {at:#x}: {seen} instead of {wanted}");
        }
        let mtime = (meta.mtime(), u64::try_from(meta.mtime_nsec()).unwrap());
        assert!(
            inode.mtime.is_none_or(|known| known == mtime),
            "mtime of {no:#x}: {mtime:?}, not {:?}",
            inode.mtime
        );
        shelf.inodes.get_mut(&no).unwrap().mtime = Some(mtime);
        Ok(0)
    }
}

/// Where two files differ first; their lengths count.
pub(crate) fn first_difference(one: &[u8], other: &[u8]) -> Option<usize> {
    if one == other {
        return None;
    }
    let both = one.iter().zip(other);
    Some(both.take_while(|(a, b)| a == b).count())
}

/// The directory of a worker.
pub(crate) fn home(root: &Path, worker: u32) -> PathBuf {
    root.join(format!("worker {worker}"))
}
