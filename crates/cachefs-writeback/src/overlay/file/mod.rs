//! A file that is open.

mod bytes;
mod node;

use std::sync::OnceLock;

use cachefs_vfs::late::Listener;
use cachefs_vfs::{Attr, FileId, OpenHow, Privileges, Result, VFile, nowait};

use super::shared::Shared;
use super::{Held, Place};
use crate::core::{Known, Target};
use crate::sync::Arc;

/// A file of a write-back.
#[derive(Debug)]
pub(super) struct WriteFile {
    pub(super) shared: Arc<Shared>,
    pub(super) inner: Arc<dyn VFile>,
    pub(super) id: FileId,
    /// Only these are ever dirty.
    pub(super) is_regular: bool,
    /// How it was opened; `None` if for as much as its permissions allow, whatever that is.
    how: Option<OpenHow>,
    writes: OnceLock<bool>,
    pub(super) place: Arc<Place>,
    listener: Listener,
    held: Option<Held>,
    known: Option<Known>,
}

impl WriteFile {
    pub(super) fn new(
        shared: &Arc<Shared>,
        inner: Arc<dyn VFile>,
        attr: &Attr,
        how: Option<OpenHow>,
        place: Arc<Place>,
    ) -> Self {
        let is_regular = attr.kind.is_regular();
        Self {
            inner,
            id: attr.id,
            is_regular,
            how,
            writes: OnceLock::new(),
            place,
            listener: Listener::new(),
            held: is_regular.then(|| shared.handles.hold(attr.id, attr.links)),
            shared: Arc::clone(shared),
            known: None,
        }
    }

    /// Attributes that its opening answered spare the first write a question, if it comes soon.
    pub(super) fn opened_with(mut self, known: Option<Known>) -> Self {
        self.known = known;
        self
    }

    fn target(&self) -> Target<'_> {
        let Self { id, inner: handle, place, listener, known, .. } = self;
        Target { id: *id, handle, place, listener, known: *known }
    }

    fn reads(&self) -> bool {
        self.is_regular && self.how.is_none_or(|how| how.access.reads())
    }

    /// Whether its bytes pass all caches, ours among them.
    fn is_direct(&self) -> bool {
        self.how.is_some_and(|how| how.direct)
    }

    /// Whether it may be written to. Of a handle for as much as is allowed, the backing tells when asked to append
    /// nothing.
    fn writes(&self) -> bool {
        let asked = || self.inner.append(&[], Privileges::Keep).is_ok();
        self.is_regular
            && match self.how {
                Some(how) => how.access.writes(),
                None => *self.writes.get_or_init(asked),
            }
    }

    /// Has the backing know all that was written before.
    fn flush(&self) -> Result<()> {
        match self.shared.core.table.get(self.id) {
            Some(dirty) if dirty.is_dirty() => self.shared.core.flush_file(&dirty),
            _ => Ok(()),
        }
    }

    /// A verb that moves ctime and nothing else that matters.
    fn changing<T>(&self, flush_first: bool, verb: impl FnOnce() -> Result<T>) -> Result<T> {
        nowait::check()?;
        if !self.is_regular {
            return verb();
        }
        let turn = self.shared.core.turn(self.id)?;
        if flush_first && turn.is_dirty() {
            turn.flush_and_hold()?;
        }
        turn.changing(verb, |_| None)
    }

    /// A verb on the bytes that only the backing can do.
    fn through<T>(&self, verb: impl FnOnce() -> Result<T>) -> Result<T> {
        nowait::check()?;
        if !self.writes() {
            return verb();
        }
        let turn = self.shared.core.turn(self.id)?;
        let done = turn.at_place(&self.place).through(verb)?;
        turn.sync_astray(&self.inner)?;
        Ok(done)
    }

    fn read(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        if !self.reads() {
            return self.inner.read_at(buffer, offset);
        }
        match self.shared.core.table.get(self.id) {
            Some(dirty) if !self.is_direct() => self.shared.core.read(&dirty, &*self.inner, buffer, offset),
            Some(_) => {
                nowait::check()?;
                self.flush()?;
                self.inner.read_at(buffer, offset)
            }
            None => {
                nowait::check()?;
                self.inner.read_at(buffer, offset)
            }
        }
    }
}

impl Drop for WriteFile {
    fn drop(&mut self) {
        let last = self.held.as_mut().is_some_and(Held::release);
        if last && !self.shared.core.table.is_empty() {
            self.shared.core.last_closed(self.id);
        }
    }
}
