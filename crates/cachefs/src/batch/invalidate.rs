use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use cachefs_vfs::{FileId, Name, Result};
use hashbrown::HashMap;

use super::BatchReport;
use crate::dir::CacheDir;
use crate::engine::Engine;
use crate::fs::CacheFs;
use crate::meta::Node;
use crate::stats::{Counter, MissReason};
use crate::sync::Arc;

/// The paths of one directory.
#[derive(Debug)]
struct Family<'a> {
    parent: &'a Path,
    /// Names in it, and which of the paths they are of.
    members: Vec<(Name<'a>, usize)>,
}

impl CacheFs {
    /// As [`Self::invalidate`], of many paths: the way to each directory is asked for once, and each part of the cache
    /// is locked once. An error of one path does not stop the rest.
    ///
    /// Dirty bytes are not the cache's and stay: see [`crate::write_back`].
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use cachefs::CacheFs;
    /// # use cachefs_vfs::{MemFs, VfsExt};
    /// let source = Arc::new(MemFs::new());
    /// source.write("a", b"old")?;
    /// let cache = CacheFs::builder(source.clone()).build().unwrap();
    /// cache.read("a")?;
    /// source.write("a", b"new")?;
    /// let report = cache.batch_invalidate(["a", "missing", "../outside"]);
    /// assert_eq!((report.done, report.errors.len()), (2, 1));
    /// assert_eq!(cache.read("a")?, b"new");
    /// # Ok::<(), cachefs_vfs::Error>(())
    /// ```
    pub fn batch_invalidate<P: AsRef<Path>>(&self, paths: impl IntoIterator<Item = P>) -> BatchReport {
        let paths: Vec<P> = paths.into_iter().collect();
        let (families, others) = by_directory(&paths);
        let mut report = BatchReport::default();
        for at in others {
            let path = paths[at].as_ref();
            report.note(path, self.forget_path(path).map_err(|error| error.on("invalidating", path)));
        }
        let mut found = Vec::with_capacity(paths.len());
        for Family { parent, members } in families {
            let mut note = |at: usize, result: Result<()>| {
                let path = paths[at].as_ref();
                report.note(path, result.map_err(|error| error.on("invalidating", path)));
            };
            match self.dir_asked(parent) {
                Ok(Some(dir)) => dir.forget_names(&members, &mut found, &mut note),
                Ok(None) => members.iter().for_each(|&(_, at)| note(at, Ok(()))),
                Err(error) => members.iter().for_each(|&(_, at)| note(at, Err(error.clone()))),
            }
        }
        let engine = self.engine();
        engine.forget_nodes(&engine.nodes.peek_all(&found));
        engine.stats.add(Counter::InvalidatedManual, paths.len() as u64);
        report
    }
}

/// The paths by directory, and those that are no directory and a name in it.
fn by_directory<P: AsRef<Path>>(paths: &[P]) -> (Vec<Family<'_>>, Vec<usize>) {
    let (mut families, mut others) = (Vec::<Family<'_>>::new(), Vec::new());
    let mut known = HashMap::<&[u8], usize>::new();
    for (at, path) in paths.iter().enumerate() {
        let path = path.as_ref().as_os_str().as_bytes();
        let cut = path.iter().rposition(|&byte| byte == b'/').map_or(0, |slash| slash + 1);
        let (parent, name) = path.split_at(cut);
        let Ok(name) = Name::new(OsStr::from_bytes(name)) else {
            others.push(at);
            continue;
        };
        let family = *known.entry(parent).or_insert_with(|| {
            families.push(Family { parent: Path::new(OsStr::from_bytes(parent)), members: Vec::new() });
            families.len() - 1
        });
        families[family].members.push((name, at));
    }
    (families, others)
}

impl CacheDir {
    /// Forgets these names and the listing they are in; `found` takes what they stood for and what they stand for now.
    fn forget_names(
        &self,
        members: &[(Name<'_>, usize)],
        found: &mut Vec<FileId>,
        note: &mut dyn FnMut(usize, Result<()>),
    ) {
        let (engine, node) = (self.engine(), self.node());
        node.names_changed.raise(engine.stamps.next());
        let stood_for = engine.names.forget_all(node.id, members.iter().map(|(name, _)| *name));
        engine.listings.forget(node.id);
        let dir = match self.backing() {
            Ok(dir) => dir,
            Err(error) => {
                found.extend(stood_for.into_iter().flatten());
                return members.iter().for_each(|&(_, at)| note(at, Err(error.clone())));
            }
        };
        for (&(name, at), before) in members.iter().zip(stood_for) {
            found.extend(before);
            let now = self.identify(&*dir, name);
            found.extend(now.as_ref().ok().copied().flatten().filter(|id| before != Some(*id)));
            note(at, now.map(drop));
        }
    }
}

impl Engine {
    /// Nothing that is known of these holds any more. Answers of how many there was something.
    pub(super) fn forget_nodes(&self, nodes: &[Arc<Node>]) -> usize {
        let stamp = self.stamps.next();
        let (mut dropped, mut known) = (Vec::with_capacity(nodes.len()), 0);
        for node in nodes {
            let may_be_dir = {
                let mut state = node.state.lock();
                known += usize::from(state.attr_known().is_some());
                let may_be_dir = state.attr_known().is_none_or(|attr| attr.kind.is_dir());
                let gone = state.reset(stamp, self.fresh_generation(), MissReason::Invalidated);
                dropped.extend(gone.map(|gone| (node.id, gone.generation, gone.end)));
                may_be_dir
            };
            if may_be_dir {
                node.names_changed.raise(stamp);
                node.names_since.raise(stamp);
                self.listings.forget(node.id);
            }
        }
        self.store.forget_all(&dropped);
        known
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_one_directory_are_together() {
        let paths = ["a/b", "c", "a/d", "/e", "a/b/", "a/..", "", "."];
        let (families, others) = by_directory(&paths);
        let found: Vec<_> = families
            .iter()
            .map(|family| (family.parent, family.members.iter().map(|(_, at)| *at).collect::<Vec<_>>()))
            .collect();
        let dir = |path| Path::new(path);
        assert_eq!(found, [(dir("a/"), vec![0, 2]), (dir(""), vec![1]), (dir("/"), vec![3])]);
        assert_eq!(others, [4, 5, 6, 7]);
    }
}
