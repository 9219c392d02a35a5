use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::plot::Kind;

/// How long changes took to be seen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Windows {
    /// Through the mount.
    mount: BTreeMap<Kind, Vec<Duration>>,
    /// In the source: what the measuring itself takes.
    floor: Vec<Duration>,
    /// Changes that were looked for in vain.
    pub(crate) unseen: BTreeMap<Kind, u64>,
}

impl Windows {
    /// Notes how long it took, if it was seen at all.
    pub(crate) fn note(&mut self, kind: Kind, native: bool, window: Option<Duration>) {
        match window {
            None => *self.unseen.entry(kind).or_default() += 1,
            Some(window) if native => self.floor.push(window),
            Some(window) => self.mount.entry(kind).or_default().push(window),
        }
    }

    /// Adds those of another writer.
    pub(crate) fn merge(&mut self, other: Self) {
        for (kind, windows) in other.mount {
            self.mount.entry(kind).or_default().extend(windows);
        }
        self.floor.extend(other.floor);
        for (kind, count) in other.unseen {
            *self.unseen.entry(kind).or_default() += count;
        }
    }

    /// How many were measured through the mount.
    pub(crate) fn count(&self) -> usize {
        self.mount.values().map(Vec::len).sum()
    }

    /// This share of the windows was no longer.
    pub(crate) fn quantile(&self, share: f64) -> Duration {
        quantile(self.mount.values().flatten().copied().collect(), share)
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index below the length")]
fn quantile(mut windows: Vec<Duration>, share: f64) -> Duration {
    windows.sort_unstable();
    let last = windows.len().saturating_sub(1);
    windows.get((last as f64 * share).ceil() as usize).copied().unwrap_or_default()
}

impl fmt::Display for Windows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all: Vec<Duration> = self.mount.values().flatten().copied().collect();
        let kinds = self.mount.iter().map(|(kind, windows)| (format!("{kind:?}"), windows.clone()));
        let rows = [("all".to_owned(), all), ("in the source".to_owned(), self.floor.clone())];
        for (name, windows) in kinds.chain(rows) {
            let at = |share| quantile(windows.clone(), share).as_secs_f64() * 1e3;
            let (count, median, high, most) = (windows.len(), at(0.5), at(0.99), at(1.0));
            writeln!(
                f,
                "seen after, {name:<14} median {median:7.2} ms, p99 {high:7.2} ms, most {most:7.2} ms of {count}"
            )?;
        }
        let unseen: u64 = self.unseen.values().sum();
        writeln!(f, "not seen in time: {unseen} {:?}", self.unseen)
    }
}
