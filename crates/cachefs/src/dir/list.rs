use std::ops::ControlFlow;

use cachefs_vfs::{Attr, Cookie, DirEntry, Errno, Result, Sink, nowait};

use super::CacheDir;
use super::look::Known;
use crate::meta::{Asked, Recorder, Rest, Target};
use crate::stats::{BackingVerb, Counter};

/// How many entries are read on, and kept, after the caller has had enough: the next part of the listing, which he will
/// ask for next, comes with the same call to the backing.
const READ_ON: usize = 1024;

impl CacheDir {
    pub(super) fn list(&self, after: Cookie, sink: &mut Sink<'_>) -> Result<()> {
        let engine = self.engine();
        let known = engine.listings.find(self.node(), after, engine.clock.now());
        if !known.as_ref().is_some_and(Rest::is_complete) {
            // Before anything was given to the caller, who would be given it again.
            nowait::check()?;
        }
        match known.map_or(ControlFlow::Continue(after), |known| self.list_known(after, &known, sink)) {
            ControlFlow::Break(()) => {
                engine.stats.count(Counter::ListingHit);
                Ok(())
            }
            ControlFlow::Continue(place) => {
                engine.stats.count(Counter::ListingMiss);
                self.list_backing(place, sink)
            }
        }
    }

    /// Gives what is known. Answers the place where the backing is to be asked for more, unless that was all there is
    /// or all that the caller wanted.
    fn list_known(&self, after: Cookie, known: &Rest, sink: &mut Sink<'_>) -> ControlFlow<(), Cookie> {
        let mut place = after;
        for entry in known.entries() {
            let attr = self.attr_of_entry(&entry);
            sink(DirEntry { attr: attr.as_ref(), ..entry })?;
            place = entry.next;
        }
        if known.is_complete() { ControlFlow::Break(()) } else { ControlFlow::Continue(place) }
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
        let asked = self.asked(&*dir)?;
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
            let asked = self.learn_target(entry.name, Target::File(attr.id), asked);
            self.engine().adopt(attr, asked);
        }
    }
}
