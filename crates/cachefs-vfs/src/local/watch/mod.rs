//! Being told what others do to a real directory.
//!
//! A source (fanotify or inotify) holds the marks and turns the kernel's events into notices; one thread reads it. The
//! thread calls the watcher without holding any lock of this module.

mod alive;
mod fan;
mod ino;
mod mounts;
mod pace;
mod place;
mod refuse;
mod run;
mod source;

use std::any::Any;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use rustix::event::{EventfdFlags, eventfd};
use rustix::fs::fstatfs;
use rustix::io::{Errno, write};

use self::fan::Fan;
use self::ino::Ino;
use self::place::Place;
use self::source::{Counts, Source};
use super::Shared;
use super::node::Node;
use crate::{Error, FileId, Result, Watch, WatchHow, WatchMethod, WatchUsage, Watcher};

/// What the watch and its thread have in common.
#[derive(Debug)]
struct State {
    shared: Arc<Shared>,
    source: Box<dyn Source>,
    counts: Counts,
    /// Whether changes are told of. False after the loss, before the watcher hears of it.
    alive: AtomicBool,
    stopping: AtomicBool,
    /// Readable when the thread shall end.
    stop: OwnedFd,
    /// The process whose changes are left out.
    silent: Option<i32>,
}

/// A directory that is watched.
#[derive(Debug)]
struct LocalWatch {
    state: Arc<State>,
    thread: Option<JoinHandle<()>>,
}

/// Begins to tell `watcher` of changes below the root of `shared`.
pub(super) fn begin(
    shared: &Arc<Shared>,
    how: WatchHow,
    watcher: Arc<dyn Watcher>,
) -> Result<Arc<dyn Watch>> {
    if !how.force {
        refuse::check(fstatfs(&shared.root)?.f_type, &shared.path)?;
    }
    let place = Place::of(shared).map_err(|error| error.on("watching", &shared.path))?;
    let state = Arc::new(State {
        shared: Arc::clone(shared),
        source: source(shared, how)?,
        counts: Counts::default(),
        alive: AtomicBool::new(true),
        stopping: AtomicBool::new(false),
        stop: eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?,
        silent: (!how.own).then(|| rustix::process::getpid().as_raw_nonzero().get()),
    });
    let thread = thread::Builder::new().name("cachefs-watch".to_owned()).spawn({
        let state = Arc::clone(&state);
        move || run::run(&state, place, &watcher)
    })?;
    Ok(Arc::new(LocalWatch { state, thread: Some(thread) }))
}

/// The source that was asked for, or the first that works.
fn source(shared: &Shared, how: WatchHow) -> Result<Box<dyn Source>> {
    let build = |method| -> Result<Box<dyn Source>> {
        match method {
            WatchMethod::Filesystem => Ok(Box::new(Fan::whole(shared, how.force)?)),
            WatchMethod::Directories => Ok(Box::new(Fan::by_directory(shared, how.force)?)),
            WatchMethod::Inotify | WatchMethod::Best => Ok(Box::new(Ino::new(shared, how.force)?)),
        }
    };
    let methods = match how.method {
        WatchMethod::Best => &[WatchMethod::Filesystem, WatchMethod::Directories, WatchMethod::Inotify][..],
        WatchMethod::Filesystem => &[WatchMethod::Filesystem],
        WatchMethod::Directories => &[WatchMethod::Directories],
        WatchMethod::Inotify => &[WatchMethod::Inotify],
    };
    let mut last = Error::unsupported();
    for &method in methods {
        match build(method) {
            Ok(source) => return Ok(source),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// See [`crate::VNode::watch`].
pub(super) fn add(node: &Node, watch: &dyn Watch) -> Result<()> {
    let watch: &LocalWatch = watch.as_any().downcast_ref().ok_or(Error::unsupported())?;
    let state = &watch.state;
    if !Arc::ptr_eq(&state.shared, &node.shared) {
        return Err(Error::unsupported());
    }
    state.source.add(node)?;
    // Asked afterwards: what the loss undid would otherwise count as watched.
    if state.alive.load(Ordering::Acquire) { Ok(()) } else { Err(Errno::STALE.into()) }
}

impl Watch for LocalWatch {
    fn covers(&self, id: FileId) -> bool {
        self.state.alive.load(Ordering::Acquire) && self.state.source.covers(id)
    }

    fn covers_names(&self, dir: FileId) -> bool {
        self.covers(dir)
    }

    fn method(&self) -> WatchMethod {
        self.state.source.method()
    }

    fn usage(&self) -> WatchUsage {
        let counts = &self.state.counts;
        WatchUsage {
            events: counts.events.load(Ordering::Relaxed),
            own: counts.own.load(Ordering::Relaxed),
            overflows: counts.overflows.load(Ordering::Relaxed),
            marks: self.state.source.marks(),
        }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Drop for LocalWatch {
    fn drop(&mut self) {
        self.state.stopping.store(true, Ordering::Release);
        let Some(thread) = self.thread.take() else { return };
        let woken = write(&self.state.stop, &1_u64.to_ne_bytes());
        debug_assert!(woken.is_ok(), "the counter of the eventfd has room for one");
        // The watcher may be what drops the last handle of the watch.
        if thread.thread().id() != thread::current().id() {
            // A watcher that panicked has told so already.
            drop(thread.join());
        }
    }
}
