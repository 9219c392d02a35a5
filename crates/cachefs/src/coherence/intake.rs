use std::sync::Weak;

use cachefs_vfs::{Error, FileId, Name, Notice, Result, Subject, Touch, WatchHow, Watcher};

use super::Changed;
use crate::engine::Engine;
use crate::meta::{Node, Stamp, Target};
use crate::stats::{Counter, MissReason};
use crate::sync::Arc;

/// Takes what the backing's watch tells.
#[derive(Debug)]
pub(crate) struct Intake(Weak<Engine>);

impl Intake {
    pub(crate) fn of(engine: &Arc<Engine>) -> Arc<Self> {
        Arc::new(Self(Arc::downgrade(engine)))
    }

    /// Has the backing watched for the engine.
    ///
    /// # Errors
    /// The backing's.
    pub(crate) fn begin(self: &Arc<Self>, engine: &Engine, how: WatchHow) -> Result<()> {
        let intake = Arc::clone(self);
        let watch = engine.backing.fs.watch(how, intake)?;
        engine.lookout.open(watch);
        Ok(())
    }
}

impl Watcher for Intake {
    fn notice(&self, notice: &Notice<'_>) {
        if let Some(engine) = self.0.upgrade() {
            engine.hear(notice);
        }
    }
}

/// A name in a directory.
type Spot<'a> = (FileId, Name<'a>);

/// What a name was known to stand for.
#[derive(Clone, Copy, Debug)]
struct Known {
    id: FileId,
    /// Whatever became of the name since was told of. Otherwise it is a guess.
    is_sure: bool,
}

/// What notices mean for what is known. Nothing here calls the backing. First the epochs are raised, then what is known
/// is forgotten: an answer from before either meets the epoch or is found.
impl Engine {
    /// Works a notice in, then hands it on.
    pub(super) fn hear(&self, notice: &Notice<'_>) {
        let turn = self.lookout.listeners.turn();
        match notice {
            Notice::Inode { whose, touch } => self.hear_inode(*whose, *touch),
            Notice::Made { dir, name, child } => self.hear_made((*dir, *name), *child),
            Notice::Removed { dir, name, child } => self.hear_removed((*dir, *name), *child),
            Notice::Moved { from, to, child } => self.hear_moved(*from, *to, *child),
            Notice::Overflow => self.hear_overflow(),
            Notice::Lost(error) => self.hear_lost(error),
        }
        self.lookout.listeners.tell(notice);
        drop(turn);
        self.lookout.close_left();
    }

    fn hear_inode(&self, whose: Subject<'_>, touch: Touch) {
        self.stats.count(match touch {
            Touch::Data => Counter::NoticesData,
            Touch::Attr => Counter::NoticesAttr,
            Touch::Opened => Counter::NoticesOpened,
            Touch::Gone => Counter::NoticesGone,
        });
        let stamp = self.stamps.next();
        if let Some((dir, name)) = whose.at.filter(|_| touch != Touch::Opened) {
            // An answer about it may be on its way that brings an inode nobody knows yet.
            self.freshness.raise(Changed::Name(dir, name), stamp);
        }
        let named = whose.at.and_then(|at| self.known_at(at)).map(|known| known.id);
        for id in both(whose.id, named) {
            if touch != Touch::Opened {
                self.freshness.raise(Changed::Inode(id), stamp);
            }
            self.nodes.all_of(id).iter().for_each(|node| self.touch(node, touch, stamp));
        }
    }

    fn touch(&self, node: &Arc<Node>, touch: Touch, stamp: Stamp) {
        match touch {
            Touch::Data => {
                if self.is_cut_off(node) {
                    node.state.lock().outdate(stamp);
                } else {
                    self.reset(node, MissReason::Invalidated);
                }
                node.state.lock().doubt_freedom();
                self.stats.count(Counter::InvalidatedWatch);
            }
            Touch::Attr => node.state.lock().heed_attr(stamp, true),
            Touch::Opened => self.suspect(node),
            Touch::Gone => {
                self.lookout.writers.remove(node);
                node.state.lock().heed_attr(stamp, true);
                self.end_cover(node, stamp);
                self.lookout.leave(self.bury(node));
            }
        }
    }

    fn hear_made(&self, at: Spot<'_>, child: Option<FileId>) {
        self.stats.count(Counter::NoticesNames);
        let stamp = self.stamps.next();
        let before = self.forget_at(at, child, stamp).map(|known| known.id);
        for node in both(child, before).flat_map(|id| self.changed_nodes(id, stamp)) {
            node.state.lock().heed_attr(stamp, Some(node.id) != before || self.is_followed(&node, stamp));
        }
    }

    fn hear_removed(&self, at: Spot<'_>, child: Option<FileId>) {
        self.stats.count(Counter::NoticesNames);
        let stamp = self.stamps.next();
        let before = self.forget_at(at, None, stamp).map(|known| known.id);
        both(child, before).for_each(|id| self.unplace(id, at, stamp));
    }

    fn hear_moved(&self, from: Spot<'_>, to: Spot<'_>, child: Option<FileId>) {
        self.stats.count(Counter::NoticesNames);
        let stamp = self.stamps.next();
        let source = self.forget_at(from, None, stamp);
        // Of two notices of an exchange, the second would take what the first one moved there back with it.
        let moved = child.or_else(|| source.filter(|known| known.is_sure).map(|known| known.id));
        let replaced = self.forget_at(to, moved, stamp).map(|known| known.id).filter(|&id| Some(id) != moved);
        replaced.into_iter().for_each(|id| self.unplace(id, to, stamp));
        let target = self.nodes.all_of(to.0).into_iter().next();
        let is_there = target.as_ref().is_some_and(|dir| self.is_covered_at(dir, stamp));
        for id in both(moved, source.map(|known| known.id)) {
            for node in self.changed_nodes(id, stamp) {
                let is_known = is_there && Some(id) == moved;
                node.state.lock().heed_attr(stamp, is_known || self.is_followed(&node, stamp));
                if child.is_none() || Some(id) == moved {
                    self.follow(&node, from, target.as_ref().map(|dir| (dir, to.1)));
                }
            }
        }
    }

    /// The inode, if it was met at this place last, is at that one now.
    fn follow(&self, node: &Arc<Node>, from: Spot<'_>, to: Option<(&Arc<Node>, Name<'_>)>) {
        let was_here = node.io_if_any().and_then(|io| io.place()).is_some_and(|place| place.is_at(from));
        match to {
            Some((dir, name)) if was_here => node.set_place(dir, name),
            None if was_here => self.leave(node, from),
            _ => {}
        }
    }

    /// The inode has this name no more.
    fn unplace(&self, id: FileId, at: Spot<'_>, stamp: Stamp) {
        for node in self.changed_nodes(id, stamp) {
            node.state.lock().heed_attr(stamp, self.is_followed(&node, stamp));
            self.end_cover(&node, stamp);
            self.leave(&node, at);
            // By no name any more: what is open of a file that handles of ours stand for could not be opened again.
            if let Some(io) = node.io_if_any().filter(|io| !io.is_dir() && io.place().is_none()) {
                io.keep();
            }
        }
    }

    /// A directory is gone. Where inode numbers are all there is to know it by, the next one that gets its number is
    /// taken for it: nobody watches that one yet, and nothing known of names in the old one holds for it.
    fn end_cover(&self, node: &Node, stamp: Stamp) {
        let is_file = node.state.lock().attr_known().is_some_and(|attr| !attr.kind.is_dir());
        if !is_file {
            node.end_cover(stamp);
            node.names_since.raise(stamp);
            self.listings.forget(node.id);
        }
    }

    fn leave(&self, node: &Node, (dir, name): Spot<'_>) {
        self.nodes.all_of(dir).iter().for_each(|dir| node.doubt_place(dir, name));
    }

    fn changed_nodes(&self, id: FileId, stamp: Stamp) -> Vec<Arc<Node>> {
        self.freshness.raise(Changed::Inode(id), stamp);
        self.nodes.all_of(id)
    }

    /// Whether changes of the inode are told of wherever its names are.
    fn is_followed(&self, node: &Node, stamp: Stamp) -> bool {
        self.lookout.is_whole() || self.is_covered_at(node, stamp)
    }

    /// What a name is, or was, known to stand for.
    fn known_at(&self, (dir, name): Spot<'_>) -> Option<Known> {
        self.nodes.all_of(dir).iter().find_map(|dir| match self.names.hint(dir, name) {
            Some(Target::File(id)) => Some(Known { id, is_sure: self.names.leads_to(dir, name, id) }),
            Some(Target::Nothing) | None => None,
        })
    }

    /// A name stands for something else now: this, if it is known. Answers what it stood for.
    fn forget_at(&self, (dir, name): Spot<'_>, now: Option<FileId>, stamp: Stamp) -> Option<Known> {
        let now = now.and_then(|id| self.nodes.all_of(id).first().map(|node| node.id));
        self.freshness.raise(Changed::Name(dir, name), stamp);
        self.freshness.raise(Changed::Listing(dir), stamp);
        let before = self.known_at((dir, name));
        for dir in self.changed_nodes(dir, stamp) {
            match now {
                Some(id) => self.displace(&self.names.note(&dir, name, id)),
                None => self.names.forget(&dir, name),
            }
            self.listings.forget(dir.id);
            // Not to be compared with what it is like now: its other names are as they were.
            dir.state.lock().forget_attr(stamp);
        }
        before
    }

    fn hear_overflow(&self) {
        self.stats.count(Counter::NoticesOverflow);
        tracing::info!("notices were lost: everything is checked before it is answered again");
        self.freshness.doubt(|| self.stamps.next());
        self.nodes.each(|node| self.suspect_unseen(node));
    }

    fn hear_lost(&self, error: &Error) {
        self.freshness.lose(|| self.stamps.next());
        if self.lookout.lose(error) {
            self.stats.count(Counter::NoticesLost);
            tracing::warn!(%error, "the backing is not watched any more: everything is asked for each time");
        }
        self.lookout.writers.clear();
    }
}

/// One or two different inodes.
fn both(one: Option<FileId>, other: Option<FileId>) -> impl Iterator<Item = FileId> {
    one.into_iter().chain(other.filter(|_| one != other))
}
