//! From events to notices.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use cachefs_sys::fanotify::{Entry, Event, Mask, Records, WireHandle, events};

use super::Fan;
use super::devices::Device;
use crate::local::watch::source::{Counts, Teller};
use crate::{FileId, Name, Notice, Result, Subject, Touch};

const MADE: Mask = Mask::CREATE.union(Mask::MOVED_TO);
const REMOVED: Mask = Mask::DELETE.union(Mask::MOVED_FROM);
const NAMES: Mask = MADE.union(REMOVED);

/// Tells of all events in `buffer`, and answers how many there were.
pub(super) fn all(fan: &Fan, buffer: &[u8], teller: &Teller<'_>) -> Result<usize> {
    // Taken after the events were read: whatever is in them was known before it was marked.
    let devices = fan.devices.snapshot();
    let (mut count, mut own) = (0, 0);
    let mut translation = Translation { fan, devices: &devices, teller, unclear: false };
    for event in events(buffer) {
        let event = event?;
        count += 1;
        if teller.silent == Some(event.pid) && !event.mask.intersects(Mask::OVERFLOW) {
            own += 1;
            translation.tell_end(&event)?;
        } else {
            translation.tell(&event)?;
        }
    }
    if translation.unclear {
        teller.overflow();
    }
    Counts::add(&teller.counts.events, count);
    Counts::add(&teller.counts.own, own);
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

/// An inode that an event names.
enum Found {
    Known(FileId),
    /// It is on a filesystem that nobody asked about.
    Elsewhere,
    /// Which one it is cannot be told.
    Unclear,
}

struct Translation<'a> {
    fan: &'a Fan,
    devices: &'a [Device],
    teller: &'a Teller<'a>,
    /// Whether something changed of which nobody knows what it is.
    unclear: bool,
}

impl Translation<'_> {
    fn tell(&mut self, event: &Event<'_>) -> Result<()> {
        if event.mask.intersects(Mask::OVERFLOW) {
            self.fan.watched.uncover_nameless();
            self.teller.lost();
            return Ok(());
        }
        let records = event.records()?;
        if event.mask.intersects(Mask::RENAME) {
            self.tell_rename(&records);
        } else {
            self.tell_rest(event.mask, &records);
        }
        Ok(())
    }

    /// Of what this process does, the end of a mark is told of: it comes with whoever lets go of an inode last, though
    /// others may have removed it.
    fn tell_end(&self, event: &Event<'_>) -> Result<()> {
        if event.mask.intersects(Mask::DELETE_SELF)
            && let Some(subject) = subject(&event.records()?)
            && let Found::Known(id) = self.find(&subject)
            && self.fan.forget(id)
        {
            self.tell_gone(id);
        }
        Ok(())
    }

    fn tell_gone(&self, id: FileId) {
        self.teller.tell(&Notice::Inode { whose: Subject { id: Some(id), at: None }, touch: Touch::Gone });
    }

    fn tell_rename(&mut self, records: &Records<'_>) {
        let child = self.known(records.object);
        let from = records.old.and_then(|entry| self.place(&entry, true));
        let to = records.new.and_then(|entry| self.place(&entry, true));
        let notice = match (from, to) {
            (Some(from), Some(to)) => Notice::Moved { from, to, child },
            (Some((dir, name)), None) => Notice::Removed { dir, name, child },
            (None, Some((dir, name))) => Notice::Made { dir, name, child },
            (None, None) => return,
        };
        self.teller.tell(&notice);
    }

    /// Several bits are several events that the kernel merged, in the order in which they make most sense. After a
    /// name that was removed and made again, its watchers ask anyway.
    fn tell_rest(&mut self, mask: Mask, records: &Records<'_>) {
        let id = self.known(subject(records));
        // An inode that is known is found by whatever name it was changed.
        let needed = id.is_none() || mask.intersects(NAMES);
        let at = records.entry.and_then(|entry| self.place(&entry, needed));
        if let Some((dir, name)) = at
            && mask.intersects(MADE)
        {
            self.teller.tell(&Notice::Made { dir, name, child: id });
        }
        let whose = Subject { id, at };
        if id.is_some() || at.is_some() {
            for touch in touches(mask) {
                self.teller.tell(&Notice::Inode { whose, touch });
            }
        }
        if let Some((dir, name)) = at
            && mask.intersects(REMOVED)
        {
            self.teller.tell(&Notice::Removed { dir, name, child: id });
        }
        if let Some(id) = id
            && mask.intersects(Mask::DELETE_SELF)
        {
            self.fan.forget(id);
            self.tell_gone(id);
        }
    }

    /// The directory and the name in it. `None` if the event is about the directory itself.
    fn place<'e>(&mut self, entry: &Entry<'e>, needed: bool) -> Option<(FileId, Name<'e>)> {
        let name = Name::new(OsStr::from_bytes(entry.name)).ok()?;
        match self.find(&entry.dir) {
            Found::Known(dir) => Some((dir, name)),
            Found::Elsewhere => None,
            Found::Unclear => {
                self.unclear |= needed;
                None
            }
        }
    }

    /// An inode, unless one has to do with its name.
    fn known(&mut self, handle: Option<WireHandle<'_>>) -> Option<FileId> {
        match self.find(&handle?) {
            Found::Known(id) => Some(id),
            // Whoever marks a whole filesystem promises to tell of what changes by whatever name.
            Found::Unclear if self.fan.whole => {
                self.unclear = true;
                None
            }
            Found::Unclear | Found::Elsewhere => None,
        }
    }

    fn find(&self, handle: &WireHandle<'_>) -> Found {
        let Some(device) = self.devices.iter().find(|device| device.fsid == handle.fsid) else {
            return Found::Elsewhere;
        };
        let identity = device.scheme.identity(handle.bytes);
        let id = identity.map(|(inode, generation)| FileId { device: device.device, inode, generation });
        id.or_else(|| self.fan.watched.find(device.device, handle.bytes)).map_or(Found::Unclear, Found::Known)
    }
}

/// The inode that events are about, but for renames.
fn subject<'e>(records: &Records<'e>) -> Option<WireHandle<'e>> {
    let itself = records.entry.filter(|entry| entry.name == b".").map(|entry| entry.dir);
    records.object.or(itself)
}

fn touches(mask: Mask) -> impl Iterator<Item = Touch> {
    let opened = mask.intersects(Mask::OPEN) && !mask.intersects(Mask::ON_DIR);
    let told = [
        (opened, Touch::Opened),
        (mask.intersects(Mask::MODIFY | Mask::CLOSE_WRITE), Touch::Data),
        (mask.intersects(Mask::ATTRIB | Mask::MOVE_SELF), Touch::Attr),
    ];
    told.into_iter().filter(|(is, _)| *is).map(|(_, touch)| touch)
}
