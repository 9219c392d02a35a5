use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;

use crate::Result;
use crate::ground::{Ground, Pen};

/// A directory, by system calls: the plain one, or a mounted one.
#[derive(Debug)]
pub(crate) struct Directory(pub(crate) PathBuf);

impl Ground for Directory {
    fn open(&self, name: &str) -> Result<Box<dyn Pen>> {
        Ok(Box::new(File::options().write(true).open(self.0.join(name))?))
    }

    fn create(&self, name: &str) -> Result<Box<dyn Pen>> {
        Ok(Box::new(File::create_new(self.0.join(name))?))
    }
}

impl Pen for File {
    fn write(&self, bytes: &[u8], at: u64) -> Result<()> {
        Ok(self.write_all_at(bytes, at)?)
    }

    fn sync(&self) -> Result<()> {
        Ok(self.sync_all()?)
    }
}
