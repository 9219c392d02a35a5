use cachefs_vfs::{Access, Attr, Error, OpenHow, Privileges, Result, SetAttr, SetTime, SyncHow, VFile};

use super::file::RecoveredFile;
use super::find::Found;
use super::replay::Replay;
use crate::core::Adopted;
use crate::journal::{Entry, JournalError, Record, Seq};
use crate::sync::Arc;

impl Replay<'_> {
    /// The backing has the file as we left it: what was under way is ended, what is dirty is dirty again.
    pub(super) fn take_over(&mut self, file: RecoveredFile<Record>, found: &Found) {
        match self.settle(&file, found) {
            Ok((handle, attr)) if file.extents.is_empty() => self.end_cut(&file, &handle, &attr),
            Ok((handle, attr)) => {
                if let Err(error) = self.close_windows(&file, &attr) {
                    self.core.look_broken(&error);
                }
                self.tell_taken(&file);
                let adopted = Adopted { handle: Some(handle), ..self.adopted(file, found, attr) };
                self.core.adopt(adopted);
            }
            Err(error) => {
                self.tell_waiting(&file, &error);
                let truncate = file.cut.as_ref().map(|cut| cut.length);
                let open = truncate.is_some() && file.windows.is_open();
                let windows = file.windows.verbs;
                let adopted = Adopted { truncate, open, windows, ..self.adopted(file, found, found.attr) };
                self.core.adopt(Adopted { error: Some(error), ..adopted });
            }
        }
    }

    /// Opens it, and brings a truncation to its end.
    fn settle(&self, file: &RecoveredFile<Record>, found: &Found) -> Result<(Arc<dyn VFile>, Attr)> {
        let handle = self.open(found)?;
        let attr = match &file.cut {
            Some(cut) => {
                handle.set_len(cut.length, Privileges::Keep)?;
                // What is seen from now on must not be undone by a loss of power once nothing tells of it.
                handle.sync(SyncHow::All)?;
                handle.attr()?
            }
            None => handle.attr()?,
        };
        Ok((handle, attr))
    }

    fn open(&self, found: &Found) -> Result<Arc<dyn VFile>> {
        let backing = &self.core.backing;
        let both = found.open(backing, OpenHow::new(Access::ReadWrite));
        both.or_else(|_| found.open(backing, OpenHow::new(Access::Write)))
    }

    /// Nothing was left but the truncation.
    fn end_cut(&mut self, file: &RecoveredFile<Record>, handle: &Arc<dyn VFile>, attr: &Attr) {
        let set = SetAttr { mtime: file.mtime.map(SetTime::To), ..SetAttr::default() };
        let own = handle.set_attr(&set).unwrap_or(*attr).version();
        self.tell_taken(file);
        self.note(&Entry::Own { no: file.no, own });
        self.note(&Entry::Done { no: file.no });
    }

    /// From here on the version that was found is ours by record, not by what may have been under way.
    fn close_windows(&self, file: &RecoveredFile<Record>, attr: &Attr) -> Result<(), JournalError> {
        let (no, own) = (file.no, attr.version());
        for _ in 0..file.windows.verbs {
            self.core.journal.append(&Entry::Own { no, own }, &[])?;
        }
        if file.windows.flush {
            self.core.journal.append(&Entry::FlushEnd { no, upto: Seq(0), own }, &[])?;
        }
        if file.gone {
            self.core.journal.append(&Entry::Stays { no }, &[])?;
        }
        Ok(())
    }

    fn adopted(&self, file: RecoveredFile<Record>, found: &Found, attr: Attr) -> Adopted {
        Adopted {
            no: file.no,
            id: found.attr.id,
            path: found.path().or(file.paths.newest()).map(Into::into).unwrap_or_default(),
            place: self.place(found),
            own: attr.version(),
            extents: file.extents,
            mtime: file.mtime,
            attr: Some(attr),
            handle: None,
            truncate: None,
            error: None::<Error>,
            promised: true,
            open: false,
            windows: 0,
        }
    }
}
