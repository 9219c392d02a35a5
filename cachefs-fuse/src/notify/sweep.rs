//! Taking back everything the kernel knows.

use std::sync::Arc;

use super::crier::Shared;
use super::outbox::Key;
use super::work::Work;
use crate::inodes::Known;

/// Waits for the need and sees to it, until the mount ends.
pub(super) fn run(shared: &Arc<Shared>) {
    while shared.outbox.wait_for_sweep() {
        tracing::debug!("everything the kernel knows is taken back");
        sweep(shared);
    }
}

/// First what waits for nothing: names and attributes. Then, as there is room, what may have to wait.
fn sweep(shared: &Shared) {
    if shared.kernel.has_epochs() {
        shared.kernel.epoch();
    }
    let inodes = shared.tree.inodes();
    for part in inodes.parts() {
        for known in inodes.part(part) {
            shared.kernel.attr(known.node);
        }
    }
    for part in inodes.parts() {
        for known in inodes.part(part) {
            if !tell(shared, &known) {
                return;
            }
        }
    }
}

/// False when the mount has ended.
fn tell(shared: &Shared, known: &Known) -> bool {
    let (node, dir) = (known.node, known.kind.is_dir());
    let inode = || if dir { Work::attr() } else { Work::data() };
    let mut told = offer(shared, Key::Inode(node), || inode().unproven());
    if dir {
        told &= offer(shared, Key::Dir(node), Work::listing);
    }
    if !shared.kernel.has_epochs() {
        for link in shared.tree.inodes().links(node) {
            told &= offer(shared, Key::Dir(link.parent), || Work::name(&link.name, None));
        }
    }
    told
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
