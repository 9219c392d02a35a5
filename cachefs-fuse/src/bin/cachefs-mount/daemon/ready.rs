use std::fmt;
use std::net::SocketAddr;
use std::path::Path;

use cachefs_fuse::Profile;

use crate::flags::{Coherence, Config};
use crate::places::Places;

use super::back::Back;
use super::freshness::Freshness;

/// What is told of a mount that is ready.
#[derive(Debug)]
pub(super) struct Ready<'a> {
    pub(super) config: &'a Config,
    pub(super) places: &'a Places,
    pub(super) freshness: &'a Freshness,
    /// The one in force.
    pub(super) profile: Profile,
    /// Openings are spared: nobody else makes files longer in place.
    pub(super) no_growth: bool,
    pub(super) metrics: Option<SocketAddr>,
    pub(super) back: Option<&'a Back>,
    /// The socket it is steered by.
    pub(super) control: Option<&'a Path>,
}

impl Ready<'_> {
    /// For programs, on one line.
    pub(super) fn json(&self) -> String {
        serde_json::json!({
            "event": "ready",
            "source": self.places.source.to_string_lossy(),
            "mountpoint": self.places.mountpoint.to_string_lossy(),
            "mode": self.config.cache.mode.name(),
            "durability": self.back.map(|back| back.config().durability()),
            "sync": self.back.map(|back| back.config().sync()),
            "journal": self.back.map(|back| back.journal().to_string_lossy().into_owned()),
            "replayed": self.back.map(|back| {
                let replayed = back.replayed();
                serde_json::json!({
                    "files": replayed.files,
                    "bytes": replayed.bytes,
                    "conflicts": replayed.conflicts.len(),
                    "dropped": replayed.dropped.len(),
                    "waiting": replayed.waiting.len(),
                    "damaged": replayed.damaged.len(),
                })
            }),
            "control": self.control.map(|path| path.to_string_lossy().into_owned()),
            "memory_bytes": self.config.cache.memory_bytes,
            "profile": self.profile.name(),
            "assume_no_growth": self.no_growth,
            "coherence": self.freshness.name(),
            "watch": self.freshness.watched(),
            "no_watch": self.freshness.no_watch,
            "ttl_seconds": self.ttl_seconds(),
            "metrics": self.metrics.map(|address| address.to_string()),
            "pid": std::process::id(),
        })
        .to_string()
    }

    fn ttl_seconds(&self) -> Option<f64> {
        match self.config.cache.coherence {
            Coherence::Ttl(age) => Some(age.as_secs_f64()),
            _ => None,
        }
    }

    /// How old an answer can be, where that is a matter of time.
    fn stale_max_seconds(&self) -> Option<f64> {
        let asked @ Coherence::Ttl(_) = self.config.cache.coherence else { return None };
        let kernel = &self.config.kernel;
        let longest = kernel.attr_ttl.max(kernel.entry_ttl).max(kernel.negative_ttl);
        Some((asked.belief() + longest).as_secs_f64())
    }
}

/// For people, on one line.
impl fmt::Display for Ready<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (cache, places) = (&self.config.cache, self.places);
        write!(
            f,
            "{} on {}: profile {}, mode {}",
            places.source.display(),
            places.mountpoint.display(),
            self.profile.name(),
            cache.mode.name(),
        )?;
        if let Some(back) = self.back {
            write!(f, " (durability {}, sync {})", back.config().durability(), back.config().sync())?;
        }
        write!(f, ", {} MiB of memory, {}", cache.memory_bytes >> 20, self.freshness)?;
        if let Some(seconds) = self.stale_max_seconds() {
            write!(f, " within {seconds} s")?;
        }
        if self.no_growth {
            write!(f, ", files grow by nobody else")?;
        }
        match self.metrics {
            Some(address) => write!(f, ", metrics on http://{address}/metrics"),
            None => Ok(()),
        }
    }
}
