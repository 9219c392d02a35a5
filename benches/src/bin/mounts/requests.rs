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

    fn of_page(page: &str) -> Self {
        let series = page.lines().filter_map(|line| line.strip_prefix(SERIES));
        let counts = series.filter_map(|rest| {
            let (labels, value) = rest.split_once("} ")?;
            let verb = labels.split('"').nth(1)?;
            let counted = !verb.contains("forget");
            counted.then_some((verb.to_owned(), value.parse().ok()?))
        });
        Self(counts.collect())
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
            format!(
                "# TYPE cachefs_fuse_ops_total counter\ncachefs_fuse_ops_total{{op=\"read\"}} {reads}\n\
                 cachefs_fuse_ops_total{{op=\"lookup\"}} 7\ncachefs_fuse_ops_total{{op=\"forget\"}} {reads}\n\
                 cachefs_fuse_inodes 9\n"
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
