use std::ffi::OsStr;
use std::sync::Arc;

use cachefs::time::ManualClock;
use cachefs::{CacheBuilder, CacheFs};
use cachefs_testkit::{Call, CallKind, FaultFs, Intercept, Permit, Wrapped};
use cachefs_vfs::{MemFs, Result};
use parking_lot::{Condvar, Mutex};

use super::wait_until;

/// Holds one reply back: the backing has done what it was asked to, and its answer is late.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    stage: Mutex<Stage>,
    changed: Condvar,
}

#[derive(Debug, Default)]
enum Stage {
    #[default]
    Open,
    /// For the next call of this kind about what has this name.
    Set(CallKind, &'static str),
    Holding,
}

impl Gate {
    /// Holds back the next reply to such a call.
    pub(crate) fn hold(&self, kind: CallKind, name: &'static str) {
        *self.stage.lock() = Stage::Set(kind, name);
    }

    /// Waits until the reply is there and held.
    pub(crate) fn wait(&self) {
        wait_until("a reply to hold back", || matches!(*self.stage.lock(), Stage::Holding));
    }

    /// Lets it arrive.
    pub(crate) fn release(&self) {
        *self.stage.lock() = Stage::Open;
        self.changed.notify_all();
    }

    /// A guard that releases it, also by a test that panics.
    pub(crate) fn release_on_drop(&self) -> impl Drop {
        Release(self)
    }
}

struct Release<'a>(&'a Gate);

impl Drop for Release<'_> {
    fn drop(&mut self) {
        self.0.release();
    }
}

/// Whether the call is about what has this name: what it looks up, or the directory itself.
fn is_about(call: &Call<'_>, name: &OsStr) -> bool {
    call.is_named(name) || (call.name.is_none() && call.at.file_name() == Some(name))
}

impl Intercept for Gate {
    const PATHS: bool = true;

    fn before(&self, _: &Call<'_>) -> Result<Permit> {
        Ok(Permit::default())
    }

    fn after(&self, call: &Call<'_>, _: u64) {
        let mut stage = self.stage.lock();
        match *stage {
            Stage::Set(kind, name) if kind == call.kind && is_about(call, OsStr::new(name)) => {}
            _ => return,
        }
        *stage = Stage::Holding;
        while matches!(*stage, Stage::Holding) {
            self.changed.wait(&mut stage);
        }
    }
}

/// A cache whose backing's replies may be late.
pub(crate) struct LateBench {
    pub(crate) cache: CacheFs,
    /// The filesystem beneath, changed by others.
    pub(crate) backing: Arc<MemFs>,
    pub(crate) faults: Arc<FaultFs>,
    pub(crate) clock: Arc<ManualClock>,
    gated: Arc<Wrapped<Gate>>,
}

impl LateBench {
    pub(crate) fn new(set: impl Fn(CacheBuilder) -> CacheBuilder) -> Self {
        let backing = Arc::new(MemFs::new());
        let gated = Arc::new(Wrapped::new(backing.clone(), Gate::default()));
        let faults = Arc::new(FaultFs::new(gated.clone()));
        let clock = Arc::new(ManualClock::new());
        let builder = CacheFs::builder(faults.clone()).clock(clock.clone()).readahead(0);
        Self { cache: set(builder).build().unwrap(), backing, faults, clock, gated }
    }

    pub(crate) fn gate(&self) -> &Gate {
        self.gated.intercept()
    }
}
