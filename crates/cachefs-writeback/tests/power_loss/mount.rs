//! What programs see of the machine, from one start to the next.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cachefs_testkit::{CallKind, Fault, FaultFs, Rule};
use cachefs_vfs::{Vfs, VfsExt};
use cachefs_writeback::{Config, Durability, Replayed, Setup, SyncPolicy, WriteBack};

use crate::machine::{Kind, Machine};

pub(crate) struct Mount {
    pub(crate) fs: Arc<dyn Vfs>,
    back: Option<Arc<WriteBack>>,
    faults: Arc<FaultFs>,
    failed: AtomicU64,
    pub(crate) replayed: Replayed,
}

impl Mount {
    pub(crate) fn new(machine: &Machine, boots: u64) -> Result<Self, String> {
        let faults = Arc::new(FaultFs::new(Arc::clone(&machine.backing) as _));
        let backing = Arc::clone(&faults) as Arc<dyn Vfs>;
        let Kind::Back(durability, sync) = machine.kind else {
            return Ok(Self {
                fs: backing,
                back: None,
                faults,
                failed: AtomicU64::new(0),
                replayed: Replayed::default(),
            });
        };
        let journal = machine.journal.root().map_err(|error| error.to_string())?;
        let mut boot = [0; 16];
        boot[..8].copy_from_slice(&boots.to_le_bytes());
        let clock = Arc::clone(&machine.clock) as _;
        let setup = Setup { config: config(durability, sync, machine.small), source: [7; 32], boot, clock };
        let (back, replayed) = WriteBack::open(backing, journal, setup).map_err(|error| error.to_string())?;
        let back = Arc::new(back);
        Ok(Self { fs: Arc::clone(&back) as _, back: Some(back), faults, failed: AtomicU64::new(0), replayed })
    }

    pub(crate) fn flush_all(&self) -> Result<(), String> {
        let Some(back) = &self.back else { return Ok(()) };
        let drained = back.flush_all(None, &mut |_| {});
        if drained.remaining.is_empty() { Ok(()) } else { Err(format!("{drained:?}")) }
    }

    /// A flush in which one call to the backing fails, which may or may not make all of it fail.
    pub(crate) fn flush_failing(&self, call: u64, fault: Fault) {
        let rule = [CallKind::Write, CallKind::SyncFile, CallKind::SetAttr, CallKind::Attr, CallKind::Open]
            .into_iter()
            .fold(Rule::on(CallKind::SetLen), Rule::or);
        let rule = self.faults.add(rule.nth(call).then(fault)).release_on_drop();
        let _ = self.flush_all();
        self.failed.fetch_add(rule.fired(), Ordering::SeqCst);
    }

    /// Whether the backing failed since the start: writes and syncs may then report it, each handle once.
    pub(crate) fn has_failed(&self) -> bool {
        self.failed.load(Ordering::SeqCst) > 0
    }

    pub(crate) fn flush_path(&self, path: &str) -> Result<(), String> {
        match &self.back {
            Some(back) => back.flush_path(path.as_ref()).map_err(|error| error.to_string()),
            None => self.fs.stat(path).map(drop).map_err(|error| error.to_string()),
        }
    }
}

/// Small segments, so that the journal is rotated and reclaimed; at times a journal so small that it is full now and
/// then, and few files that are remembered.
fn config(durability: Durability, sync: SyncPolicy, small: bool) -> Config {
    let (journal_max, segment_size, remembered_max) =
        if small { (192 << 10, 8 << 10, 2) } else { (32 << 20, 64 << 10, 1000) };
    Config {
        durability,
        sync,
        dirty_max: 16 << 20,
        journal_max,
        segment_size,
        remembered_max,
        flushers: 0,
        room_wait: Duration::from_millis(1),
        ..Config::default()
    }
}
