use std::cell::Cell;

use cachefs_vfs::{Attr, Name, RemoveKind, Result, VDir};

use super::CacheDir;
use crate::engine::Engine;
use crate::handle::Pin;
use crate::meta::{Asked, Cover, Node, Placed, Seen, Stamp, Target};
use crate::stats::BackingVerb;
use crate::sync::{Arc, Ordering};

/// A change of ours of names in a directory, under way. What the backing answers about its names meanwhile is not
/// cached; when it is over (dropped), the directory's listing and attributes are not known any more.
#[derive(Debug)]
pub(super) struct NamesChange<'a> {
    engine: &'a Engine,
    dir: &'a Node,
    /// When it began, or settled the last name.
    begun: Cell<Stamp>,
    /// When it began.
    pub(super) asked: Asked,
}

impl<'a> NamesChange<'a> {
    /// `backing` is the backing's handle of the directory.
    pub(super) fn begin(engine: &'a Engine, dir: &'a Node, backing: &dyn VDir) -> Self {
        if let Err(error) = engine.cover_dir(dir, backing) {
            tracing::debug!(inode = dir.id.inode, %error, "a directory is changed without being watched");
        }
        dir.mark_names_busy(true);
        let begun = engine.stamps.next();
        let asked = Asked { stamp: begun, cover: engine.cover_at(dir, begun), ..engine.asked() };
        dir.names_changed.raise(begun);
        dir.state.lock().forget_attr(begun);
        Self { engine, dir, begun: Cell::new(begun), asked }
    }

    /// To be taken before the backing is called.
    pub(super) fn asked(&self) -> Asked {
        self.still_covered(self.engine.asked())
    }

    /// The same question, with what was under watch when the change began and is since.
    fn still_covered(&self, asked: Asked) -> Asked {
        let is_still = |_: &Cover| self.engine.cover_at(self.dir, asked.stamp).is_some();
        Asked { cover: self.asked.cover.filter(is_still), ..asked }
    }

    /// The name stands for this now, which is known since then; `None` if that is not known.
    pub(super) fn settle(&self, name: Name<'_>, fact: Option<(Target, Seen)>) -> Placed {
        let over = self.engine.stamps.next();
        let begun = self.begun.get();
        let fact = fact.map(|(target, seen)| {
            let asked = self.still_covered(Asked { stamp: begun, at: seen.at(), ..self.asked });
            (target, self.engine.freshness.seen(asked, seen.is_covered() && target.is_covered(asked)))
        });
        let (alone, placed) = self.engine.names.settle(self.dir, name, fact, begun, over);
        self.engine.displace(&placed);
        if let Some((Target::File(id), _)) = fact
            && !placed.is_here
        {
            // Others may have changed it by this name already.
            self.engine.lose_cover(id);
        }
        if alone {
            self.begun.set(over);
        }
        placed
    }

    /// As [`Self::settle`], for what the backing did just now.
    pub(super) fn settle_now(&self, name: Name<'_>, target: Option<Target>) -> Placed {
        self.settle(name, target.map(|target| (target, self.now())))
    }

    /// What is known of what the backing did just now.
    pub(super) fn now(&self) -> Seen {
        Seen::new(self.asked, true)
    }
}

/// The inode a name stands for.
#[derive(Debug)]
pub(super) struct Who {
    pub(super) node: Arc<Node>,
    /// When that was asked for; `None` if it is so long ago that it is a hint, no more.
    pub(super) seen: Option<Seen>,
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
    pub(super) fn begin_names(&self, backing: &dyn VDir) -> NamesChange<'_> {
        NamesChange::begin(self.engine(), self.node(), backing)
    }

    /// The inode a name stands for, where that matters: it is known, or may be held by a handle of ours and lose this
    /// name. Asks the backing only if a handle of ours exists at all.
    ///
    /// # Errors
    /// The backing's; a name that does not exist is none.
    pub(super) fn who(&self, name: Name<'_>) -> Result<Option<Who>> {
        let engine = self.engine();
        let now = engine.clock.now();
        let known = |target, seen| match target {
            Target::File(id) => engine.nodes.get(id).map(|node| Who { node, seen }),
            Target::Nothing => None,
        };
        if let Some((target, seen)) = engine.names.fact(self.node(), name, now) {
            return Ok(known(target, Some(seen)));
        }
        // This directory's own handle is one; it cannot stand for what has a name in it.
        if engine.held.load(Ordering::SeqCst) > 1 {
            let backing = self.backing()?;
            let asked = self.asked(&*backing)?;
            return match self.ask_in(&*backing, name) {
                Ok((node, _)) => {
                    let covered = Target::File(node.id).is_covered(asked);
                    Ok(Some(Who { node, seen: Some(engine.freshness.seen(asked, covered)) }))
                }
                Err(error) if error.is_not_found() => Ok(None),
                Err(error) => Err(error),
            };
        }
        Ok(engine.names.hint(self.node(), name).and_then(|target| known(target, None)))
    }

    pub(super) fn remove_name(&self, name: Name<'_>, kind: RemoveKind) -> Result<()> {
        let dir = self.backing()?;
        let engine = self.engine();
        let change = self.begin_names(&*dir);
        let victim = self.who(name)?.map(|who| who.node);
        let pin = match &victim {
            Some(victim) => engine.keep_alive(victim, self.node(), name)?,
            None => None,
        };
        victim.iter().for_each(|victim| engine.about_to_move(victim));
        let removed = engine.backing.call(BackingVerb::Remove, || dir.remove(name, kind));
        change.settle_now(name, removed.is_ok().then_some(Target::Nothing));
        let is_gone = removed.is_ok() || pin.as_ref().is_some_and(|pin| self.is_gone(&*dir, name, pin));
        drop(change);
        if let Some(victim) = victim.filter(|_| is_gone) {
            engine.unname(&victim, self.node(), name);
        }
        removed
    }

    /// A change failed that would have taken this name from an inode handles of ours stand for, and may have taken it
    /// all the same. Asks the backing; if that cannot tell, the inode stays open to be safe.
    pub(super) fn is_gone(&self, dir: &dyn VDir, name: Name<'_>, pin: &Pin) -> bool {
        match self.ask_in(dir, name) {
            Ok((node, _)) => node.id != pin.node().id,
            Err(error) if error.is_not_found() => true,
            Err(error) => {
                tracing::debug!(inode = pin.node().id.inode, %error, "nobody can tell whether a name is gone");
                pin.node().io().keep();
                false
            }
        }
    }

    pub(super) fn link(&self, name: Name<'_>, to_dir: &Self, to: Name<'_>) -> Result<Attr> {
        let (dir, other) = (self.backing()?, to_dir.backing()?);
        let file = self.who(name)?.map(|who| who.node);
        let names = to_dir.begin_names(&*other);
        if let Some(file) = &file {
            self.engine().about_to_move(file);
        }
        let asked = names.asked();
        let linked = self.engine().backing.call(BackingVerb::HardLink, || dir.hard_link(name, &*other, to));
        let target = linked.as_ref().ok().map(|attr| Target::File(attr.id));
        let asked = asked.by(&names.settle_now(to, target));
        drop(names);
        let attr = linked?;
        let engine = self.engine();
        let node = engine.adopt(&attr, asked);
        engine.learn_until(&node, &attr, asked, engine.stamps.next());
        if node.io_if_any().is_some_and(|io| io.place().is_none()) {
            node.set_place(to_dir.node(), to);
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
        node.leave_place(dir, name);
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
