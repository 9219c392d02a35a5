use std::collections::VecDeque;
use std::ffi::OsString;
use std::ops::ControlFlow;
use std::sync::Arc;

use crate::{Cookie, FileKind, Name, Result, VDir};

/// How many entries are held at a time.
const BATCH: usize = 256;

/// The entries of a directory one by one, each with its kind. An error ends it.
#[derive(Debug)]
pub(super) struct Entries {
    pub(super) dir: Arc<dyn VDir>,
    batch: VecDeque<(OsString, Option<FileKind>)>,
    after: Cookie,
    ended: bool,
}

impl Entries {
    pub(super) fn of(dir: Arc<dyn VDir>) -> Self {
        Self { dir, batch: VecDeque::new(), after: Cookie::START, ended: false }
    }

    /// The same directory from the start.
    pub(super) fn again(&mut self) {
        *self = Self::of(Arc::clone(&self.dir));
    }

    fn fill(&mut self) -> Result<()> {
        let Self { dir, batch, after, ended } = self;
        *ended = true;
        dir.read_dir(*after, &mut |entry| {
            if batch.len() == BATCH {
                *ended = false;
                return ControlFlow::Break(());
            }
            batch.push_back((entry.name.as_os_str().to_owned(), entry.kind));
            *after = entry.next;
            ControlFlow::Continue(())
        })
    }

    /// The kind of an entry whose listing did not tell. `None` if it is gone by now.
    fn ask(&self, name: &OsString) -> Result<Option<FileKind>> {
        match self.dir.stat(Name::new(name)?) {
            Ok(attr) => Ok(Some(attr.kind)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Iterator for Entries {
    type Item = Result<(OsString, FileKind)>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if self.batch.is_empty()
                && !self.ended
                && let Err(error) = self.fill()
            {
                return Some(Err(error));
            }
            let (name, kind) = self.batch.pop_front()?;
            match kind.map_or_else(|| self.ask(&name), |kind| Ok(Some(kind))) {
                Ok(Some(kind)) => return Some(Ok((name, kind))),
                Ok(None) => {}
                Err(error) => return Some(Err(error.on("looking at", name))),
            }
        }
    }
}
