use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::ops::Bound;
use std::sync::Arc;

use hashbrown::HashMap;

use super::node::Node;
use crate::{Cookie, Name};

/// The entries of a directory, by name and in the order of their creation.
#[derive(Debug, Default)]
pub(super) struct Names {
    by_name: HashMap<Arc<OsStr>, Entry>,
    /// The same names by cookie.
    in_order: BTreeMap<u64, Arc<OsStr>>,
    /// The last cookie given out. None is used twice, so that a place in a listing never means another one.
    last: u64,
}

#[derive(Debug)]
struct Entry {
    node: Arc<Node>,
    cookie: u64,
}

/// An entry as a listing takes it along when it lets the directory go.
pub(super) struct Listed {
    pub(super) name: Arc<OsStr>,
    pub(super) node: Arc<Node>,
    pub(super) cookie: Cookie,
}

impl Names {
    pub(super) fn len(&self) -> usize {
        self.by_name.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    pub(super) fn get(&self, name: Name<'_>) -> Option<&Arc<Node>> {
        self.by_name.get(name.as_os_str()).map(|entry| &entry.node)
    }

    /// Adds a name that is not there, at the end of the listing.
    pub(super) fn add(&mut self, name: Name<'_>, node: Arc<Node>) {
        self.last += 1;
        let key: Arc<OsStr> = Arc::from(name.as_os_str());
        self.in_order.insert(self.last, Arc::clone(&key));
        self.by_name.insert(key, Entry { node, cookie: self.last });
    }

    /// Lets a name stand for another inode and keep its place in the listing. Adds it if it is not there. Answers
    /// what it stood for.
    pub(super) fn replace(&mut self, name: Name<'_>, node: Arc<Node>) -> Option<Arc<Node>> {
        if let Some(entry) = self.by_name.get_mut(name.as_os_str()) {
            return Some(std::mem::replace(&mut entry.node, node));
        }
        self.add(name, node);
        None
    }

    pub(super) fn remove(&mut self, name: Name<'_>) -> Option<Arc<Node>> {
        let entry = self.by_name.remove(name.as_os_str())?;
        self.in_order.remove(&entry.cookie);
        Some(entry.node)
    }

    /// At most `limit` entries after a place.
    pub(super) fn after(&self, cookie: Cookie, limit: usize) -> Vec<Listed> {
        let entries = self.in_order.range((Bound::Excluded(cookie.0), Bound::Unbounded)).take(limit);
        let listed = |(&cookie, name): (&u64, &Arc<OsStr>)| {
            let node = Arc::clone(&self.by_name.get(name)?.node);
            Some(Listed { name: Arc::clone(name), node, cookie: Cookie(cookie) })
        };
        entries.filter_map(listed).collect()
    }

    /// Takes all inodes out.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = Arc<Node>> {
        std::mem::take(self).by_name.into_values().map(|entry| entry.node)
    }
}
