use std::ops::ControlFlow;

use cachefs_vfs::{Attr, Cookie, DirEntry, Errno, Result, Sink, nowait};

use super::CacheDir;
use super::look::Known;
use crate::meta::{Asked, Found, Recorder, Target};
use crate::stats::{BackingVerb, Counter};

/// How many entries are read on, and kept, after the caller has had enough: the next part of the listing, which he will
/// ask for next, comes with the same call to the backing.
const READ_ON: usize = 1024;

/// How far a listing was given.
enum Given {
    /// To its end, or as far as the caller wanted.
    All,
    /// To this place; what follows is not known here.
    UpTo(Cookie),
}

impl CacheDir {
    pub(super) fn list(&self, after: Cookie, sink: &mut Sink<'_>) -> Result<()> {
        let engine = self.engine();
        if !engine.listings.is_complete(self.node(), engine.clock.now()) {
            // Before anything was given to the caller, who would be given it again.
            nowait::check()?;
        }
        match self.list_known(after, sink) {
            Given::All => {
                engine.stats.count(Counter::ListingHit);
                Ok(())
            }
            Given::UpTo(place) => {
                engine.stats.count(Counter::ListingMiss);
                self.list_backing(place, sink)
            }
        }
    }

    /// Gives what is known after the place.
    fn list_known(&self, after: Cookie, sink: &mut Sink<'_>) -> Given {
        let engine = self.engine();
        let now = engine.clock.now();
        let mut place = after;
        loop {
            let (chunk, start) = match engine.listings.find(self.node(), place, now) {
                Found::Entries(chunk, start) => (chunk, start),
                Found::End => return Given::All,
                Found::Unknown => return Given::UpTo(place),
            };
            for entry in (start..chunk.len()).filter_map(|number| chunk.entry(number)) {
                let attr = self.attr_of_entry(&entry);
                if sink(DirEntry { attr: attr.as_ref(), ..entry }).is_break() {
                    return Given::All;
                }
                place = entry.next;
            }
        }
    }

    /// The attributes of an entry, where they are known anyway.
    fn attr_of_entry(&self, entry: &DirEntry<'_>) -> Option<Attr> {
        match self.known(entry.name) {
            Known::Node(_, attr) => Some(attr),
            Known::Nothing | Known::Unknown => None,
        }
    }

    /// Asks the backing for what comes after the place, gives it and writes it down.
    fn list_backing(&self, after: Cookie, sink: &mut Sink<'_>) -> Result<()> {
        let engine = self.engine();
        let dir = self.backing()?;
        let asked = engine.asked();
        let mut recorder = Recorder::new(after, engine.listings.entries_max());
        let mut enough: Option<usize> = None;
        let mut cut = false;
        let listed = engine.backing.call(BackingVerb::ReadDir, || {
            dir.read_dir(after, &mut |entry| {
                self.learn_entry(&entry, asked);
                if enough.is_none() && sink(entry).is_break() {
                    enough = Some(recorder.len());
                }
                recorder.take(&entry);
                let read_on = enough.is_none_or(|at| recorder.is_whole() && recorder.len() - at <= READ_ON);
                cut = !read_on;
                if cut { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })
        });
        match listed {
            Ok(()) => {
                if let Some(chunk) = recorder.finish() {
                    engine.listings.learn(self.node(), after, chunk, !cut, asked);
                }
                Ok(())
            }
            // Who has what he wanted need not know what befell us after it.
            Err(error) if enough.is_some() && error.errno() != Errno::WOULDBLOCK => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Keeps the attributes a listing brings for nothing.
    fn learn_entry(&self, entry: &DirEntry<'_>, asked: Asked) {
        if let Some(attr) = entry.attr {
            self.engine().adopt(attr, asked);
            self.engine().names.learn(self.node(), entry.name, Target::File(attr.id), asked);
        }
    }
}
