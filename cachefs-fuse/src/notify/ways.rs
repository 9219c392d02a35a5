use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use hashbrown::{HashMap, HashSet};

use crate::inodes::{Inodes, Link, NodeId};

/// The names that lead to what is mounted below the mount. The kernel must not be made to drop them.
#[derive(Debug)]
pub(super) struct Ways {
    /// Each with its directory; `None`: it could be any.
    names: Option<HashSet<(NodeId, Box<[u8]>)>>,
    /// The directories on the way.
    dirs: HashSet<NodeId>,
}

impl Ways {
    /// The ways to these places, which are paths from the top. The kernel shows them by names that it knows, and those
    /// are in the table.
    pub(super) fn to(places: &[PathBuf], inodes: &Inodes) -> Self {
        let children = children(places, inodes);
        let mut ways = Self { names: Some(HashSet::new()), dirs: HashSet::new() };
        for place in places {
            let mut at = Some(NodeId::ROOT);
            for name in place.iter().map(|name| Box::from(name.as_bytes())) {
                let (Some(dir), Some(names)) = (at, &mut ways.names) else { return Self::any() };
                ways.dirs.insert(dir);
                let step = (dir, name);
                at = children.get(&step).copied();
                names.insert(step);
            }
        }
        ways
    }

    /// They may be anywhere.
    pub(super) fn any() -> Self {
        Self { names: None, dirs: HashSet::from_iter([NodeId::ROOT]) }
    }

    pub(super) fn lead_through(&self, link: &Link) -> bool {
        self.names.as_ref().is_none_or(|names| names.contains(&(link.parent, link.name.clone())))
    }

    pub(super) fn dirs(&self) -> impl Iterator<Item = NodeId> {
        self.dirs.iter().copied()
    }
}

/// Known directories by name, as far as their names occur on the way to one of these places.
fn children(places: &[PathBuf], inodes: &Inodes) -> HashMap<(NodeId, Box<[u8]>), NodeId> {
    let wanted: HashSet<&[u8]> = places.iter().flatten().map(OsStrExt::as_bytes).collect();
    let mut found = HashMap::new();
    for part in inodes.parts() {
        for known in inodes.part(part).into_iter().filter(|known| known.kind.is_dir()) {
            let links = inodes.links(known.node).into_iter().filter(|link| wanted.contains(&*link.name));
            found.extend(links.map(|link| ((link.parent, link.name), known.node)));
        }
    }
    found
}
