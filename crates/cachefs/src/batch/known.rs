use std::ffi::{OsStr, OsString};

use cachefs_vfs::FileId;
use hashbrown::{HashMap, HashSet};

use crate::engine::Engine;
use crate::fs::CacheFs;
use crate::meta::{Node, Target};
use crate::sync::Arc;

/// Whether a name on the way from the root is meant.
#[derive(Debug)]
pub(super) struct Met<S> {
    pub(super) doomed: bool,
    /// Where the search stands beneath it; `None`: all that is there is meant, too.
    pub(super) below: Option<S>,
}

/// What a cache knows by name, walked from the root.
#[derive(Debug, Default)]
struct Walked {
    /// Inodes that a known name leads to which is not meant.
    kept: HashSet<FileId>,
    /// Inodes that a name leads to which is meant.
    doomed: HashSet<FileId>,
    /// Names that are meant, by directory.
    names: HashMap<FileId, HashSet<OsString>>,
    /// Directories that were walked through.
    dirs: HashSet<FileId>,
}

type Tree = HashMap<FileId, Vec<(OsString, Target)>>;

impl CacheFs {
    /// Forgets what is meant, and what may be: what no known name leads to, or more names than one. Answers how many
    /// inodes that was.
    pub(super) fn forget_known<S: Copy>(&self, start: S, meet: impl Fn(S, &OsStr, bool) -> Met<S>) -> usize {
        let engine = self.engine();
        let walked = walk(engine, self.root_node().id, start, meet);
        let stamp = engine.stamps.next();
        let mut nodes = Vec::new();
        engine.nodes.each(|node| {
            if walked.names.contains_key(&node.id) {
                node.names_changed.raise(stamp);
                engine.listings.forget(node.id);
            }
            if !walked.kept.contains(&node.id) || walked.doomed.contains(&node.id) || has_more_names(node) {
                nodes.push(Arc::clone(node));
            }
        });
        engine.names.forget_where(|dir, name| {
            !walked.dirs.contains(&dir) || walked.names.get(&dir).is_some_and(|names| names.contains(name))
        });
        engine.forget_nodes(&nodes)
    }
}

fn walk<S: Copy>(
    engine: &Engine,
    root: FileId,
    start: S,
    meet: impl Fn(S, &OsStr, bool) -> Met<S>,
) -> Walked {
    let mut tree = Tree::new();
    engine.names.each(|dir, name, target| tree.entry(dir).or_default().push((name.to_owned(), target)));
    let mut walked = Walked::default();
    walked.kept.insert(root);
    let mut way = vec![(root, start)];
    while let Some((dir, place)) = way.pop() {
        // What others moved while it was looked at may seem to lie in itself.
        if !walked.dirs.insert(dir) {
            continue;
        }
        for (name, target) in tree.remove(&dir).unwrap_or_default() {
            let id = if let Target::File(id) = target { Some(id) } else { None };
            let is_dir = id.is_some_and(|id| tree.contains_key(&id) || is_dir(engine, id));
            let met = meet(place, &name, is_dir);
            if met.doomed {
                walked.doomed.extend(id);
                walked.names.entry(dir).or_default().insert(name);
            } else {
                walked.kept.extend(id);
            }
            if let (Some(id), true, Some(below)) = (id, is_dir, met.below) {
                walked.kept.insert(id);
                way.push((id, below));
            }
        }
    }
    walked
}

fn is_dir(engine: &Engine, id: FileId) -> bool {
    let node = engine.nodes.peek(id);
    node.is_some_and(|node| node.state.lock().attr_known().is_some_and(|attr| attr.kind.is_dir()))
}

fn has_more_names(node: &Node) -> bool {
    node.state.lock().attr_known().is_some_and(|attr| !attr.kind.is_dir() && attr.links > 1)
}
