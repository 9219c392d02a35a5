//! Taking back everything the kernel knows.

use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

use super::crier::Shared;
use super::outbox::Key;
use super::ways::Ways;
use super::work::Work;
use crate::inodes::{Known, NodeId};
use crate::session::mountinfo::mounted_below;

/// Bytes of a listing that are looked through at a time.
const LISTING_ROOM: usize = 64 << 10;

/// Waits for the need and sees to it, until the mount ends.
pub(super) fn run(shared: &Arc<Shared>) {
    while shared.outbox.wait_for_sweep() {
        tracing::debug!("everything the kernel knows is taken back");
        sweep(shared);
    }
}

/// First what waits for nothing: names and attributes. Then, as there is room, what may have to wait.
fn sweep(shared: &Shared) {
    let ways = names(shared);
    let inodes = shared.tree.inodes();
    for part in inodes.parts() {
        for known in inodes.part(part) {
            shared.kernel.attr(known.node);
        }
    }
    for part in inodes.parts() {
        for known in inodes.part(part) {
            if !tell(shared, &known, ways.as_ref()) {
                return;
            }
        }
    }
    if let Some(ways) = ways.filter(|_| shared.kernel.has_epochs()) {
        ways.dirs().for_each(|dir| missing(shared, dir));
    }
}

/// Takes all names back at once, where that is possible and unmounts nothing. Otherwise they are to be told one by one,
/// except for those that lead to what is mounted below.
fn names(shared: &Shared) -> Option<Ways> {
    let inodes = shared.tree.inodes();
    match mounted_below(&shared.device) {
        Ok(places) if places.is_empty() && shared.kernel.has_epochs() => {
            shared.kernel.epoch();
            None
        }
        Ok(places) => Some(Ways::to(&places, inodes)),
        Err(error) => {
            tracing::warn!(%error, "cannot see what is mounted below the mount");
            Some(Ways::any())
        }
    }
}

/// False when the mount has ended.
fn tell(shared: &Shared, known: &Known, ways: Option<&Ways>) -> bool {
    let (node, dir) = (known.node, known.kind.is_dir());
    let inode = || if dir { Work::attr() } else { Work::data() };
    let mut told = offer(shared, Key::Inode(node), || inode().unproven());
    if dir {
        told &= offer(shared, Key::Dir(node), Work::listing);
    }
    let Some(ways) = ways else { return told };
    let inodes = shared.tree.inodes();
    // Who has a file open sees its name deleted when the kernel drops it.
    let open = inodes.state(node).is_some_and(|state| state.open);
    for link in inodes.links(node) {
        told &= offer(shared, Key::Dir(link.parent), || match open || ways.lead_through(&link) {
            true => Work::again(&link.name),
            false => Work::name(&link.name, None),
        });
    }
    told
}

/// A directory that the kernel may not drop may have names by now that the kernel believes to be missing.
fn missing(shared: &Shared, dir: NodeId) {
    let mut offset = 0;
    loop {
        let listed = match shared.tree.list(dir, offset, LISTING_ROOM) {
            Ok(listed) => listed,
            Err(error) => {
                tracing::warn!(node = dir.0, %error, "names made unseen may stay unseen in a directory");
                return;
            }
        };
        let Some(last) = listed.last() else { return };
        offset = last.offset;
        for item in &listed {
            if !offer(shared, Key::Dir(dir), || Work::again(item.name.as_bytes())) {
                return;
            }
        }
    }
}

/// Leaves the other half of the room to what happens meanwhile.
fn offer(shared: &Shared, key: Key, work: impl Fn() -> Work) -> bool {
    while shared.outbox.wait_for_room() {
        if shared.outbox.push(key, work()) {
            return true;
        }
    }
    false
}
