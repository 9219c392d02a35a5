use std::path::PathBuf;

use cachefs_vfs::{Access, Attr, Error, FileId, Name, OpenHow, Result, Time, VFile, Version};
use tracing::{error, info, warn};

use super::file::RecoveredFile;
use super::find::{By, Finder, Found, Search};
use super::folded::Folded;
use super::report::{Dropped, KeptBeside, Loss, Replayed, Waiting};
use super::verdict::{Verdict, judge};
use crate::core::{Adopted, Core, Removed, Stats};
use crate::flush::conflict::{Beside, keep_beside};
use crate::journal::{Entry, FileNo, Record};
use crate::overlay::{Place, Places};
use crate::retry::Failure;
use crate::sync::Arc;

/// The meeting of what a journal holds with the backing.
///
/// May be cut short at any point and done again: each step leaves the journal such that the next replay comes to the
/// same, but for a second copy beside a file where the first one was not noted yet.
#[derive(Debug)]
pub(super) struct Replay<'a> {
    pub(super) core: &'a Core,
    places: &'a Arc<Places>,
    finder: Finder<'a>,
    same_boot: bool,
    replayed: Replayed,
}

/// Puts everything that is left in the journal into the table of dirty files, or where else it belongs.
pub(super) fn replay(core: &Core, places: &Arc<Places>, folded: Folded) -> Replayed {
    let finder = Finder::new(&core.backing, &folded);
    let mut replay =
        Replay { core, places, finder, same_boot: folded.same_boot, replayed: Replayed::default() };
    replay.tell_losses(folded.losses);
    // No truncation may reach the backing before its record is durable.
    replay.commit();
    // A file that goes by two numbers was done with under the older one, and the record of that is lost.
    for file in folded.files.into_iter().rev() {
        replay.one(file);
    }
    // With threads, one of them does it: a directory that hangs is not to keep the rest from being served.
    if core.config.flushers == 0 {
        core.settle_removals();
    }
    replay.commit();
    if let Err(error) = core.journal.reclaim() {
        core.look_broken(&error);
    }
    replay.replayed
}

impl Replay<'_> {
    fn one(&mut self, file: RecoveredFile<Record>) {
        let (found, surely) = match self.finder.find(&file) {
            Search::Found(found) => (Some(found), true),
            Search::Nowhere { surely } => (None, surely),
            Search::Unknown(error) => return self.wait(file, error),
        };
        match (judge(&file, found.as_ref().map(|found| &found.attr), self.same_boot), found) {
            (Verdict::Ours, Some(found)) if self.core.table.get(found.attr.id).is_none() => {
                self.take_over(file, &found);
            }
            (Verdict::Dropped, _) => self.drop_removed(file),
            (Verdict::Vanished, _) if surely => self.drop_vanished(&file),
            (_, found) => self.beside(file, found.as_ref()),
        }
    }

    fn beside(&mut self, file: RecoveredFile<Record>, found: Option<&Found>) {
        match self.keep(&file, found) {
            Ok(beside) => self.kept(&file, beside),
            Err(error) => self.wait(file, error),
        }
    }

    fn keep(&self, file: &RecoveredFile<Record>, found: Option<&Found>) -> Result<PathBuf> {
        let handle = found.map(|found| self.readable(found)).transpose()?.flatten();
        let attr = found.map(|found| Attr { size: file.size_of_base(found.attr.size), ..found.attr });
        let path = found.and_then(Found::path).or(file.paths.newest()).map_or(lost_name(file.no), Into::into);
        let beside = Beside {
            path: &path,
            base: handle.as_deref(),
            base_attr: attr,
            size: Some(file.end().max(attr.map_or(0, |attr| attr.size))),
            extents: &file.extents,
            mtime: file.mtime.unwrap_or_else(|| self.core.clock.wall()),
            now: self.core.clock.wall(),
        };
        Ok(keep_beside(&self.core.backing, &beside)?.0)
    }

    /// `None` if it may not be read, for good.
    fn readable(&self, found: &Found) -> Result<Option<Arc<dyn VFile>>> {
        match found.open(&self.core.backing, OpenHow::new(Access::Read)) {
            Err(error) if Failure::of(error.errno()) == Failure::Lasting => Ok(None),
            opened => opened.map(Some),
        }
    }

    fn kept(&mut self, file: &RecoveredFile<Record>, beside: PathBuf) {
        let upto = self.core.journal.last();
        self.note(&Entry::Conflict { no: file.no, path: beside.clone(), upto });
        self.note(&Entry::Done { no: file.no });
        Stats::add(&self.core.stats.conflicts, 1);
        let (path, bytes) = (file.told(), file.extents.bytes());
        warn!(?path, ?beside, bytes, "changed by others since: what was written is kept beside it");
        self.replayed.conflicts.push(KeptBeside { path, beside, bytes });
    }

    /// The removal may not be durable yet: if the power goes, the name is back, and so must be what was promised.
    fn drop_removed(&mut self, file: RecoveredFile<Record>) {
        let (no, path, bytes) = (file.no, file.told(), file.extents.bytes());
        info!(?path, bytes, "removed before what was written to it had left the journal");
        self.replayed.dropped.push(Dropped { path, bytes, removed: true });
        let anchor = file.id.zip(file.own).and_then(|(id, own)| {
            let path = file.told().unwrap_or_default();
            let anchor = self.note(&Entry::File { no, id, path, own });
            self.note(&Entry::Gone { no });
            anchor
        });
        let paths = file.paths.iter().map(PathBuf::from).collect();
        self.core.keep_removed(Removed { no, paths, anchor, extents: file.extents });
    }

    fn drop_vanished(&mut self, file: &RecoveredFile<Record>) {
        self.note(&Entry::Done { no: file.no });
        let (path, bytes) = (file.told(), file.extents.bytes());
        warn!(?path, bytes, "a loss of power took the file; what was written to it is dropped");
        self.replayed.dropped.push(Dropped { path, bytes, removed: false });
    }

    /// The backing does not let it be dealt with: it is dirty, and its flush goes on trying.
    fn wait(&mut self, file: RecoveredFile<Record>, error: Error) {
        self.tell_waiting(&file, &error);
        let strange = file.id.is_none_or(|id| self.core.table.get(id).is_some());
        let id =
            file.id.filter(|_| !strange).unwrap_or(FileId { device: 0, inode: 0, generation: file.no.0 });
        let believed = file.own.filter(|_| !file.is_doubtful());
        self.core.adopt(Adopted {
            no: file.no,
            id,
            path: file.told().unwrap_or_else(|| lost_name(file.no)),
            place: None,
            own: believed.unwrap_or(NEVER),
            mtime: file.mtime,
            attr: None,
            handle: None,
            truncate: file.cut.as_ref().map(|cut| cut.length),
            error: Some(error),
            promised: true,
            open: believed.is_some() && file.windows.is_open(),
            windows: file.windows.verbs,
            extents: file.extents,
        });
    }

    /// Where what was found is, directory by directory.
    pub(super) fn place(&self, found: &Found) -> Option<Arc<Place>> {
        let By::Name { path, name, .. } = &found.by else { return None };
        let root = self.core.backing.root().ok()?;
        let mut place = self.places.root(root.attr().ok()?.id);
        let mut dir = root;
        for part in path.parent()?.components() {
            let name = Name::new(part.as_os_str()).ok()?;
            let opened = dir.dir(name).ok()?;
            place = self.places.child(&place, name, opened.attr.id);
            dir = opened.handle;
        }
        Some(self.places.child(&place, Name::new(name).ok()?, found.attr.id))
    }

    /// Notes what is so whether it can be noted or not: the next replay comes to the same.
    pub(super) fn note(&self, entry: &Entry) -> Option<Record> {
        self.core.journal.append(entry, &[]).inspect_err(|error| self.core.look_broken(error)).ok()
    }

    fn commit(&self) {
        if let Err(error) = self.core.journal.commit(self.core.journal.last()) {
            self.core.look_broken(&error);
        }
    }

    pub(super) fn tell_taken(&mut self, file: &RecoveredFile<Record>) {
        self.replayed.files += 1;
        self.replayed.bytes += file.extents.bytes();
    }

    pub(super) fn tell_waiting(&mut self, file: &RecoveredFile<Record>, error: &Error) {
        let (path, bytes) = (file.told(), file.extents.bytes());
        warn!(?path, bytes, %error, "what was written stays in the journal for now");
        self.replayed.waiting.push(Waiting { path, bytes, error: error.clone() });
    }

    fn tell_losses(&mut self, losses: Vec<Loss>) {
        for loss in &losses {
            error!("the journal is damaged: {loss}");
            if let Loss::Bytes { bytes, .. } = loss {
                Stats::add(&self.core.stats.lost_bytes, *bytes);
            }
        }
        self.replayed.damaged = losses;
    }
}

/// A version that no file has: what is found is not ours.
const NEVER: Version = {
    let time = Time { seconds: i64::MIN, nanos: 0 };
    Version { size: u64::MAX, mtime: time, ctime: time, tag: u64::MAX }
};

/// What a file is called of which not even the name is left.
fn lost_name(no: FileNo) -> PathBuf {
    format!("cachefs-lost-{}", no.0).into()
}
