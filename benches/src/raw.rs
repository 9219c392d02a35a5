use std::sync::Arc;

use cachefs_vfs::{Access, Name, OpenHow, Result, VDir, Vfs};

use crate::Contender;

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
    fn name(&self) -> &'static str {
        "raw"
    }

    fn read(&self, name: Name<'_>, buffer: &mut [u8]) -> Result<usize> {
        let opened = self.root.open(name, OpenHow::new(Access::Read))?;
        opened.handle.read_at(buffer, 0)
    }

    fn forget(&self, _name: Name<'_>) -> Result<()> {
        Ok(())
    }
}
