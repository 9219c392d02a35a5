use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use cachefs_vfs::{Attr, Errno, Error, FileId, Name, Result, Vfs, VfsExt};

use crate::coherence::Fact;
use crate::engine::Engine;
use crate::fs::CacheFs;
use crate::meta::{Glimpse, Node, Stamp, Target};
use crate::stats::Counter;
use crate::time::Now;

/// Where a walk stands: enough of an inode to look up a name in it, and nothing that keeps the inode.
#[derive(Clone, Copy, Debug)]
struct Step {
    id: FileId,
    names_since: Stamp,
    is_dir: bool,
}

/// Where a path leads, as far as is known.
#[derive(Debug)]
enum Led {
    To(FileId, Glimpse),
    /// A name on the way, or the last one, stands for nothing.
    Nowhere,
    /// A name on the way stands for something else than a directory.
    Astray,
    /// Not all of it is known, or it is no path.
    Unknown,
}

impl CacheFs {
    /// As [`VfsExt::stat`]. What is known all the way is answered without a handle, and without an allocation.
    ///
    /// # Errors
    /// Those of [`VfsExt::stat`].
    pub fn stat(&self, path: impl AsRef<Path>) -> Result<Attr> {
        let path = path.as_ref();
        let errno = match self.lead(path) {
            Led::To(id, glimpse) => return Ok(glimpse.attr(id)),
            Led::Nowhere => Errno::NOENT,
            Led::Astray => Errno::NOTDIR,
            Led::Unknown => return VfsExt::stat(self as &dyn Vfs, path),
        };
        Err(Error::new(errno).on("looking at", path))
    }

    /// As [`VfsExt::exists`], at the cost of [`Self::stat`]; that there is nothing costs no allocation, either.
    ///
    /// # Errors
    /// Those that leave it open.
    pub fn exists(&self, path: impl AsRef<Path>) -> Result<bool> {
        let path = path.as_ref();
        match self.lead(path) {
            Led::To(..) => Ok(true),
            Led::Nowhere | Led::Astray => Ok(false),
            Led::Unknown => VfsExt::exists(self as &dyn Vfs, path),
        }
    }

    #[inline(always)]
    fn lead(&self, path: &Path) -> Led {
        let (led, hits) = walk(self.engine(), self.root_node(), path);
        // Who gave no path is to hear that first, wherever it leads.
        if matches!(led, Led::Nowhere | Led::Astray) && parts(path).any(|part| Name::new(part).is_err()) {
            return Led::Unknown;
        }
        let stats = &self.engine().stats;
        match led {
            Led::Unknown => return led,
            Led::Nowhere => stats.count(Counter::NegativeHit),
            Led::To(..) if hits == 0 => stats.count(Counter::AttrHit),
            Led::To(..) | Led::Astray => {}
        }
        if hits > 0 {
            stats.count_hits(hits);
        }
        led
    }
}

/// Goes as far as is known. Answers how many names were, of those that stand for something.
#[inline(always)]
fn walk(engine: &Engine, root: &Node, path: &Path) -> (Led, u64) {
    let now = engine.now();
    let mut parts = parts(path).peekable();
    if parts.peek().is_none() {
        let glimpse = engine.fresh(root, Fact::Attr, &now);
        return (glimpse.map_or(Led::Unknown, |glimpse| Led::To(root.id, glimpse)), 0);
    }
    let Some(mut at) = step(engine, root, &now) else { return (Led::Unknown, 0) };
    let mut hits = 0;
    while let Some(part) = parts.next() {
        let Ok(name) = Name::new(part) else { return (Led::Unknown, 0) };
        if !at.is_dir {
            return (Led::Astray, hits);
        }
        let id = match engine.names.get_in(at.id, name, at.names_since, &now) {
            Some(Target::File(id)) => id,
            Some(Target::Nothing) => return (Led::Nowhere, hits),
            None => return (Led::Unknown, 0),
        };
        hits += 1;
        if parts.peek().is_none() {
            let glimpse = engine.fresh_by_id(id, &now);
            return (glimpse.map_or(Led::Unknown, |glimpse| Led::To(id, glimpse)), hits);
        }
        match engine.nodes.with(id, |node| step(engine, node, &now)).flatten() {
            Some(next) => at = next,
            None => return (Led::Unknown, 0),
        }
    }
    (Led::Unknown, 0)
}

#[inline(always)]
fn step(engine: &Engine, node: &Node, now: &Now<'_>) -> Option<Step> {
    // Taken first: a name is looked up in what the directory was like when its attributes were.
    let names_since = node.names_since.get();
    let sight = engine.fresh_sight(node, Fact::Attr, now)?;
    Some(Step { id: node.id, names_since, is_dir: sight.is_dir() })
}

/// The parts of a path that count. What is not a name among them is for [`VfsExt`] to refuse.
fn parts(path: &Path) -> impl Iterator<Item = &OsStr> {
    let parts = path.as_os_str().as_bytes().split(|&byte| byte == b'/');
    parts.filter(|part| !matches!(*part, b"" | b".")).map(OsStr::from_bytes)
}
