use std::any::Any;
use std::ffi::{OsStr, OsString};
use std::io::IoSliceMut;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::sync::Arc;

use super::rules::Rules;
use crate::{
    Access, AllocateHow, Attr, Errno, Error, OpenHow, Privileges, Result, SeekTo, SetAttr, SyncHow, VFile,
    VNode, Watch, XattrHow,
};

/// An open file of a view.
#[derive(Debug)]
pub(super) struct ViewFile {
    inner: Arc<dyn VFile>,
    rules: Arc<Rules>,
    /// Whether nothing can be done through the descriptor that the view forbids.
    lends_fd: bool,
}

impl ViewFile {
    /// Wraps a handle that was opened for `access`, or less.
    pub(super) fn wrap(inner: Arc<dyn VFile>, access: Access, rules: &Arc<Rules>) -> Arc<dyn VFile> {
        let lends_fd = !rules.read_only || access == Access::Read;
        Arc::new(Self { inner, rules: Arc::clone(rules), lends_fd })
    }
}

impl VNode for ViewFile {
    fn attr(&self) -> Result<Attr> {
        self.inner.attr()
    }

    fn set_attr(&self, set: &SetAttr) -> Result<Attr> {
        if !set.is_empty() {
            self.rules.change()?;
        }
        self.inner.set_attr(set)
    }

    fn xattr(&self, key: &OsStr) -> Result<Vec<u8>> {
        self.inner.xattr(key)
    }

    fn xattrs(&self) -> Result<Vec<OsString>> {
        self.inner.xattrs()
    }

    fn set_xattr(&self, key: &OsStr, value: &[u8], how: XattrHow) -> Result<()> {
        self.rules.change()?;
        self.inner.set_xattr(key, value, how)
    }

    fn remove_xattr(&self, key: &OsStr) -> Result<()> {
        self.rules.change()?;
        self.inner.remove_xattr(key)
    }

    fn watch(&self, watch: &dyn Watch) -> Result<()> {
        self.inner.watch(watch)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl VFile for ViewFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        self.inner.read_at(buffer, offset)
    }

    fn read_many(&self, buffers: &mut [IoSliceMut<'_>], offset: u64) -> Result<usize> {
        self.inner.read_many(buffers, offset)
    }

    fn write_at(&self, data: &[u8], offset: u64, privileges: Privileges) -> Result<usize> {
        self.rules.change()?;
        self.inner.write_at(data, offset, privileges)
    }

    fn append(&self, data: &[u8], privileges: Privileges) -> Result<usize> {
        self.rules.change()?;
        self.inner.append(data, privileges)
    }

    fn set_len(&self, length: u64, privileges: Privileges) -> Result<Attr> {
        self.rules.change()?;
        self.inner.set_len(length, privileges)
    }

    fn allocate(&self, how: AllocateHow, offset: u64, length: u64, privileges: Privileges) -> Result<()> {
        self.rules.change()?;
        self.inner.allocate(how, offset, length, privileges)
    }

    fn copy_range(
        &self,
        offset: u64,
        to: &dyn VFile,
        to_offset: u64,
        length: u64,
        privileges: Privileges,
    ) -> Result<u64> {
        let to = to.as_any().downcast_ref::<Self>().ok_or(Error::new(Errno::XDEV))?;
        self.rules.same(&to.rules)?;
        self.rules.change()?;
        self.inner.copy_range(offset, &*to.inner, to_offset, length, privileges)
    }

    fn seek(&self, offset: u64, to: SeekTo) -> Result<u64> {
        self.inner.seek(offset, to)
    }

    fn sync(&self, how: SyncHow) -> Result<()> {
        self.inner.sync(how)
    }

    fn reopen(&self, how: OpenHow) -> Result<Arc<dyn VFile>> {
        if how.access.writes() || how.truncate {
            self.rules.change()?;
        }
        Ok(Self::wrap(self.inner.reopen(how)?, how.access, &self.rules))
    }

    fn read_link(&self) -> Result<PathBuf> {
        self.inner.read_link()
    }

    fn has_writer(&self) -> Result<bool> {
        self.inner.has_writer()
    }

    fn as_fd(&self) -> Option<BorrowedFd<'_>> {
        if self.lends_fd { self.inner.as_fd() } else { None }
    }

    fn descriptor(&self) -> Result<OwnedFd> {
        if self.lends_fd { self.inner.descriptor() } else { Err(Error::unsupported()) }
    }
}
