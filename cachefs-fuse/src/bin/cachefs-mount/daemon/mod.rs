//! The process that serves a mount, from its checks to its end.

mod announce;
mod back;
mod control;
mod detach;
mod engine;
mod freshness;
mod growth;
pub(crate) mod guardian;
mod holders;
pub(crate) mod launch;
mod leaving;
mod log;
mod metrics;
mod notifier;
mod parting;
mod pulse;
mod ready;
mod reload;
mod report;
mod signals;
mod undead;
mod voice;
mod xattrs;

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use cachefs::CacheFs;
use cachefs_fuse::control::Trace;
use cachefs_fuse::{Mount, MountConfig};

use crate::failure::Failure;
use crate::flags::{Config, KernelConfig};
use crate::places::Places;
use crate::{rights, warm};
use announce::announce;
use back::Back;
use control::{Desk, Mounted};
use detach::detach;
use freshness::Freshness;
use guardian::Guardian;
use leaving::Leaving;
use log::Log;
use metrics::Outlets;
pub(crate) use notifier::Notifier;
use parking_lot::Mutex;
use parting::Rest;
use ready::Ready;
use reload::Reload;
pub(crate) use reload::Reread;
use report::Reporter;
use signals::{Steered, Steering};
pub(crate) use voice::{Voice, Word};

/// Enough for the threads that allocate at a time.
const ARENAS_MAX: u16 = 2;

/// How long the end of the process waits for those who are still to be told how it went.
const TELL_MAX: Duration = Duration::from_secs(3);

/// Mounts and serves until the mount is gone; then the process ends.
///
/// # Errors
/// Why there is no mount; nothing is left behind then.
pub(crate) fn run(config: &Config, voice: Voice, reread: Reread) -> Result<(), Failure> {
    own_session(voice)?;
    let log = Log::start(&config.log, voice)?;
    let notifier = Notifier::of_this_process();
    // In the background it is the parent who tells, until the mount is ready.
    let starting = (voice == Voice::Terminal).then(|| notifier.starting());
    bound_allocator();
    let places = check_places(config, voice)?;
    let (cache, freshness, back) = assemble(config, &places, voice)?;
    warm::check(&cache, &config.warm.globs)?;
    let outlets = Outlets::open(config)?;
    // The directory this was called from must not be kept busy.
    std::env::set_current_dir("/")
        .map_err(|error| Failure::system(format!("/ cannot be entered: {error}")))?;
    let steering = Steering::take()?;
    let guardian = config.kernel.auto_unmount.then(|| Guardian::start(&places.mountpoint)).transpose()?;
    let mount = start(config, &cache, &places, &freshness, back.as_ref())?;
    let (profile, no_growth) = (mount.profile(), mount.assumes_no_growth());

    let progress = Arc::new(warm::Progress::default());
    let reporter = Reporter::new(cache.clone(), mount.observer(), Arc::clone(&progress), back.clone());
    let telling = outlets.tell(config, &places, (&freshness, profile, no_growth), reporter.clone())?;
    let aside = config.log.file.is_some().then_some(voice);
    let leaving = Arc::new(Leaving::default());
    let settings = Arc::new(Mutex::new(config.effective.clone()));
    let status = format!("{} on {}", places.source.display(), places.mountpoint.display());
    let running = (cache.clone(), log.clone());
    let reload = Reload::new(reread, Arc::clone(&settings), running, notifier.clone(), status.clone());
    steering.follow(Steered {
        unmounter: mount.unmounter(),
        voice,
        aside,
        back: back.clone(),
        leaving: Arc::clone(&leaving),
        notifier: notifier.clone(),
        reload,
        report: move || reporter.log(),
    })?;
    let mounted = Mounted::new(
        (config, &places),
        (&cache, &freshness),
        &mount,
        (back.as_ref(), &leaving),
        (settings, log.clone()),
    );
    let mut desk = Desk::open(mounted, trace(&places, back.as_deref()));
    let (places, freshness, back) = (&places, &freshness, back.as_deref());
    let (metrics, control) = (telling.address, desk.path());
    announce(&Ready { config, places, freshness, profile, no_growth, metrics, back, control }, voice)?;
    drop(starting);
    if voice == Voice::Terminal {
        notifier.ready(&status);
    }
    if !config.warm.globs.is_empty() {
        warm::start(cache, &config.warm, progress, voice)?;
    }
    let ended = mount.wait();
    notifier.stopping();
    drop(guardian);
    telling.end();
    desk.outlive();
    let rest = parting::part(back, &leaving, aside, &notifier);
    desk.close(TELL_MAX, rest == Rest::Dirty);
    end(ended, rest, &log)
}

/// In the background nothing that ends a terminal's processes is meant for this one.
fn own_session(voice: Voice) -> Result<(), Failure> {
    if voice == Voice::Terminal {
        return Ok(());
    }
    let own = rustix::process::setsid().map(drop);
    own.map_err(|errno| Failure::system(format!("no session of its own: {errno}")))
}

/// The source and the mount point, once whatever is dead there is out of the way.
fn check_places(config: &Config, voice: Voice) -> Result<Places, Failure> {
    rights::check(config.kernel.allow_other)?;
    let ours = format!("fuse.{}", config.kernel.subtype);
    let note = |text: &str| voice.note(text);
    undead::cut_off_at(&config.mountpoint, &note);
    Places::check(&config.source, &config.mountpoint, &ours, note, detach)
}

/// What is left for whoever finds the mount after this process was killed.
fn trace(places: &Places, back: Option<&Back>) -> Trace {
    Trace {
        pid: std::process::id(),
        source: places.source.clone(),
        mount: places.mountpoint.clone(),
        state: back.map(|back| back.journal().to_owned()),
    }
}

/// What is to be mounted, from the source up.
fn assemble(
    config: &Config,
    places: &Places,
    voice: Voice,
) -> Result<(CacheFs, Freshness, Option<Arc<Back>>), Failure> {
    let note = |text: &str| voice.note(text);
    let source = engine::source(config, &places.source)?;
    let root = config.state_dir.as_deref();
    back::check_leftover(root, &places.source, config.back.is_some())?;
    let Some(back) = config.back else {
        let (cache, freshness) = engine::build(config, &source)?;
        return Ok((cache, freshness, None));
    };
    if let Some(weakness) = back.weakness() {
        note(&format!("--sync {}: {weakness}", back.sync()));
    }
    let back = Arc::new(Back::open(back, root, (&places.source, &places.mountpoint), source, &note)?);
    back.tell_replayed(voice == Voice::Pipe || config.log.file.is_some(), &note);
    let (cache, freshness) = engine::build(config, &back.fs())?;
    back.inform(&cache);
    Ok((cache, freshness, Some(back)))
}

/// Memory comes and goes with the cache's blocks; the allocator must not keep eight times the threads of it.
fn bound_allocator() {
    if !cachefs_sys::allocator::bound_arenas(ARENAS_MAX) {
        tracing::debug!("this allocator cannot be bounded");
    }
}

fn start(
    config: &Config,
    cache: &CacheFs,
    places: &Places,
    freshness: &Freshness,
    back: Option<&Arc<Back>>,
) -> Result<Mount, Failure> {
    let told = xattrs::Told { cache: cache.clone(), back: back.cloned() };
    let kernel = MountConfig {
        trust: freshness.trust(),
        stack_depth: places.stack_depth(),
        on_close: back.and_then(|back| back.on_close()),
        own_xattrs: Some(Arc::new(told)),
        fails_late: back.is_some(),
        ..mount_config(&config.kernel, &places.source)
    };
    Mount::start(Arc::new(cache.clone()), &places.mountpoint, kernel)
        .map_err(|error| Failure::mount(error.to_string()))
}

fn mount_config(config: &KernelConfig, source: &Path) -> MountConfig {
    MountConfig {
        fs_name: config.fs_name.clone().unwrap_or_else(|| source.display().to_string()),
        subtype: config.subtype.clone(),
        profile: config.profile,
        assume_no_growth: config.assume_no_growth,
        read_only: config.read_only,
        allow_other: config.allow_other,
        flags: config.flags.clone(),
        attr_ttl: config.attr_ttl,
        entry_ttl: config.entry_ttl,
        negative_ttl: config.negative_ttl,
        deadline: config.deadline,
        inodes_max: if config.inodes_max == 0 { u64::MAX } else { config.inodes_max as u64 },
        handles_max: config.handles_max.get(),
        // Beside as many directories: the cache beneath, which has the same limit, then closes none that is needed.
        open_files_max: config.handles_max.get() / 2,
        honours_nowait: true,
        ..MountConfig::default()
    }
}

/// Ends the process, whatever hangs in the source.
fn end(ended: io::Result<()>, rest: Rest, log: &Log) -> Result<(), Failure> {
    tracing::info!("unmounted");
    log.finish();
    match ended {
        Ok(()) => std::process::exit(rest.code()),
        Err(error) => Err(Failure::mount(format!("serving ended: {error}"))),
    }
}
