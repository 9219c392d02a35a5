use rustix::fs::FsWord;

use crate::Error;

/// Why changes to a filesystem of this type (`f_type` of statfs) would go unseen: other machines, or a daemon, make
/// them without this kernel's doing. `None` if they would not.
pub(super) fn reason(fs_type: FsWord) -> Option<&'static str> {
    // Half of the types fill 32 bits, which some kernels extend by their sign.
    #[expect(clippy::cast_possible_truncation, reason = "the upper half carries nothing")]
    let magic = fs_type as u32;
    Some(match magic {
        0x6969 => "watching NFS, which does not tell of changes by other machines:",
        0x517B | 0xFF53_4D42 | 0xFE53_4D42 => {
            "watching SMB, which does not tell of all changes by other machines:"
        }
        0x0102_1997 => "watching 9p, which does not tell of changes by its server:",
        0x6573_5546 => "watching FUSE, which does not tell of changes beneath it:",
        0x5346_414F | 0x6B41_4653 => "watching AFS, which does not tell of changes by other machines:",
        0x00C3_6400 => "watching Ceph, which does not tell of changes by other machines:",
        0x0BD0_0BD0 => "watching Lustre, which does not tell of changes by other machines:",
        0x0116_1970 => "watching GFS2, which does not tell of changes by other machines:",
        0x7461_636F => "watching OCFS2, which does not tell of changes by other machines:",
        0x4750_4653 => "watching GPFS, which does not tell of changes by other machines:",
        0x1983_0326 => "watching BeeGFS, which does not tell of changes by other machines:",
        0x7375_7245 => "watching Coda, which does not tell of changes by other machines:",
        0x786F_4256 | 0xBACB_ACBC | 0x7C7C_6673 => {
            "watching a directory of the host, which does not tell of its changes:"
        }
        _ => return None,
    })
}

/// Refuses what would not be told of.
pub(super) fn check(fs_type: FsWord, path: &std::path::Path) -> crate::Result<()> {
    reason(fs_type).map_or(Ok(()), |reason| Err(Error::unsupported().on(reason, path)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Errno;

    #[test]
    fn filesystems_that_others_change_unseen_are_refused_with_the_reason() {
        let error = check(0x6969, "/srv/src".as_ref()).unwrap_err();
        assert_eq!(error.errno(), Errno::OPNOTSUPP);
        let text = "watching NFS, which does not tell of changes by other machines: /srv/src: ";
        assert!(error.to_string().starts_with(text), "{error}");
        for network in [0xFF53_4D42, 0xFE53_4D42, 0x517B, 0x0102_1997, 0x6573_5546, 0x5346_414F, 0x00C3_6400]
        {
            assert!(reason(network).is_some(), "{network:#x}");
        }
        assert!(reason(FsWord::from(0xFF53_4D42_u32.cast_signed())).is_some(), "as 32-bit kernels tell it");
    }

    #[test]
    fn filesystems_of_this_machine_are_not() {
        for local in [0xEF53, 0x5846_5342, 0x9123_683E, 0x0102_1994, 0xF2F5_2010, 0x794C_7630] {
            assert_eq!(reason(local), None, "{local:#x}");
        }
    }
}
