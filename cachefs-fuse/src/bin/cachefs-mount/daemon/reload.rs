use std::fmt;
use std::sync::Arc;

use cachefs::CacheFs;
use parking_lot::Mutex;

use super::log::Log;
use super::notifier::Notifier;
use crate::flags::{Config, Effective};

/// Reads the configuration anew.
pub(crate) type Reread = Box<dyn Fn() -> Result<Config, String> + Send>;

/// What follows from a configuration that was changed while the mount is there.
pub(super) struct Reload {
    reread: Reread,
    /// What holds.
    settings: Arc<Mutex<Effective>>,
    cache: CacheFs,
    log: Log,
    notifier: Notifier,
    /// What is told when it is done.
    status: String,
}

impl Reload {
    pub(super) fn new(
        reread: Reread,
        settings: Arc<Mutex<Effective>>,
        (cache, log): (CacheFs, Log),
        notifier: Notifier,
        status: String,
    ) -> Self {
        Self { reread, settings, cache, log, notifier, status }
    }

    /// Reads it, has hold what can, and logs what changed and what needs another mount. Of a configuration that is
    /// wrong nothing holds.
    pub(super) fn run(&self) {
        self.notifier.reloading();
        match (self.reread)() {
            Ok(config) => self.adopt(&config),
            Err(error) => tracing::error!("the configuration stays as it was: {error}"),
        }
        self.notifier.ready(&self.status);
    }

    fn adopt(&self, config: &Config) {
        let mut settings = self.settings.lock();
        let changes = settings.changes(&config.effective);
        if changes.is_empty() {
            return tracing::info!("configuration read: nothing changed");
        }
        for change in changes {
            let (name, before, after) = (&change.name, &change.before, &change.after);
            if change.live {
                tracing::info!("configuration read: {name} is {after}, was {before}");
            } else {
                tracing::warn!(
                    "configuration read: {name} stays {before} until the next mount: it cannot become {after} before"
                );
            }
        }
        if let Err(error) = self.log.set_level(config.log.level) {
            tracing::error!(%error, "the log tells as much as before");
        }
        self.cache.set_memory(usize::try_from(config.cache.memory_bytes).unwrap_or(usize::MAX));
        settings.adopt_live(&config.effective);
    }
}

impl fmt::Debug for Reload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reload").field("settings", &self.settings).finish_non_exhaustive()
    }
}
