use std::path::Path;
use std::sync::Arc;

use cachefs::{BuildError, CacheBuilder, CacheFs, Coherence, WriteMode};
use cachefs_vfs::{LocalFs, Vfs, WatchHow};

use crate::failure::Failure;
use crate::flags::{self, CacheConfig, Config, Mode};
use crate::rights;

use super::freshness::{Freshness, reason};

/// The directory to be mounted.
///
/// # Errors
/// When it cannot be opened.
pub(super) fn source(config: &Config, path: &Path) -> Result<Arc<dyn Vfs>, Failure> {
    // Only root can act for others, and only with allow_other are there any.
    let impersonate = config.kernel.allow_other && rights::is_administrator();
    let local =
        LocalFs::open(path).map_err(|error| Failure::mount(format!("the source cannot be used: {error}")))?;
    Ok(Arc::new(local.impersonate(impersonate)))
}

/// The cache over the source, as configured, and how it stays fresh. Where the source cannot be watched, it is asked.
///
/// # Errors
/// When the configuration cannot be had.
pub(super) fn build(config: &Config, source: &Arc<dyn Vfs>) -> Result<(CacheFs, Freshness), Failure> {
    let build = |mode| builder(&config.cache, Arc::clone(source)).coherence(mode).build();
    let (wanted, insisted) = wanted(config.cache.coherence);
    let (built, mode, no_watch) = match build(wanted) {
        Err(BuildError::Watch(error)) if insisted => {
            return Err(Failure::mount(format!("--coherence watch!: the source cannot be watched: {error}")));
        }
        Err(BuildError::Watch(error)) => (build(Coherence::Open), Coherence::Open, Some(reason(&error))),
        built => (built, wanted, None),
    };
    let cache = built.map_err(|error| Failure::system(format!("the cache cannot be set up: {error}")))?;
    let method = cache.coherence().watch.map(|watch| watch.method);
    Ok((cache, Freshness { mode, method, no_watch }))
}

/// What to ask the engine for, and whether nothing else will do.
fn wanted(asked: flags::Coherence) -> (Coherence, bool) {
    match asked {
        flags::Coherence::Auto => (Coherence::Watch(WatchHow::default()), false),
        flags::Coherence::Watch { method, force } => {
            (Coherence::Watch(WatchHow { force, method, ..WatchHow::default() }), force)
        }
        flags::Coherence::Open => (Coherence::Open, false),
        flags::Coherence::Ttl(_) => (Coherence::Ttl(asked.belief()), false),
        flags::Coherence::Single => (Coherence::Single, false),
    }
}

fn builder(cache: &CacheConfig, source: Arc<dyn Vfs>) -> CacheBuilder {
    let mode = match cache.mode {
        // What is beneath takes what is written, and writes it back.
        Mode::Through | Mode::Back => WriteMode::Through,
        Mode::Around => WriteMode::Around,
    };
    let belief = cache.coherence.belief();
    let builder = CacheFs::builder(source);
    let builder = match cache.pin_bytes_max {
        Some(bytes) => builder.pin_max(usize::try_from(bytes).unwrap_or(usize::MAX)),
        None => builder,
    };
    builder
        .attr_ttl(belief)
        .name_ttl(belief)
        .negative_ttl(belief)
        .listing_ttl(belief)
        .policy(cache.policy)
        .memory(usize::try_from(cache.memory_bytes).unwrap_or(usize::MAX))
        .metadata_entries(cache.metadata_entries)
        .write_mode(mode)
        .readahead(cache.readahead_bytes)
        .curve(cache.curve)
        .handles_max(cache.handles_max.get())
}
