//! The machine that crashes: two disks, one power.

use std::sync::Arc;

use cachefs_testkit::{CrashFs, Power, SplitMix64};
use cachefs_vfs::clock::ManualClock;
use cachefs_vfs::{Mode, Name, Owner, Vfs};
use cachefs_writeback::{Durability, SyncPolicy};

use crate::mount::Mount;
use crate::op::DIRS;

/// What programs work on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The backing itself: the measure, and what the model is tested by.
    Through,
    Back(Durability, SyncPolicy),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// Of power.
    Power,
    /// Of the process.
    Kill,
}

#[derive(Debug)]
pub(crate) struct Machine {
    pub(crate) backing: Arc<CrashFs>,
    pub(crate) journal: CrashFs,
    pub(crate) power: Power,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) kind: Kind,
    pub(crate) sync_names: bool,
    /// The journal has little room.
    pub(crate) small: bool,
    boots: u64,
}

impl Machine {
    /// A new one, with the directories made and durable.
    pub(crate) fn new(kind: Kind, rng: &mut SplitMix64) -> Self {
        let (power, clock) = (Power::default(), Arc::new(ManualClock::new()));
        let (sync_names, open_id, small) = (rng.chance(500_000), rng.chance(700_000), rng.chance(250_000));
        let disk = || CrashFs::builder().power(&power).clock(Arc::clone(&clock) as _);
        let backing = Arc::new(disk().sync_names(sync_names).open_id(open_id).build());
        let journal = disk().build();
        let root = backing.root().unwrap();
        for dir in DIRS.iter().filter(|dir| !dir.is_empty()) {
            let name = Name::new(*dir).unwrap();
            root.make_dir(name, Mode::new(0o755), &Owner::process()).unwrap();
            root.dir(name).unwrap().handle.sync().unwrap();
        }
        root.sync().unwrap();
        Self { backing, journal, power, clock, kind, sync_names, small, boots: 1 }
    }

    /// Everything stops, and the machine is on again.
    pub(crate) fn lose(&mut self, loss: Loss, rng: &mut SplitMix64) {
        self.power.cut();
        match loss {
            Loss::Power => {
                self.backing = Arc::new(self.backing.crash(rng.next_u64()));
                self.journal = self.journal.crash(rng.next_u64());
                self.boots += 1;
            }
            Loss::Kill => {
                self.backing = Arc::new(self.backing.kill());
                self.journal = self.journal.kill();
            }
        }
        self.power.restore();
    }

    pub(crate) fn mount(&self) -> Result<Mount, String> {
        Mount::new(self, self.boots)
    }
}
