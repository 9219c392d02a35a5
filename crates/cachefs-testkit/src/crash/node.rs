use cachefs_vfs::{Result, VNode};

use super::log::Xattrs;

/// All xattrs of an inode.
pub(super) fn xattrs_of(node: &dyn VNode) -> Result<Xattrs> {
    node.xattrs()?.into_iter().map(|key| node.xattr(&key).map(|value| (key, value))).collect()
}

/// [`cachefs_vfs::VNode`] for a type that has a `life` and an `inner`.
macro_rules! impl_vnode {
    ($type:ty) => {
        impl cachefs_vfs::VNode for $type {
            fn attr(&self) -> cachefs_vfs::Result<cachefs_vfs::Attr> {
                self.life.check()?;
                Ok(self.life.disk().outer(self.inner.attr()?))
            }
            fn set_attr(&self, set: &cachefs_vfs::SetAttr) -> cachefs_vfs::Result<cachefs_vfs::Attr> {
                self.life.change(|log| {
                    let attr = self.inner.set_attr(set)?;
                    // A new owner takes the capabilities of a file away.
                    log.xattrs(attr, crate::crash::node::xattrs_of(&*self.inner)?);
                    Ok(self.life.disk().outer(attr))
                })
            }
            fn xattr(&self, key: &std::ffi::OsStr) -> cachefs_vfs::Result<Vec<u8>> {
                self.life.check()?;
                self.inner.xattr(key)
            }
            fn xattrs(&self) -> cachefs_vfs::Result<Vec<std::ffi::OsString>> {
                self.life.check()?;
                self.inner.xattrs()
            }
            fn set_xattr(
                &self,
                key: &std::ffi::OsStr,
                value: &[u8],
                how: cachefs_vfs::XattrHow,
            ) -> cachefs_vfs::Result<()> {
                self.life.change(|log| {
                    self.inner.set_xattr(key, value, how)?;
                    log.xattrs(self.inner.attr()?, crate::crash::node::xattrs_of(&*self.inner)?);
                    Ok(())
                })
            }
            fn remove_xattr(&self, key: &std::ffi::OsStr) -> cachefs_vfs::Result<()> {
                self.life.change(|log| {
                    self.inner.remove_xattr(key)?;
                    log.xattrs(self.inner.attr()?, crate::crash::node::xattrs_of(&*self.inner)?);
                    Ok(())
                })
            }
            fn watch(&self, _: &dyn cachefs_vfs::Watch) -> cachefs_vfs::Result<()> {
                Err(cachefs_vfs::Error::unsupported())
            }
            fn as_any(&self) -> &dyn std::any::Any {
                self
            }
        }
    };
}
pub(super) use impl_vnode;
