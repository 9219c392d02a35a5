use std::sync::Arc;

use cachefs_vfs::{Name, Result, VDir, Vfs};

use crate::{Contender, plain};

/// The backing itself: the floor under every miss.
#[derive(Debug)]
pub struct Raw {
    root: Arc<dyn VDir>,
}

impl Raw {
    /// Reads `backing` directly.
    ///
    /// # Errors
    /// If its root can't be opened.
    pub fn new(backing: &dyn Vfs) -> Result<Self> {
        Ok(Self { root: backing.root()? })
    }
}

impl Contender for Raw {
    fn read(&self, name: Name<'_>, buffer: &mut [u8]) -> Result<usize> {
        plain::read(&*self.root, name, buffer)
    }

    fn read_steps(&self, name: Name<'_>, step: usize, buffer: &mut [u8]) -> Result<usize> {
        plain::read_steps(&*self.root, name, step, buffer)
    }

    fn read_places(&self, name: Name<'_>, places: &[u64], buffer: &mut [u8]) -> Result<()> {
        plain::read_places(&*self.root, name, places, buffer)
    }

    fn write(&self, name: Name<'_>, bytes: &[u8]) -> Result<()> {
        plain::write(&*self.root, name, bytes)
    }

    fn size(&self, name: Name<'_>) -> Result<u64> {
        Ok(self.root.stat(name)?.size)
    }

    fn invalidate(&self, _: &[String]) -> Result<()> {
        Ok(())
    }

    fn clear(&self, _: &[String]) -> Result<()> {
        Ok(())
    }

    fn warm(&self, names: &[String], size: usize) -> Result<()> {
        plain::warm(self, names, size)
    }
}
