//! The whole tree against the model.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::Path;
use std::sync::Arc;

use cachefs_vfs::{Access, Attr, FileId, Name, OpenHow, VDir, VNode, Vfs};

use super::driver::list;
use super::expect::{Want, is_user_key, same_bytes};
use super::node::{Body, NodeId};
use super::tree::{Model, ROOT};

/// How many entries a listing takes at once here.
const BATCH: usize = 7;

/// Whether it is the filesystem under test, whose times must not move by themselves, or the backing beneath it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Tested,
    Backing,
}

struct Comparison<'a> {
    model: &'a mut Model,
    side: Side,
    /// On the backing, who is who: hard links must be one file. Identities are those of the filesystem under test,
    /// which hands them through.
    ids: HashMap<FileId, NodeId>,
}

/// Compares everything that has a name. Answers the first difference.
pub(super) fn compare_tree(model: &mut Model, fs: &dyn Vfs, side: Side) -> Result<(), String> {
    let root = fs.root().map_err(|error| format!("the root: {error:?}"))?;
    Comparison { model, side, ids: HashMap::new() }.dir(&root, ROOT, Path::new(""))
}

/// Reads a whole file.
pub(super) fn read_all(file: &dyn cachefs_vfs::VFile, size: u64) -> cachefs_vfs::Result<Vec<u8>> {
    let mut bytes = vec![0xa5; super::expect::index(size) + 1];
    let count = file.read_at(&mut bytes, 0)?;
    bytes.truncate(count);
    Ok(bytes)
}

impl Comparison<'_> {
    fn dir(&mut self, dir: &Arc<dyn VDir>, id: NodeId, path: &Path) -> Result<(), String> {
        let at = |error: String| format!("{}/: {error}", path.display());
        let attr = dir.attr().map_err(|error| at(format!("{error:?}")))?;
        self.attr(id, &attr).map_err(at)?;
        let listed = list(&**dir, BATCH).map_err(|error| at(format!("listing: {error:?}")))?;
        if self.side == Side::Tested {
            let want = Ok(Want::Entries(id));
            self.model.check(&want, &Ok(super::expect::Got::Entries(listed))).map_err(at)?;
        } else {
            let mut names: Vec<_> = listed.into_iter().map(|entry| entry.name).collect();
            names.sort();
            if !names.iter().eq(self.model.children(id).keys().copied()) {
                return Err(at(format!("lists {names:?}")));
            }
        }
        compare_xattrs(self.model, &**dir, id).map_err(at)?;
        for (name, child) in self.model.children(id).clone() {
            self.child(&**dir, name, child, &path.join(name))?;
        }
        Ok(())
    }

    fn child(&mut self, dir: &dyn VDir, name: &str, id: NodeId, path: &Path) -> Result<(), String> {
        let at = |error: String| format!("{}: {error}", path.display());
        let failed = |error: cachefs_vfs::Error| format!("{}: {error:?}", path.display());
        let name = Name::new(name).map_err(failed)?;
        let attr = dir.stat(name).map_err(failed)?;
        self.attr(id, &attr).map_err(at)?;
        match self.model.node(id).body.clone() {
            Body::Dir(_) => {
                let opened = dir.dir(name).map_err(failed)?;
                self.attr(id, &opened.attr).map_err(at)?;
                self.dir(&opened.handle, id, path)
            }
            Body::File(bytes) => {
                let opened = dir.open(name, OpenHow::new(Access::Read)).map_err(failed)?;
                self.attr(id, &opened.attr).map_err(at)?;
                let got = read_all(&*opened.handle, bytes.len() as u64).map_err(failed)?;
                same_bytes(&bytes, &got).map_err(at)?;
                compare_xattrs(self.model, &*opened.handle, id).map_err(at)
            }
            Body::Symlink(target) => {
                let got = dir.read_link(name).map_err(failed)?;
                if got == Path::new(target) { Ok(()) } else { Err(at(format!("links to {got:?}"))) }
            }
            Body::Fifo => Ok(()),
        }
    }

    fn attr(&mut self, id: NodeId, attr: &Attr) -> Result<(), String> {
        if self.side == Side::Tested {
            return self.model.see(id, attr);
        }
        self.model.compare_attr(id, attr)?;
        if let Some(known) = self.model.node(id).id.filter(|known| *known != attr.id) {
            return Err(format!("is {:?}, was {known:?}", attr.id));
        }
        match self.ids.insert(attr.id, id) {
            Some(other) if other != id => Err(format!("two files are {:?}", attr.id)),
            _ => Ok(()),
        }
    }
}

/// Compares the xattrs that the model sets.
pub(super) fn compare_xattrs<N: VNode + ?Sized>(model: &Model, handle: &N, id: NodeId) -> Result<(), String> {
    if !model.caps.xattrs {
        return Ok(());
    }
    let want = &model.node(id).xattrs;
    let mut keys = handle.xattrs().map_err(|error| format!("listing xattrs: {error:?}"))?;
    keys.retain(|key| is_user_key(key));
    keys.sort();
    if !keys.iter().eq(want.keys().copied()) {
        return Err(format!("has xattrs {keys:?}, expected {:?}", want.keys()));
    }
    for (key, value) in want {
        let got = handle.xattr(OsStr::new(key)).map_err(|error| format!("xattr {key}: {error:?}"))?;
        same_bytes(value, &got).map_err(|error| format!("xattr {key}: {error}"))?;
    }
    Ok(())
}
