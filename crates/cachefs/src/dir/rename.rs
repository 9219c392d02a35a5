use cachefs_vfs::{Name, RenameHow, Result, VDir};

use super::CacheDir;
use super::change::{NamesChange, Who};
use crate::handle::Pin;
use crate::meta::{Node, Seen, Target};
use crate::stats::BackingVerb;
use crate::sync::Arc;

/// One of the two names of a rename.
struct Side<'a> {
    dir: &'a CacheDir,
    backing: Arc<dyn VDir>,
    name: Name<'a>,
    /// What it stood for before, as far as known.
    was: Option<Who>,
}

/// The names of a rename.
struct Names<'a> {
    from: Side<'a>,
    to: Side<'a>,
    how: RenameHow,
    /// Of what loses its name, if handles of ours stand for it.
    pin: Option<Pin>,
}

type Fact = Option<(Target, Seen)>;

impl CacheDir {
    pub(super) fn rename_name(
        &self,
        name: Name<'_>,
        to_dir: &Self,
        to: Name<'_>,
        how: RenameHow,
    ) -> Result<()> {
        let (dir, other) = (self.backing()?, to_dir.backing()?);
        let engine = self.engine();
        let here = self.begin_names(&*dir);
        let there = (self.node().id != to_dir.node().id).then(|| to_dir.begin_names(&*other));
        let from = Side { dir: self, backing: dir, name, was: self.who(name)? };
        let to = Side { dir: to_dir, backing: other, name: to, was: to_dir.who(to)? };
        let mut names = Names { from, to, how, pin: None };
        names.prepare()?;
        // Not before: whoever is looked for at his place on the way here would be waited for in vain.
        let renaming = engine.renames.begin();
        let renamed = engine.backing.call(BackingVerb::Rename, || names.call());
        let (source, target) = if renamed.is_ok() { names.outcome(here.now()) } else { (None, None) };
        here.settle(name, source);
        there.as_ref().unwrap_or(&here).settle(names.to.name, target);
        let is_gone = match renamed {
            Ok(()) => names.note_places(),
            Err(_) => names.doubt(),
        };
        drop::<(NamesChange<'_>, Option<NamesChange<'_>>)>((here, there));
        drop(renaming);
        names.finish(renamed.is_ok(), is_gone);
        renamed
    }
}

impl Side<'_> {
    fn node(&self) -> Option<&Arc<Node>> {
        self.was.as_ref().map(|who| &who.node)
    }

    /// What it stood for, if that is known for sure.
    fn fact(&self) -> Fact {
        self.was.as_ref().and_then(|who| Some((Target::File(who.node.id), who.seen?)))
    }

    /// The inode is here now.
    fn place(&self, node: Option<&Arc<Node>>) {
        if let Some(node) = node.filter(|node| node.io_if_any().is_some()) {
            node.set_place(self.dir.node(), self.name);
        }
    }
}

impl Names<'_> {
    fn call(&self) -> Result<()> {
        self.from.backing.rename(self.from.name, &*self.to.backing, self.to.name, self.how)
    }

    /// Two names of one file: a rename of one over the other does nothing.
    fn is_same_file(&self) -> bool {
        matches!((self.from.node(), self.to.node()), (Some(moved), Some(target)) if moved.id == target.id)
    }

    /// What was moved is not known for sure, and so neither are the names it has now.
    fn is_guess(&self) -> bool {
        let is_sure = |side: &Side<'_>| side.was.as_ref().is_none_or(|who| who.seen.is_some());
        !is_sure(&self.from) || (self.how == RenameHow::Exchange && !is_sure(&self.to))
    }

    /// What loses its name.
    fn replaced(&self) -> Option<&Arc<Node>> {
        self.to.node().filter(|_| self.how == RenameHow::Replace && !self.is_same_file())
    }

    /// What is elsewhere afterwards.
    fn moved(&self) -> impl Iterator<Item = &Arc<Node>> {
        self.from.node().into_iter().chain(self.to.node().filter(|_| self.how == RenameHow::Exchange))
    }

    fn prepare(&mut self) -> Result<()> {
        let engine = self.from.dir.engine();
        if let Some(replaced) = self.replaced() {
            self.pin = engine.keep_alive(replaced, self.to.dir.node(), self.to.name)?;
        }
        self.from.node().into_iter().chain(self.to.node()).for_each(|node| engine.about_to_move(node));
        Ok(())
    }

    /// What the two names stand for after it. What was moved is known for as long as it was before, not longer.
    fn outcome(&self, now: Seen) -> (Fact, Fact) {
        let moved = self.from.fact();
        match self.how {
            _ if self.is_same_file() => (None, None),
            RenameHow::Exchange => (self.to.fact(), moved),
            // Where nothing is known of the moved file, it may be one that the other name stood for, too.
            _ => (moved.map(|_| (Target::Nothing, now)), moved),
        }
    }

    /// Notes who is where now that it is done. Answers whether something lost its name.
    fn note_places(&self) -> bool {
        if self.is_same_file() {
            return false;
        }
        match self.how {
            RenameHow::Exchange => self.from.place(self.to.node()),
            _ => {
                self.to.node().into_iter().for_each(|node| node.leave_place(self.to.dir.node(), self.to.name))
            }
        }
        self.to.place(self.from.node());
        self.replaced().is_some()
    }

    /// It failed, and may have been done all the same: asks the backing if handles of ours stand for who would not be
    /// found again. Answers whether something lost its name.
    fn doubt(&self) -> bool {
        if self.moved().any(|node| node.io_if_any().is_some_and(|io| io.is_held())) {
            for side in [&self.from, &self.to] {
                match side.dir.ask_in(&*side.backing, side.name) {
                    Ok((node, _)) => side.place(Some(&node)),
                    Err(error) => tracing::debug!(name = %side.name, %error, "a name is in doubt"),
                }
            }
        }
        self.pin.as_ref().is_some_and(|pin| self.to.dir.is_gone(&*self.to.backing, self.to.name, pin))
    }

    /// Takes in what it did to the files themselves.
    fn finish(&self, is_done: bool, is_gone: bool) {
        let engine = self.from.dir.engine();
        if let Some(replaced) = self.replaced().filter(|_| is_gone) {
            engine.unname(replaced, self.to.dir.node(), self.to.name);
        }
        for node in self.moved().filter(|_| is_done) {
            engine.about_to_move(node);
            if self.is_guess() {
                engine.lose_cover(node.id);
            }
            engine.settle_ctime(node);
        }
    }
}
