use cachefs_vfs::FileId;

/// The number by which kernel and daemon name an inode; users see it as `st_ino`.
///
/// A file on the device of the mounted directory has its inode number there, so that numbers survive a remount.
/// The top directory is 1, as FUSE wants it. Whatever else would get 0 or 1, has the highest bit set, or lies on
/// another device (below a nested mount) gets a number made from device and inode, with the highest bit set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct NodeId(pub(crate) u64);

const SYNTHETIC: u64 = 1 << 63;

impl NodeId {
    /// The top directory.
    pub(crate) const ROOT: Self = Self(1);

    /// A number for a file whose own is in use for an earlier one. As those of other devices, it could only be that of
    /// another file by a coincidence of 63 bits.
    pub(crate) fn made_up(id: FileId) -> Self {
        Self(mix(synthetic(id.device, id.inode).0.wrapping_add(mix(id.generation))) | SYNTHETIC)
    }

    /// Whether the number was made up.
    pub(crate) fn is_synthetic(self) -> bool {
        self.0 & SYNTHETIC != 0
    }
}

/// Turns identities into node ids.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Numbering {
    root: FileId,
}

impl Numbering {
    pub(crate) fn new(root: FileId) -> Self {
        Self { root }
    }

    pub(crate) fn root(self) -> FileId {
        self.root
    }

    pub(crate) fn of(self, id: FileId) -> NodeId {
        self.at(id.device, id.inode)
    }

    /// The number of `inode` on `device`.
    pub(crate) fn at(self, device: u64, inode: u64) -> NodeId {
        if device != self.root.device {
            return synthetic(device, inode);
        }
        match inode {
            same if same == self.root.inode => NodeId::ROOT,
            0 | 1 | SYNTHETIC.. => synthetic(device, inode),
            plain => NodeId(plain),
        }
    }

    /// The identity behind a number that the kernel kept longer than we did; of any generation.
    pub(crate) fn identity(self, node: NodeId) -> Option<FileId> {
        (node != NodeId::ROOT && !node.is_synthetic()).then_some(FileId {
            device: self.root.device,
            inode: node.0,
            generation: 0,
        })
    }
}

/// The same at every mount. Two files could only get the same number by a coincidence of 63 bits.
fn synthetic(device: u64, inode: u64) -> NodeId {
    NodeId(mix(mix(device).wrapping_add(inode)) | SYNTHETIC)
}

/// The finalizer of splitmix64: a bijection in which each bit of the input moves half of the output.
fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_backing_where_they_can_be() {
        let root = FileId { device: 7, inode: 2, generation: 0 };
        let numbering = Numbering::new(root);
        assert_eq!(numbering.of(root), NodeId::ROOT);
        assert_eq!(numbering.at(7, 12), NodeId(12));
        assert_eq!(numbering.identity(NodeId(12)).map(|id| id.inode), Some(12));
        for odd in [numbering.at(7, 0), numbering.at(7, 1), numbering.at(8, 12), numbering.at(7, u64::MAX)] {
            assert!(odd.is_synthetic(), "{odd:?}");
            assert_eq!(numbering.identity(odd), None);
        }
        assert_ne!(numbering.at(8, 2), NodeId::ROOT, "another device's inode 2 is not the top");
        assert_ne!(numbering.at(8, 12), numbering.at(9, 12));
    }
}
