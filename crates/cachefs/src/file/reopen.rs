use cachefs_vfs::{Access, Errno, Error, OpenHow, Result, VFile};

use super::CacheFile;
use crate::dir::check_kind;
use crate::handle::{Held, Own};
use crate::stats::BackingVerb;
use crate::sync::Arc;

impl CacheFile {
    /// Another handle of the inode, as an open by name would give one if it still led here: what is known of the file
    /// is checked if that is due, and nothing is opened for who finds all he may ask for here.
    pub(super) fn opened_again(&self, how: OpenHow) -> Result<Self> {
        if how.truncate {
            return Err(Error::new(Errno::INVAL));
        }
        let (engine, node) = (self.engine(), self.node());
        let held = Held::new(self.fs(), node, how.access);
        self.lend()?;
        let mut own = None;
        if how.access != Access::Path {
            let attr = engine.attr(node)?;
            check_kind(attr.kind, how.access)?;
            if how.direct {
                own = Some(Own::new(engine, self.open_direct(how)?));
            } else if !engine.can_wait(node, &attr, how.access) {
                engine.file_handle(node, how.access)?;
            }
        }
        Ok(Self::new(held, how, own))
    }

    /// What this handle has of the backing is its alone: others are to find a way to the file, too.
    fn lend(&self) -> Result<()> {
        let Some(own) = &self.own else { return Ok(()) };
        if self.node().io().slots().any_file().is_some() {
            return Ok(());
        }
        if let Some(file) = self.engine().path_of(&**own.file())? {
            self.engine().keep_file(self.node(), Access::Path, file);
            self.engine().handles.touch(self.node());
        }
        Ok(())
    }

    fn open_direct(&self, how: OpenHow) -> Result<Arc<dyn VFile>> {
        let from = self.backing(Access::Path)?;
        match self.engine().backing.call(BackingVerb::Open, || from.reopen(how)) {
            Err(error) if error.errno() == Errno::OPNOTSUPP => self.engine().open_at_place(self.node(), how),
            opened => opened,
        }
    }
}
