/// [`crate::VNode`] for a type that has a `node`.
macro_rules! impl_vnode {
    ($type:ty) => {
        impl crate::VNode for $type {
            fn attr(&self) -> crate::Result<crate::Attr> {
                Ok(self.node.attr())
            }
            fn set_attr(&self, set: &crate::SetAttr) -> crate::Result<crate::Attr> {
                self.node.set_attr(set)
            }
            fn xattr(&self, key: &std::ffi::OsStr) -> crate::Result<Vec<u8>> {
                self.node.xattr(key)
            }
            fn xattrs(&self) -> crate::Result<Vec<std::ffi::OsString>> {
                Ok(self.node.xattrs())
            }
            fn set_xattr(
                &self,
                key: &std::ffi::OsStr,
                value: &[u8],
                how: crate::XattrHow,
            ) -> crate::Result<()> {
                self.node.set_xattr(key, value, how)
            }
            fn remove_xattr(&self, key: &std::ffi::OsStr) -> crate::Result<()> {
                self.node.remove_xattr(key)
            }
            fn watch(&self, _watch: &dyn crate::Watch) -> crate::Result<()> {
                Err(crate::Error::unsupported())
            }
            fn as_any(&self) -> &dyn std::any::Any {
                self
            }
        }
    };
}
pub(super) use impl_vnode;
