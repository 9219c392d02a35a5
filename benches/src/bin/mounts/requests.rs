use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::Result;

const SERIES: &str = "cachefs_fuse_ops_total{";
const TIMEOUT: Duration = Duration::from_secs(10);

/// Requests a daemon was sent, by verb. What the kernel only forgets is none: nobody waits for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Requests(pub(crate) BTreeMap<String, u64>);

impl Requests {
    /// Asks the metrics at this address how many there were so far.
    pub(crate) fn so_far(address: SocketAddr) -> Result<Self> {
        let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        write!(stream, "GET /metrics HTTP/1.1\r\nHost: {address}\r\n\r\n")?;
        let mut page = String::new();
        stream.read_to_string(&mut page)?;
        Ok(Self::of_page(&page))
    }

    /// A verb has several series: answered well, or with an error.
    fn of_page(page: &str) -> Self {
        let mut counts = Self::default();
        for series in page.lines().filter_map(|line| line.strip_prefix(SERIES)) {
            let Some((labels, value)) = series.split_once("} ") else { continue };
            let verb = labels.split(',').find_map(|label| label.strip_prefix("op=\"")?.strip_suffix('"'));
            let (Some(verb), Ok(count)) = (verb, value.parse::<u64>()) else { continue };
            if !verb.contains("forget") {
                *counts.0.entry(verb.to_owned()).or_default() += count;
            }
        }
        counts
    }

    /// What came since `before`.
    pub(crate) fn since(&self, before: &Self) -> Self {
        let grown = self.0.iter().map(|(verb, count)| {
            let earlier = before.0.get(verb).copied().unwrap_or_default();
            (verb.clone(), count.saturating_sub(earlier))
        });
        Self(grown.filter(|(_, count)| *count > 0).collect())
    }

    /// Adds those of another round.
    pub(crate) fn add(&mut self, more: &Self) {
        for (verb, count) in &more.0 {
            *self.0.entry(verb.clone()).or_default() += count;
        }
    }

    pub(crate) fn total(&self) -> u64 {
        self.0.values().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_by_verb() {
        let page = |reads: u64| {
            let series = |op, result, count| {
                format!("cachefs_fuse_ops_total{{op=\"{op}\",result=\"{result}\"}} {count}\n")
            };
            format!(
                "# TYPE cachefs_fuse_ops_total counter\n{}{}{}{}cachefs_fuse_inodes 9\n",
                series("read", "error", 1),
                series("read", "ok", reads - 1),
                series("lookup", "ok", 7),
                series("forget", "ok", reads)
            )
        };
        let (before, after) = (Requests::of_page(&page(3)), Requests::of_page(&page(8)));
        assert_eq!(before.total(), 10);
        let mut since = after.since(&before);
        assert_eq!(since.0, BTreeMap::from([("read".to_owned(), 5)]));
        since.add(&since.clone());
        assert_eq!(since.total(), 10);
    }
}
