use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cachefs_vfs::{Attr, FileId, MemFs, Result, Time, Vfs};
use parking_lot::Mutex;

use super::log::Log;
use super::power::{Fate, Power, off};
use super::ticker::Ticker;

/// What stays over crashes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Options {
    pub(super) open_id: bool,
    pub(super) sync_names: bool,
    pub(super) names_in_order: bool,
}

/// A filesystem between two crashes.
#[derive(Debug)]
pub(super) struct Disk {
    /// What programs see.
    pub(super) mem: MemFs,
    /// What of it is durable, and what is not. Held while something is changed, so that both agree.
    log: Mutex<Log>,
    pub(super) options: Options,
    pub(super) power: Power,
    pub(super) ticker: Arc<Ticker>,
    /// The number it goes by; that of `mem` is another one after each crash.
    pub(super) device: u64,
}

impl Disk {
    pub(super) fn new(options: Options, power: Power, ticker: Arc<Ticker>) -> Self {
        static DEVICES: AtomicU64 = AtomicU64::new(1 << 41);
        let mem = Self::memory(&ticker);
        let device = DEVICES.fetch_add(1, Ordering::Relaxed);
        let root =
            mem.root().and_then(|root| root.attr()).unwrap_or_else(|error| panic!("the root: {error}"));
        Self { log: Mutex::new(Log::new(root)), mem, options, power, ticker, device }
    }

    /// One that was put together.
    pub(super) fn again(old: &Self, mem: MemFs, log: Log) -> Self {
        let (power, ticker) = (old.power.clone(), Arc::clone(&old.ticker));
        Self { mem, log: Mutex::new(log), options: old.options, power, ticker, device: old.device }
    }

    /// A filesystem in memory that takes each time as the ticker tells it.
    pub(super) fn memory(ticker: &Arc<Ticker>) -> MemFs {
        let ticker = Arc::clone(ticker);
        let now = move || -> Time { ticker.now() };
        MemFs::builder().granularity(Duration::from_nanos(1)).clock(now).build()
    }

    /// Attributes as they are told.
    pub(super) fn outer(&self, attr: Attr) -> Attr {
        Attr { id: FileId { device: self.device, ..attr.id }, ..attr }
    }

    /// The identity beneath.
    pub(super) fn inner_id(&self, id: FileId) -> FileId {
        // A number that no filesystem has.
        let elsewhere = FileId { device: 0, ..id };
        if id.device != self.device {
            return elsewhere;
        }
        let device = self.mem.root().and_then(|root| root.attr()).map_or(0, |attr| attr.id.device);
        FileId { device, ..id }
    }
}

/// The time from a start to a crash or kill: handles end with it.
#[derive(Debug)]
pub(super) struct Life {
    disk: Arc<Disk>,
    over: Mutex<bool>,
}

impl Life {
    pub(super) fn begin(disk: Arc<Disk>) -> Arc<Self> {
        Arc::new(Self { disk, over: Mutex::new(false) })
    }

    pub(super) fn disk(&self) -> &Arc<Disk> {
        &self.disk
    }

    /// Ends it: calls after this fail, and none runs while `then` does.
    pub(super) fn end<T>(&self, then: impl FnOnce(&Arc<Disk>, &Log) -> T) -> T {
        let log = self.disk.log.lock();
        *self.over.lock() = true;
        then(&self.disk, &log)
    }

    /// Before a call that changes nothing.
    pub(super) fn check(&self) -> Result<()> {
        if *self.over.lock() { Err(off()) } else { self.disk.power.check() }
    }

    /// A call that changes something, and takes it down.
    pub(super) fn change<T>(&self, verb: impl FnOnce(&mut Log) -> Result<T>) -> Result<T> {
        self.change_or_tear(|log, fate| if fate == Fate::Whole { verb(log) } else { Err(off()) })
    }

    /// The same for one that may stop in its middle.
    pub(super) fn change_or_tear<T>(&self, verb: impl FnOnce(&mut Log, Fate) -> Result<T>) -> Result<T> {
        let mut log = self.disk.log.lock();
        if *self.over.lock() {
            return Err(off());
        }
        let fate = self.disk.power.spend()?;
        let done = verb(&mut log, fate)?;
        if fate == Fate::Torn { Err(off()) } else { Ok(done) }
    }
}
