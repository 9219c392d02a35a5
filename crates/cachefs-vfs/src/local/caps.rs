use std::time::Duration;

use rustix::fs::{StatVfsMountFlags, fstatfs, fstatvfs};
use rustix::io::Errno;

use super::{Shared, by_id};
use crate::{Caps, Result};

/// Filesystems of this machine whose times come from the kernel's clock, which ticks at least every 10 ms.
const LOCAL: [u64; 5] = [
    0xEF53,      // ext2, ext3, ext4
    0x5846_5342, // XFS
    0x9123_683E, // btrfs
    0x0102_1994, // tmpfs
    0xF2F5_2010, // f2fs
];
const NFS: u64 = 0x6969;
const SMB: [u64; 3] = [0x517B, 0xFF53_4D42, 0xFE53_4D42];

/// Asks the filesystem of the root what can be asked without changing anything. Whether it allocates, copies within
/// itself or knows holes shows only in the answer of those verbs.
pub(super) fn probe(shared: &Shared) -> Result<Caps> {
    let flags = fstatvfs(&shared.root)?.f_flag;
    let magic = fstatfs(&shared.root)?.f_type.cast_unsigned();
    let remote = magic == NFS || SMB.contains(&magic);
    Ok(Caps {
        read_only: flags.contains(StatVfsMountFlags::RDONLY),
        symlinks: true,
        hard_links: true,
        special_files: true,
        xattrs: knows_xattr(shared, "user.cachefs"),
        acls: knows_xattr(shared, "system.posix_acl_access"),
        owners: false,
        rename_flags: !remote,
        allocate: true,
        copy_range: true,
        seek_hole: true,
        open_id: by_id::is_possible(shared)?,
        granularity: if LOCAL.contains(&magic) { Duration::from_millis(10) } else { Duration::from_secs(2) },
    })
}

fn knows_xattr(shared: &Shared, key: &str) -> bool {
    let path = super::open::proc_path(shared.root());
    !matches!(rustix::fs::getxattr(path, key, &mut [0_u8; 0]), Err(Errno::OPNOTSUPP | Errno::NOSYS))
}
