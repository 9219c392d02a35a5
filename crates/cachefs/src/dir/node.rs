use std::any::Any;
use std::ffi::{OsStr, OsString};

use cachefs_vfs::{Attr, Result, SetAttr, VNode, Watch, XattrHow, nowait};

use super::CacheDir;
use crate::stats::BackingVerb;

impl VNode for CacheDir {
    fn attr(&self) -> Result<Attr> {
        let engine = self.engine();
        engine.attr_or(self.node(), || engine.cover_own(self.node()))
    }

    fn set_attr(&self, set: &SetAttr) -> Result<Attr> {
        nowait::check()?;
        let dir = self.backing()?;
        self.engine().set_attr(self.node(), set, || dir.set_attr(set))
    }

    fn xattr(&self, key: &OsStr) -> Result<Vec<u8>> {
        let dir = self.backing()?;
        self.engine().backing.call(BackingVerb::Xattr, || dir.xattr(key))
    }

    fn xattrs(&self) -> Result<Vec<OsString>> {
        let dir = self.backing()?;
        self.engine().backing.call(BackingVerb::Xattrs, || dir.xattrs())
    }

    fn set_xattr(&self, key: &OsStr, value: &[u8], how: XattrHow) -> Result<()> {
        nowait::check()?;
        let dir = self.backing()?;
        self.engine().change_xattr(self.node(), BackingVerb::SetXattr, || dir.set_xattr(key, value, how))
    }

    fn remove_xattr(&self, key: &OsStr) -> Result<()> {
        nowait::check()?;
        let dir = self.backing()?;
        self.engine().change_xattr(self.node(), BackingVerb::RemoveXattr, || dir.remove_xattr(key))
    }

    fn watch(&self, watch: &dyn Watch) -> Result<()> {
        let engine = self.engine();
        engine.check_watch(watch)?;
        let dir = self.backing()?;
        engine.cover(self.node(), |watch| dir.watch(watch))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
