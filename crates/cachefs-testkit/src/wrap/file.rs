use std::any::Any;
use std::ffi::{OsStr, OsString};
use std::io::IoSliceMut;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::sync::Arc;

use cachefs_vfs::{
    AllocateHow, Attr, Errno, Error, OpenHow, Privileges, Result, SeekTo, SetAttr, SyncHow, VFile, VNode,
    Watch, XattrHow,
};

use super::{Call, CallKind, Intercept, Seam, Target};

/// A file of a wrapper.
#[derive(Debug)]
pub(super) struct WrapFile<I> {
    seam: Arc<Seam<I>>,
    inner: Arc<dyn VFile>,
    at: PathBuf,
    name: Option<OsString>,
}

impl<I: Intercept> WrapFile<I> {
    pub(super) fn wrap(
        seam: &Arc<Seam<I>>,
        inner: Arc<dyn VFile>,
        at: PathBuf,
        name: Option<OsString>,
    ) -> Arc<dyn VFile> {
        Arc::new(Self { seam: Arc::clone(seam), inner, at, name })
    }

    fn call(&self, kind: CallKind, bytes: u64) -> Call<'_> {
        Call { name: self.name.as_deref(), bytes, ..Call::new(kind, &self.at) }
    }

    /// A call that moves no bytes.
    fn run<T>(&self, kind: CallKind, verb: impl FnOnce() -> Result<T>) -> Result<T> {
        self.seam.run(&self.call(kind, 0), verb)
    }

    /// A call that moves `wanted` bytes or, as the interceptor has it, fewer.
    fn transfer(
        &self,
        kind: CallKind,
        wanted: usize,
        verb: impl FnOnce(usize) -> Result<usize>,
    ) -> Result<usize> {
        let call = self.call(kind, wanted as u64);
        self.seam.transfer(&call, |bytes_max| verb(bytes_max.min(wanted)), |moved| *moved as u64)
    }
}

/// The first `length` bytes of `buffers`.
fn first<'a>(buffers: &'a mut [IoSliceMut<'_>], length: usize) -> Vec<IoSliceMut<'a>> {
    let mut left = length;
    let mut parts = Vec::with_capacity(buffers.len());
    for buffer in buffers {
        let take = buffer.len().min(left);
        left -= take;
        parts.push(IoSliceMut::new(&mut buffer[..take]));
    }
    parts
}

impl<I: Intercept> VNode for WrapFile<I> {
    fn attr(&self) -> Result<Attr> {
        self.run(CallKind::Attr, || self.inner.attr())
    }

    fn set_attr(&self, set: &SetAttr) -> Result<Attr> {
        self.run(CallKind::SetAttr, || self.inner.set_attr(set))
    }

    fn xattr(&self, key: &OsStr) -> Result<Vec<u8>> {
        self.run(CallKind::Xattr, || self.inner.xattr(key))
    }

    fn xattrs(&self) -> Result<Vec<OsString>> {
        self.run(CallKind::Xattrs, || self.inner.xattrs())
    }

    fn set_xattr(&self, key: &OsStr, value: &[u8], how: XattrHow) -> Result<()> {
        self.run(CallKind::SetXattr, || self.inner.set_xattr(key, value, how))
    }

    fn remove_xattr(&self, key: &OsStr) -> Result<()> {
        self.run(CallKind::RemoveXattr, || self.inner.remove_xattr(key))
    }

    fn watch(&self, watch: &dyn Watch) -> Result<()> {
        self.run(CallKind::Cover, || self.inner.watch(watch))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl<I: Intercept> VFile for WrapFile<I> {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        self.transfer(CallKind::Read, buffer.len(), |length| {
            self.inner.read_at(&mut buffer[..length], offset)
        })
    }

    fn read_many(&self, buffers: &mut [IoSliceMut<'_>], offset: u64) -> Result<usize> {
        let wanted = buffers.iter().map(|buffer| buffer.len()).sum();
        self.transfer(CallKind::ReadMany, wanted, |length| {
            if length == wanted {
                return self.inner.read_many(buffers, offset);
            }
            self.inner.read_many(&mut first(buffers, length), offset)
        })
    }

    fn write_at(&self, data: &[u8], offset: u64, privileges: Privileges) -> Result<usize> {
        self.transfer(CallKind::Write, data.len(), |length| {
            self.inner.write_at(&data[..length], offset, privileges)
        })
    }

    fn append(&self, data: &[u8], privileges: Privileges) -> Result<usize> {
        self.transfer(CallKind::Append, data.len(), |length| self.inner.append(&data[..length], privileges))
    }

    fn set_len(&self, length: u64, privileges: Privileges) -> Result<Attr> {
        self.run(CallKind::SetLen, || self.inner.set_len(length, privileges))
    }

    fn allocate(&self, how: AllocateHow, offset: u64, length: u64, privileges: Privileges) -> Result<()> {
        self.run(CallKind::Allocate, || self.inner.allocate(how, offset, length, privileges))
    }

    fn copy_range(
        &self,
        offset: u64,
        to: &dyn VFile,
        to_offset: u64,
        length: u64,
        privileges: Privileges,
    ) -> Result<u64> {
        let to = match to.as_any().downcast_ref::<Self>() {
            Some(to) if Arc::ptr_eq(&to.seam, &self.seam) => to,
            _ => return Err(Error::new(Errno::XDEV)),
        };
        let target = to.name.as_deref().map(|name| Target { at: &to.at, name });
        let call = Call { to: target, ..self.call(CallKind::CopyRange, length) };
        self.seam.transfer(
            &call,
            |bytes_max| {
                let length = length.min(bytes_max as u64);
                self.inner.copy_range(offset, &*to.inner, to_offset, length, privileges)
            },
            |moved| *moved,
        )
    }

    fn seek(&self, offset: u64, to: SeekTo) -> Result<u64> {
        self.run(CallKind::Seek, || self.inner.seek(offset, to))
    }

    fn sync(&self, how: SyncHow) -> Result<()> {
        self.run(CallKind::SyncFile, || self.inner.sync(how))
    }

    /// Counts as an open by the name that this handle was opened by.
    fn reopen(&self, how: OpenHow) -> Result<Arc<dyn VFile>> {
        let inner = self.run(CallKind::Open, || self.inner.reopen(how))?;
        Ok(Self::wrap(&self.seam, inner, self.at.clone(), self.name.clone()))
    }

    fn read_link(&self) -> Result<PathBuf> {
        self.run(CallKind::ReadLink, || self.inner.read_link())
    }

    fn has_writer(&self) -> Result<bool> {
        self.run(CallKind::HasWriter, || self.inner.has_writer())
    }

    /// None: bytes moved through the descriptor would go past the interceptor.
    fn as_fd(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    fn descriptor(&self) -> Result<OwnedFd> {
        Err(Error::unsupported())
    }
}
