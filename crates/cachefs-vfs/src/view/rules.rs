use std::sync::Arc;

use crate::{Errno, Error, Result};

/// What a view forbids. One per view, so it also tells whose handle a handle is.
#[derive(Debug)]
pub(super) struct Rules {
    pub(super) read_only: bool,
}

impl Rules {
    /// # Errors
    /// `EROFS` where nothing may be changed.
    pub(super) fn change(&self) -> Result<()> {
        if self.read_only { Err(Error::new(Errno::ROFS)) } else { Ok(()) }
    }

    /// # Errors
    /// `EXDEV` if `other` is not this very view.
    pub(super) fn same(self: &Arc<Self>, other: &Arc<Self>) -> Result<()> {
        if Arc::ptr_eq(self, other) { Ok(()) } else { Err(Error::new(Errno::XDEV)) }
    }
}
