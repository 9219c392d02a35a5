use std::sync::Arc;

use cachefs_vfs::clock::{Clock, SystemClock};

use super::CrashFs;
use super::disk::{Disk, Life, Options};
use super::power::Power;
use super::ticker::Ticker;

/// Options of a [`CrashFs`], which stay over its crashes.
#[derive(Debug)]
#[must_use]
pub struct CrashFsBuilder {
    options: Options,
    power: Power,
    clock: Arc<dyn Clock>,
}

impl CrashFsBuilder {
    /// Whether files are found by identity; so by default.
    pub fn open_id(mut self, open_id: bool) -> Self {
        self.options.open_id = open_id;
        self
    }

    /// Whether the sync of a file makes all names durable too, as the journal of ext4 does; not so by default.
    pub fn sync_names(mut self, sync_names: bool) -> Self {
        self.options.sync_names = sync_names;
        self
    }

    /// Whether the steps of one directory get to the disk in order; so by default. If not, any of them may be lost.
    pub fn names_in_order(mut self, in_order: bool) -> Self {
        self.options.names_in_order = in_order;
        self
    }

    /// Stops together with all others that hang on this.
    pub fn power(mut self, power: &Power) -> Self {
        self.power = power.clone();
        self
    }

    /// Takes the time of day from here.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Makes the filesystem, empty.
    #[must_use]
    pub fn build(self) -> CrashFs {
        let disk = Disk::new(self.options, self.power, Ticker::new(self.clock));
        CrashFs { life: Life::begin(Arc::new(disk)) }
    }
}

impl Default for CrashFsBuilder {
    fn default() -> Self {
        let options = Options { open_id: true, sync_names: false, names_in_order: true };
        Self { options, power: Power::default(), clock: Arc::new(SystemClock) }
    }
}
