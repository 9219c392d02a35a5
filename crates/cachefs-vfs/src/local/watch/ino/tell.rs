//! From events to notices.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use rustix::fs::inotify::ReadFlags;
use rustix::io::Errno;

use super::Ino;
use super::event::{Event, parse};
use crate::local::watch::source::{Counts, Teller};
use crate::{Error, FileId, Name, Notice, Result, Subject, Touch};

/// Among how many of the events that follow the other half of a rename is looked for. They come one after the other,
/// unless others do something at the same time.
const HALVES_APART_MAX: usize = 64;

/// Tells of all events in `buffer`, and answers how many there were.
pub(super) fn all(ino: &Ino, buffer: &[u8], teller: &Teller<'_>) -> Result<usize> {
    let events = parse(buffer)?;
    Counts::add(&teller.counts.events, events.len() as u64);
    let mut paired = Vec::new();
    for (index, event) in events.iter().enumerate() {
        if event.flags.contains(ReadFlags::MOVED_TO)
            && let Some(known) = paired.iter().position(|cookie| *cookie == event.cookie)
        {
            paired.swap_remove(known);
            continue;
        }
        let following = &events[index + 1..];
        let other =
            event.flags.contains(ReadFlags::MOVED_FROM).then(|| other_half(event, following)).flatten();
        match other {
            Some(other) => {
                paired.push(event.cookie);
                tell_move(ino, event, other, teller);
            }
            None => tell(ino, event, teller)?,
        }
    }
    Ok(events.len())
}

fn other_half<'a>(event: &Event<'a>, following: &'a [Event<'a>]) -> Option<&'a Event<'a>> {
    let near = following.iter().take(HALVES_APART_MAX);
    near.into_iter().find(|next| next.cookie == event.cookie && next.flags.contains(ReadFlags::MOVED_TO))
}

fn tell_move(ino: &Ino, from: &Event<'_>, to: &Event<'_>, teller: &Teller<'_>) {
    match (place(ino, from), place(ino, to)) {
        (Some(from), Some(to)) => teller.tell(&Notice::Moved { from, to, child: None }),
        (Some((dir, name)), None) => teller.tell(&Notice::Removed { dir, name, child: None }),
        (None, Some((dir, name))) => teller.tell(&Notice::Made { dir, name, child: None }),
        (None, None) => {}
    }
}

fn tell(ino: &Ino, event: &Event<'_>, teller: &Teller<'_>) -> Result<()> {
    let flags = event.flags;
    if flags.contains(ReadFlags::QUEUE_OVERFLOW) {
        ino.table.lock().uncover_nameless();
        teller.lost();
    } else if flags.contains(ReadFlags::IGNORED) {
        ino.table.lock().remove(event.watch);
    } else if flags.contains(ReadFlags::UNMOUNT) {
        return unmounted(ino, event, teller);
    } else if event.name.is_empty() {
        tell_self(ino, event, teller);
    } else if let Some(at) = place(ino, event) {
        tell_child(at, flags, teller);
    }
    Ok(())
}

fn unmounted(ino: &Ino, event: &Event<'_>, teller: &Teller<'_>) -> Result<()> {
    let removed = ino.table.lock().remove(event.watch);
    match removed {
        Some(id) if id.device == ino.root_device => {
            Err(Error::from(Errno::STALE).on("watching what was unmounted, that of", &ino.path))
        }
        Some(_) => {
            teller.overflow();
            Ok(())
        }
        None => Ok(()),
    }
}

fn place<'e>(ino: &Ino, event: &Event<'e>) -> Option<(FileId, Name<'e>)> {
    let name = Name::new(OsStr::from_bytes(event.name)).ok()?;
    Some((ino.table.lock().find(event.watch)?, name))
}

fn tell_self(ino: &Ino, event: &Event<'_>, teller: &Teller<'_>) {
    // The lock goes before the watcher is called.
    let found = ino.table.lock().find(event.watch);
    let Some(id) = found else { return };
    let whose = Subject { id: Some(id), at: None };
    if let Some(touch) = touch(event.flags) {
        teller.tell(&Notice::Inode { whose, touch });
    }
}

fn tell_child(at: (FileId, Name<'_>), flags: ReadFlags, teller: &Teller<'_>) {
    let (dir, name) = at;
    if flags.intersects(ReadFlags::CREATE | ReadFlags::MOVED_TO) {
        teller.tell(&Notice::Made { dir, name, child: None });
    } else if flags.intersects(ReadFlags::DELETE | ReadFlags::MOVED_FROM) {
        teller.tell(&Notice::Removed { dir, name, child: None });
    } else if let Some(touch) = touch(flags) {
        teller.tell(&Notice::Inode { whose: Subject { id: None, at: Some(at) }, touch });
    }
}

fn touch(flags: ReadFlags) -> Option<Touch> {
    if flags.intersects(ReadFlags::MODIFY | ReadFlags::CLOSE_WRITE) {
        Some(Touch::Data)
    } else if flags.intersects(ReadFlags::ATTRIB | ReadFlags::MOVE_SELF) {
        Some(Touch::Attr)
    } else {
        flags.contains(ReadFlags::DELETE_SELF).then_some(Touch::Gone)
    }
}
