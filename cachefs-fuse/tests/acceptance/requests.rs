use std::net::SocketAddr;

use super::metrics_page;

/// How many requests of each kind reached a daemon, or did so within some time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Requests(Vec<(String, f64)>);

impl Requests {
    /// All until now; what the kernel only forgets is no request.
    pub fn until_now(metrics: SocketAddr) -> Self {
        let page = metrics_page(metrics);
        let ours = page.lines().filter_map(|line| line.strip_prefix("cachefs_fuse_ops_total{"));
        let counts = ours.filter_map(|rest| {
            let (labels, value) = rest.split_once("} ")?;
            let forgotten = labels.contains("\"forget\"") || labels.contains("\"batch_forget\"");
            (!forgotten).then(|| (labels.to_owned(), value.parse().unwrap()))
        });
        Self(counts.collect())
    }

    /// Those that something sends.
    pub fn sent(metrics: SocketAddr, act: impl FnOnce()) -> Self {
        let before = Self::until_now(metrics);
        act();
        let more = Self::until_now(metrics).0.into_iter().map(|(label, after)| {
            let count = before.0.iter().find(|(name, _)| *name == label).map_or(0.0, |(_, count)| *count);
            (label, after - count)
        });
        Self(more.filter(|(_, grown)| *grown > 0.0).collect())
    }

    /// Whether there were none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All together.
    pub fn total(&self) -> f64 {
        self.0.iter().map(|(_, count)| count).sum()
    }

    /// Those of one kind, such as `read`.
    pub fn of(&self, op: &str) -> f64 {
        let label = format!("op=\"{op}\"");
        self.0.iter().filter(|(name, _)| name.contains(&label)).map(|(_, count)| count).sum()
    }

    /// Without those by which a file is opened and closed.
    pub fn without_opening(mut self) -> Self {
        self.0.retain(|(label, _)| !label.contains("\"open\"") && !label.contains("\"release\""));
        self
    }

    /// Without the one that `find` sends for how full the filesystem is, which the kernel never answers by itself.
    pub fn without_one_statfs(mut self) -> Self {
        self.0.retain(|(label, count)| !label.contains("\"statfs\"") || *count > 1.0);
        self
    }
}
