use std::any::Any;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use cachefs_vfs::{Attr, Result, SetAttr, VNode, Watch, XattrHow, nowait};

use super::WriteFile;

/// Whether an xattr goes when the file is written to.
fn is_lost_by_writes(key: &OsStr) -> bool {
    key.as_bytes().starts_with(b"security.")
}

impl VNode for WriteFile {
    fn attr(&self) -> Result<Attr> {
        if self.is_regular
            && let Some(dirty) = self.shared.core.table.get(self.id)
            && let Some(attr) = self.shared.core.attr_in_memory(&dirty)
        {
            return Ok(attr);
        }
        nowait::check()?;
        self.shared.attr(|| self.inner.attr())
    }

    fn set_attr(&self, set: &SetAttr) -> Result<Attr> {
        nowait::check()?;
        if !self.is_regular {
            return self.inner.set_attr(set);
        }
        let turn = self.shared.core.turn(self.id)?;
        // What is written back later would take the bits away again.
        if set.mode.is_some_and(|mode| mode.has_set_id()) && turn.is_dirty() {
            turn.flush_and_hold()?;
        }
        turn.set_attr(set, || self.inner.set_attr(set))
    }

    fn xattr(&self, key: &OsStr) -> Result<Vec<u8>> {
        nowait::check()?;
        self.inner.xattr(key)
    }

    fn xattrs(&self) -> Result<Vec<OsString>> {
        nowait::check()?;
        self.inner.xattrs()
    }

    fn set_xattr(&self, key: &OsStr, value: &[u8], how: XattrHow) -> Result<()> {
        self.changing(is_lost_by_writes(key), || self.inner.set_xattr(key, value, how))
    }

    fn remove_xattr(&self, key: &OsStr) -> Result<()> {
        self.changing(is_lost_by_writes(key), || self.inner.remove_xattr(key))
    }

    fn watch(&self, watch: &dyn Watch) -> Result<()> {
        self.inner.watch(watch)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
