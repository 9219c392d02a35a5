use cachefs_vfs::{Name, RenameHow, Result};

use super::CacheDir;
use super::change::NamesChange;
use crate::meta::{Node, Target};
use crate::stats::BackingVerb;
use crate::sync::Arc;

/// The names of a rename and what they stood for, as far as known.
struct Names<'a> {
    from: (&'a CacheDir, Name<'a>),
    to: (&'a CacheDir, Name<'a>),
    moved: Option<Arc<Node>>,
    target: Option<Arc<Node>>,
}

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
        let here = self.begin_names();
        let there = (self.node().id != to_dir.node().id).then(|| to_dir.begin_names());
        let names =
            Names { from: (self, name), to: (to_dir, to), moved: self.who(name), target: to_dir.who(to) };
        names.prepare(how)?;
        // Not before: whoever is looked for at his place on the way here would be waited for in vain.
        let renaming = engine.renames.begin();
        let call = || dir.rename(name, &*other, to, how);
        let renamed = engine.backing.call(BackingVerb::Rename, call);
        let (source, target) = if renamed.is_ok() { names.outcome(how) } else { (None, None) };
        here.settle(name, source);
        there.as_ref().unwrap_or(&here).settle(to, target);
        if renamed.is_ok() {
            names.note_places(how);
        }
        drop::<(NamesChange<'_>, Option<NamesChange<'_>>)>((here, there));
        drop(renaming);
        if renamed.is_ok() {
            names.finish(how);
        }
        renamed
    }
}

impl Names<'_> {
    /// Two names of one file: a rename of one over the other does nothing.
    fn is_same_file(&self) -> bool {
        matches!((&self.moved, &self.target), (Some(moved), Some(target)) if moved.id == target.id)
    }

    fn prepare(&self, how: RenameHow) -> Result<()> {
        let engine = self.from.0.engine();
        if let Some(target) = self.target.as_ref().filter(|_| how == RenameHow::Replace) {
            engine.keep_alive(target)?;
        }
        self.moved.iter().chain(&self.target).for_each(|node| engine.about_to_move(node));
        Ok(())
    }

    /// What the two names stand for after it.
    fn outcome(&self, how: RenameHow) -> (Option<Target>, Option<Target>) {
        let file = |node: &Option<Arc<Node>>| node.as_ref().map(|node| Target::File(node.id));
        match how {
            _ if self.is_same_file() => (None, None),
            RenameHow::Exchange => (file(&self.target), file(&self.moved)),
            // Where nothing is known of the moved file, it may be one that the other name stood for, too.
            _ => (self.moved.as_ref().map(|_| Target::Nothing), file(&self.moved)),
        }
    }

    fn note_places(&self, how: RenameHow) {
        if self.is_same_file() {
            return;
        }
        let note = |node: &Option<Arc<Node>>, (dir, name): (&CacheDir, Name<'_>)| {
            if let Some(io) = node.as_ref().and_then(|node| node.io_if_any()) {
                io.set_place(dir.node(), name);
            }
        };
        match (how, &self.target) {
            (RenameHow::Exchange, target) => note(target, self.from),
            (_, Some(target)) => {
                if let Some(io) = target.io_if_any() {
                    io.leave_place(self.to.0.node(), self.to.1);
                }
            }
            (_, None) => {}
        }
        note(&self.moved, self.to);
    }

    fn finish(&self, how: RenameHow) {
        let engine = self.from.0.engine();
        let replaced = self.target.as_ref().filter(|_| how == RenameHow::Replace && !self.is_same_file());
        if let Some(replaced) = replaced {
            engine.unname(replaced, self.to.0.node(), self.to.1);
        }
        let moved = self.moved.iter().chain(self.target.iter().filter(|_| how == RenameHow::Exchange));
        moved.for_each(|node| {
            engine.about_to_move(node);
            engine.settle_ctime(node);
        });
    }
}
