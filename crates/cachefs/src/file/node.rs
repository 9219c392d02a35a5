use std::any::Any;
use std::ffi::{OsStr, OsString};

use cachefs_vfs::{Access, Attr, Errno, Result, SetAttr, VNode, Watch, XattrHow, nowait};

use super::CacheFile;
use crate::stats::BackingVerb;

impl VNode for CacheFile {
    fn attr(&self) -> Result<Attr> {
        let Some(own) = &self.own else { return self.engine().attr(self.node()) };
        match self.engine().attr(self.node()) {
            // Others replaced it: the one handle that leads there is ours alone.
            Err(error) if error.errno() == Errno::STALE => {
                self.engine().backing.call(BackingVerb::Attr, || own.file().attr())
            }
            attr => attr,
        }
    }

    fn set_attr(&self, set: &SetAttr) -> Result<Attr> {
        nowait::check()?;
        self.engine().keep_open(self.node(), set)?;
        let file = self.backing(Access::Path)?;
        self.engine().set_attr(self.node(), set, || file.set_attr(set))
    }

    fn xattr(&self, key: &OsStr) -> Result<Vec<u8>> {
        let file = self.backing(Access::Path)?;
        self.engine().backing.call(BackingVerb::Xattr, || file.xattr(key))
    }

    fn xattrs(&self) -> Result<Vec<OsString>> {
        let file = self.backing(Access::Path)?;
        self.engine().backing.call(BackingVerb::Xattrs, || file.xattrs())
    }

    fn set_xattr(&self, key: &OsStr, value: &[u8], how: XattrHow) -> Result<()> {
        nowait::check()?;
        let file = self.backing(Access::Path)?;
        self.engine().change_xattr(self.node(), BackingVerb::SetXattr, || file.set_xattr(key, value, how))
    }

    fn remove_xattr(&self, key: &OsStr) -> Result<()> {
        nowait::check()?;
        let file = self.backing(Access::Path)?;
        self.engine().change_xattr(self.node(), BackingVerb::RemoveXattr, || file.remove_xattr(key))
    }

    fn watch(&self, watch: &dyn Watch) -> Result<()> {
        let engine = self.engine();
        engine.check_watch(watch)?;
        let file = self.backing(Access::Path)?;
        engine.cover(self.node(), |watch| file.watch(watch))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
