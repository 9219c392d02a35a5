use std::fmt;
use std::net::SocketAddr;

use crate::flags::Config;
use crate::places::Places;

/// What is told of a mount that is ready.
#[derive(Debug)]
pub(super) struct Ready<'a> {
    pub(super) config: &'a Config,
    pub(super) places: &'a Places,
    pub(super) metrics: Option<SocketAddr>,
}

impl Ready<'_> {
    /// For programs, on one line.
    pub(super) fn json(&self) -> String {
        serde_json::json!({
            "event": "ready",
            "source": self.places.source.to_string_lossy(),
            "mountpoint": self.places.mountpoint.to_string_lossy(),
            "mode": self.config.cache.mode.name(),
            "memory_bytes": self.config.cache.memory_bytes,
            "ttl_seconds": self.config.cache.ttl.as_secs_f64(),
            "metrics": self.metrics.map(|address| address.to_string()),
            "pid": std::process::id(),
        })
        .to_string()
    }

    /// The engine's time to live and the kernel's follow one another.
    fn stale_max_seconds(&self) -> f64 {
        let kernel = &self.config.kernel;
        let longest = kernel.attr_ttl.max(kernel.entry_ttl).max(kernel.negative_ttl);
        (self.config.cache.ttl + longest).as_secs_f64()
    }
}

/// For people, on one line.
impl fmt::Display for Ready<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (cache, places) = (&self.config.cache, self.places);
        write!(
            f,
            "{} on {}: mode {}, {} MiB of memory, changes made behind it are seen within {} s",
            places.source.display(),
            places.mountpoint.display(),
            cache.mode.name(),
            cache.memory_bytes >> 20,
            self.stale_max_seconds(),
        )?;
        match self.metrics {
            Some(address) => write!(f, ", metrics on http://{address}/metrics"),
            None => Ok(()),
        }
    }
}
