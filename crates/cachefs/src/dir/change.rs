use cachefs_vfs::{Attr, Name, RemoveKind, Result};

use super::CacheDir;
use crate::engine::Engine;
use crate::meta::{Node, Stamp, Target};
use crate::stats::BackingVerb;
use crate::sync::{Arc, Ordering};
use crate::time::Moment;

/// A change of ours of names in a directory, under way. What the backing answers about its names meanwhile is not
/// cached; when it is over (dropped), the directory's listing and attributes are not known any more.
#[derive(Debug)]
pub(super) struct NamesChange<'a> {
    engine: &'a Engine,
    dir: &'a Node,
    begun: Stamp,
    at: Moment,
}

impl<'a> NamesChange<'a> {
    pub(super) fn begin(engine: &'a Engine, dir: &'a Node) -> Self {
        dir.mark_names_busy(true);
        let at = engine.clock.now();
        let begun = engine.stamps.next();
        dir.names_changed.raise(begun);
        dir.state.lock().forget_attr(begun);
        Self { engine, dir, begun, at }
    }

    /// The name stands for this now; `None` if that is not known.
    pub(super) fn settle(&self, name: Name<'_>, target: Option<Target>) {
        self.engine.names.settle(self.dir, name, target, self.begun, self.at);
    }
}

impl Drop for NamesChange<'_> {
    fn drop(&mut self) {
        let stamp = self.engine.stamps.next();
        self.dir.names_changed.raise(stamp);
        self.dir.state.lock().forget_attr(stamp);
        self.engine.listings.forget(self.dir.id);
        self.dir.mark_names_busy(false);
    }
}

impl CacheDir {
    pub(super) fn begin_names(&self) -> NamesChange<'_> {
        NamesChange::begin(self.engine(), self.node())
    }

    /// The inode a name stands for, where that matters: it is known, or may be held by a handle of ours and lose this
    /// name. Asks the backing only if a handle of ours exists at all.
    pub(super) fn who(&self, name: Name<'_>) -> Option<Arc<Node>> {
        let engine = self.engine();
        let of = |target| match target {
            Target::File(id) => engine.nodes.get(id),
            Target::Nothing => None,
        };
        if let Some(target) = engine.names.get(self.node(), name, engine.clock.now()) {
            return of(target);
        }
        // This directory's own handle is one; it cannot stand for what has a name in it.
        if engine.held.load(Ordering::SeqCst) > 1 {
            return self.ask(name).ok().map(|(node, _)| node);
        }
        engine.names.hint(self.node(), name).and_then(of)
    }

    pub(super) fn remove_name(&self, name: Name<'_>, kind: RemoveKind) -> Result<()> {
        let dir = self.backing()?;
        let change = self.begin_names();
        let victim = self.who(name);
        if let Some(victim) = &victim {
            self.engine().keep_alive(victim)?;
            self.engine().about_to_move(victim);
        }
        let removed = self.engine().backing.call(BackingVerb::Remove, || dir.remove(name, kind));
        change.settle(name, removed.is_ok().then_some(Target::Nothing));
        drop(change);
        if let Some(victim) = victim.filter(|_| removed.is_ok()) {
            self.engine().unname(&victim, self.node(), name);
        }
        removed
    }

    pub(super) fn link(&self, name: Name<'_>, to_dir: &Self, to: Name<'_>) -> Result<Attr> {
        let (dir, other) = (self.backing()?, to_dir.backing()?);
        let file = self.who(name);
        let names = to_dir.begin_names();
        if let Some(file) = &file {
            self.engine().about_to_move(file);
        }
        let asked = self.engine().asked();
        let linked = self.engine().backing.call(BackingVerb::HardLink, || dir.hard_link(name, &*other, to));
        let target = linked.as_ref().ok().map(|attr| Target::File(attr.id));
        names.settle(to, target);
        drop(names);
        let attr = linked?;
        let engine = self.engine();
        let node = engine.adopt(&attr, asked);
        engine.learn_until(&node, &attr, asked, engine.stamps.next());
        if let Some(io) = node.io_if_any().filter(|io| io.place().is_none()) {
            io.set_place(to_dir.node(), to);
        }
        Ok(attr)
    }
}

impl Engine {
    /// A change of ours to a name of the inode begins: `ctime` and the number of links will move.
    pub(super) fn about_to_move(&self, node: &Node) {
        node.state.lock().touch_ctime(self.stamps.next());
    }

    /// A name of the inode is gone.
    pub(super) fn unname(&self, node: &Arc<Node>, dir: &Node, name: Name<'_>) {
        if let Some(io) = node.io_if_any() {
            io.leave_place(dir, name);
        }
        self.listings.forget(node.id);
        self.lost_name(node, self.stamps.next());
        self.settle_ctime(node);
    }

    /// After a change of ours that moved `ctime`: asks for the attributes at once if bytes depend on it, for later it
    /// could not be told from a change by others.
    pub(super) fn settle_ctime(&self, node: &Arc<Node>) {
        let has_blocks = node.state.lock().blocks_end().0 > 0;
        if has_blocks && let Err(error) = self.refresh(node) {
            tracing::debug!(inode = node.id.inode, %error, "no attributes after a change of name");
        }
    }
}
