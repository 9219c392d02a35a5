use cachefs_vfs::{Attr, Errno, Error, FileId, Name, Opened, Result, VDir};

use super::CacheDir;
use crate::coherence::Fact;
use crate::meta::{Asked, Node, Stamp, Target};
use crate::stats::{BackingVerb, Counter, MissReason};
use crate::sync::Arc;

/// What is known of a name without asking.
#[derive(Debug)]
pub(super) enum Known {
    /// It stands for nothing.
    Nothing,
    /// It stands for this inode, whose attributes are known.
    Node(Arc<Node>, Attr),
    /// Not enough.
    Unknown,
}

/// Which changes of names there had been at some moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    ours: Stamp,
    others: u64,
}

impl CacheDir {
    /// To be taken before a name is looked up, for [`Self::still`].
    pub(super) fn mark(&self) -> Mark {
        Mark { ours: self.node().names_changed.get(), others: self.engine().names.forgets() }
    }

    pub(super) fn look(&self, name: Name<'_>) -> Result<Attr> {
        let engine = self.engine();
        let now = engine.now();
        match engine.names.get(self.node(), name, &now) {
            Some(Target::Nothing) => return Err(self.nothing()),
            Some(Target::File(id)) => {
                if let Some(glimpse) = engine.fresh_by_id(id, &now) {
                    self.count_known();
                    return Ok(glimpse.attr(id));
                }
            }
            None => {}
        }
        self.ask(name).map(|(_, attr)| attr)
    }

    pub(super) fn known(&self, name: Name<'_>) -> Known {
        let engine = self.engine();
        let now = engine.now();
        match engine.names.get(self.node(), name, &now) {
            Some(Target::Nothing) => Known::Nothing,
            Some(Target::File(id)) => {
                let Some(node) = engine.nodes.get(id) else { return Known::Unknown };
                match engine.fresh(&node, Fact::Attr, &now) {
                    Some(glimpse) => Known::Node(node, glimpse.attr(id)),
                    None => Known::Unknown,
                }
            }
            None => Known::Unknown,
        }
    }

    /// Whether nobody could have changed what the name stands for without its being told.
    pub(super) fn is_proven(&self, name: Name<'_>) -> bool {
        let engine = self.engine();
        let fact = engine.names.fact(self.node(), name, &engine.now());
        fact.is_some_and(|(_, seen)| engine.freshness.is_proven(seen))
    }

    /// Whether the name still is known to stand for this inode, after it came to be held, as it was after the mark was
    /// taken. If not, its last name may have gone without anybody knowing that we hold it.
    ///
    /// A change of ours makes the directory busy before it looks who is held, and forgets the name before the directory
    /// is not busy any more; one by others is told of when the name is forgotten, before it is looked who is held. So one
    /// of the two sees the other.
    pub(super) fn still(&self, name: Name<'_>, node: &Node, since: Mark) -> bool {
        if self.node().is_names_busy() {
            return false;
        }
        if self.mark() == since {
            return true;
        }
        let engine = self.engine();
        engine.names.get(self.node(), name, &engine.now()) == Some(Target::File(node.id))
    }

    /// Whether names of the directory were changed by us since the question, or are being changed.
    pub(super) fn has_changed_since(&self, asked: Asked) -> bool {
        self.node().is_names_busy() || self.node().names_changed.get() > asked.stamp
    }

    /// A verb that would have cut the file failed, and may have cut it all the same.
    pub(super) fn doubt(&self, name: Name<'_>) {
        if let Ok((node, _)) = self.ask(name) {
            self.engine().reset(&node, MissReason::Error);
        }
    }

    pub(super) fn nothing(&self) -> Error {
        self.engine().stats.count(Counter::NegativeHit);
        Error::new(Errno::NOENT)
    }

    pub(super) fn count_known(&self) {
        self.engine().stats.count_hits(1);
    }

    /// Asks the backing what the name stands for.
    pub(crate) fn ask(&self, name: Name<'_>) -> Result<(Arc<Node>, Attr)> {
        self.ask_in(&*self.backing()?, name)
    }

    /// What the backing has by this name now, `None` for nothing; not learnt.
    pub(crate) fn identify(&self, dir: &dyn VDir, name: Name<'_>) -> Result<Option<FileId>> {
        match self.engine().backing.call(BackingVerb::Stat, || dir.stat(name)) {
            Ok(attr) => Ok(Some(attr.id)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// To be taken before the backing is asked for what is in the directory, by this handle of it. Has it watched, where
    /// that is possible.
    ///
    /// # Errors
    /// `EWOULDBLOCK` rather than wait, where the caller must not.
    pub(super) fn asked(&self, dir: &dyn VDir) -> Result<Asked> {
        self.engine().asked_in(self.node(), dir)
    }

    /// The same, by a handle of the backing that the caller has.
    pub(super) fn ask_in(&self, dir: &dyn VDir, name: Name<'_>) -> Result<(Arc<Node>, Attr)> {
        let asked = self.asked(dir)?;
        let answer = self.engine().backing.call(BackingVerb::Stat, || dir.stat(name));
        let (attr, asked) = self.learn_name(name, asked, answer, |attr| attr)?;
        let node = self.engine().adopt(&attr, asked);
        self.engine().cover_linked(&node, &attr, dir, name);
        Ok((node, attr))
    }

    /// Takes in what the backing answered to a question after a name. Answers what the attributes in it are worth, too.
    pub(super) fn learn_name<T>(
        &self,
        name: Name<'_>,
        asked: Asked,
        answer: Result<T>,
        attr: impl Fn(&T) -> &Attr,
    ) -> Result<(T, Asked)> {
        let engine = self.engine();
        if let Err(error) = &answer
            && error.errno() == Errno::WOULDBLOCK
        {
            return Err(error.clone());
        }
        let target = match &answer {
            Ok(found) => Some(Target::File(attr(found).id)),
            Err(error) if error.is_not_found() => Some(Target::Nothing),
            Err(_) => None,
        };
        engine.stats.count(Counter::NameMiss);
        match target {
            Some(Target::Nothing) => engine.stats.count(Counter::NegativeMiss),
            Some(Target::File(_)) => engine.stats.count(Counter::AttrMiss),
            None => {}
        }
        let asked = match target {
            Some(target) => self.learn_target(name, target, asked),
            None => asked,
        };
        answer.map(|answer| (answer, asked))
    }

    /// Keeps what a name stands for. Answers what the attributes that came with it are worth.
    pub(super) fn learn_target(&self, name: Name<'_>, target: Target, asked: Asked) -> Asked {
        let placed = self.engine().names.learn(self.node(), name, target, asked);
        self.engine().displace(&placed);
        asked.by(&placed)
    }

    pub(super) fn open_dir(&self, name: Name<'_>) -> Result<Opened<Arc<dyn VDir>>> {
        let since = self.mark();
        match self.known(name) {
            Known::Nothing => return Err(self.nothing()),
            Known::Node(_, attr) if !attr.kind.is_dir() => {
                self.count_known();
                return Err(Error::new(Errno::NOTDIR));
            }
            Known::Node(node, attr) => {
                let handle = Self::new(self.fs(), &node);
                if self.still(name, &node, since) {
                    self.count_known();
                    node.set_place(self.node(), name);
                    return Ok(Opened { handle: Arc::new(handle), attr });
                }
            }
            Known::Unknown => {}
        }
        let dir = self.backing()?;
        let asked = self.asked(&*dir)?;
        let answer = self.engine().backing.call(BackingVerb::Dir, || dir.dir(name));
        let (opened, asked) = self.learn_name(name, asked, answer, |opened| &opened.attr)?;
        let node = self.engine().adopt(&opened.attr, asked);
        let handle = Arc::new(Self::new(self.fs(), &node));
        if self.has_changed_since(asked) {
            // It may be gone already, and cannot be opened again then.
            node.io().keep();
        }
        node.set_place(self.node(), name);
        node.io().slots().put_dir(opened.handle);
        self.engine().handles.touch(&node);
        Ok(Opened { handle, attr: opened.attr })
    }
}
