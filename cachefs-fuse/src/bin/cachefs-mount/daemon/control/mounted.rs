use std::sync::Arc;
use std::time::Instant;

use cachefs::CacheFs;
use cachefs_fuse::{Mount, Observer, Unmounter};
use cachefs_vfs::Watcher;
use parking_lot::Mutex;

use super::{Jobs, Slots};
use crate::daemon::back::Back;
use crate::daemon::freshness::Freshness;
use crate::daemon::leaving::Leaving;
use crate::daemon::log::Log;
use crate::flags::{Config, Effective};
use crate::places::Places;

/// The mount that verbs are about.
#[derive(Debug)]
pub(in crate::daemon) struct Mounted {
    pub(super) source: String,
    pub(super) mode: &'static str,
    pub(super) profile: &'static str,
    pub(super) policy: &'static str,
    pub(super) freshness: Freshness,
    pub(super) no_growth: bool,
    pub(super) since: Instant,
    pub(super) cache: CacheFs,
    pub(super) unmounter: Unmounter,
    pub(super) observer: Observer,
    /// The kernel's, for what a user wants it to forget.
    pub(super) ear: Arc<dyn Watcher>,
    pub(super) back: Option<Arc<Back>>,
    pub(super) leaving: Arc<Leaving>,
    /// Those who flush.
    pub(super) flushes: Slots,
    /// Those who ask the source something.
    pub(super) asking: Slots,
    /// Those who warm, and wait for it.
    pub(super) warming: Slots,
    /// Warming that nobody waits for.
    pub(super) jobs: Arc<Jobs>,
    /// What holds, and where it came from.
    pub(super) settings: Arc<Mutex<Effective>>,
    pub(super) log: Log,
}

impl Mounted {
    pub(in crate::daemon) fn new(
        (config, places): (&Config, &Places),
        (cache, freshness): (&CacheFs, &Freshness),
        mount: &Mount,
        (back, leaving): (Option<&Arc<Back>>, &Arc<Leaving>),
        (settings, log): (Arc<Mutex<Effective>>, Log),
    ) -> Self {
        Self {
            source: places.source.to_string_lossy().into_owned(),
            mode: config.cache.mode.name(),
            profile: mount.profile().name(),
            policy: config.cache.policy.name(),
            freshness: freshness.clone(),
            no_growth: mount.assumes_no_growth(),
            since: Instant::now(),
            cache: cache.clone(),
            unmounter: mount.unmounter(),
            observer: mount.observer(),
            ear: mount.ear(),
            back: back.cloned(),
            leaving: Arc::clone(leaving),
            flushes: Slots::default(),
            asking: Slots::default(),
            warming: Slots::default(),
            jobs: Arc::default(),
            settings,
            log,
        }
    }
}
