use std::os::fd::BorrowedFd;

use cachefs_sys::handle::{self, FileHandle};
use parking_lot::RwLock;
use rustix::fs::{FsWord, fstatfs};
use rustix::io::{Errno, Result};

use crate::FileId;

/// How a filesystem tells users of the same inode number apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    /// By a handle of inode and generation, 32 bits each: ext2, ext3, ext4, f2fs and other disk filesystems.
    Short,
    /// By a handle of inode (64 bits) and generation (32 bits): XFS.
    Long,
    /// By a handle of generation (32 bits) and inode (64 bits, low half first): tmpfs.
    Memory,
    /// By a handle that only the filesystem understands.
    Opaque,
    /// By the time of birth, if there is one.
    Birth,
    /// Not at all: the birth of a file on overlayfs changes when it is first written to.
    Never,
}

/// `FILEID_INO32_GEN` of the kernel, which tmpfs uses with a layout of its own.
const KIND_SHORT: i32 = 1;
/// XFS' type for 64-bit inode numbers without a parent; FUSE has the same one with another layout.
const KIND_LONG: i32 = 0x81;

impl Scheme {
    /// That of the filesystem which gave `handle` to `inode`. A handle of a known kind that does not hold the inode
    /// is of FUSE, where it names what the daemon may forget at any time.
    fn of(handle: &FileHandle, inode: u64) -> Self {
        let scheme = match (handle.kind(), handle.bytes().len()) {
            (KIND_SHORT, 8) => Self::Short,
            (KIND_SHORT, 12) => Self::Memory,
            (KIND_LONG, 12) => Self::Long,
            _ => return Self::Opaque,
        };
        if scheme.generation(handle, inode).is_some() { scheme } else { Self::Birth }
    }

    /// Whether generations come from handles.
    pub(super) fn has_handles(self) -> bool {
        !matches!(self, Self::Birth | Self::Never)
    }

    /// The generation in `handle`. `None` if the handle is not one of `inode`.
    pub(super) fn generation(self, handle: &FileHandle, inode: u64) -> Option<u64> {
        if self == Self::Opaque {
            return Some(fnv(handle));
        }
        let (found, generation) = self.identity(handle.bytes())?;
        let told = if self == Self::Short { inode & u64::from(u32::MAX) } else { inode };
        (found == told).then_some(generation)
    }

    /// Inode and generation in the bytes of a handle, where they can be told from them.
    pub(super) fn identity(self, handle: &[u8]) -> Option<(u64, u64)> {
        let word = |at: usize| handle.get(at * 4..)?.first_chunk().copied().map(u32::from_ne_bytes);
        let (inode, generation, length) = match self {
            Self::Short => (u64::from(word(0)?), word(1)?, 8),
            Self::Long => (join(word(0)?, word(1)?), word(2)?, 12),
            Self::Memory => (u64::from(word(1)?) | u64::from(word(2)?) << 32, word(0)?, 12),
            Self::Opaque | Self::Birth | Self::Never => return None,
        };
        (handle.len() == length).then_some((inode, u64::from(generation)))
    }

    /// Whether [`Scheme::identity`] answers.
    pub(super) fn tells_identity(self) -> bool {
        matches!(self, Self::Short | Self::Long | Self::Memory)
    }

    /// Whether generation 0 in a handle stands for any.
    pub(super) fn any_generation(self) -> bool {
        self == Self::Short
    }

    /// The handle of a file. `None` where handles cannot be made up.
    pub(super) fn handle(self, id: FileId) -> Option<FileHandle> {
        let generation = u32::try_from(id.generation).ok()?.to_ne_bytes();
        let low = u32::try_from(id.inode & u64::from(u32::MAX)).ok()?.to_ne_bytes();
        let high = u32::try_from(id.inode >> 32).ok()?.to_ne_bytes();
        match self {
            Self::Short if high == [0; 4] => FileHandle::new(KIND_SHORT, &[low, generation].concat()),
            Self::Long => FileHandle::new(KIND_LONG, &[&id.inode.to_ne_bytes()[..], &generation].concat()),
            Self::Memory => FileHandle::new(KIND_SHORT, &[generation, low, high].concat()),
            _ => None,
        }
    }
}

/// Two words of memory as the number that lies there.
fn join(first: u32, second: u32) -> u64 {
    let mut bytes = [0; 8];
    bytes[..4].copy_from_slice(&first.to_ne_bytes());
    bytes[4..].copy_from_slice(&second.to_ne_bytes());
    u64::from_ne_bytes(bytes)
}

/// FNV-1a, 64 bits.
fn fnv(handle: &FileHandle) -> u64 {
    let mix = |hash: u64, &byte: &u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    handle.bytes().iter().fold(0xcbf2_9ce4_8422_2325, mix)
}

/// The schemes of the filesystems met so far.
#[derive(Debug, Default)]
pub(super) struct Generations {
    schemes: RwLock<Vec<(u64, Scheme)>>,
}

const OVERLAY: FsWord = 0x794c_7630;

/// More filesystems than this below one directory are probed anew each time.
const SCHEMES_MAX: usize = 256;

impl Generations {
    pub(super) fn scheme(&self, device: u64) -> Option<Scheme> {
        self.schemes.read().iter().find(|(of, _)| *of == device).map(|(_, scheme)| *scheme)
    }

    /// Learns the scheme of `device` from a file there.
    ///
    /// # Errors
    /// Those of asking, except that there are no handles.
    pub(super) fn learn(&self, file: BorrowedFd<'_>, device: u64, inode: u64) -> Result<Scheme> {
        let scheme = if fstatfs(file)?.f_type == OVERLAY {
            Scheme::Never
        } else {
            match handle::of_fd(file) {
                Ok(handle) => Scheme::of(&handle, inode),
                Err(error @ (Errno::STALE | Errno::NOMEM)) => return Err(error),
                Err(_) => Scheme::Birth,
            }
        };
        let mut schemes = self.schemes.write();
        if schemes.len() < SCHEMES_MAX && schemes.iter().all(|(of, _)| *of != device) {
            schemes.push((device, scheme));
        }
        Ok(scheme)
    }

    /// Takes `device` for one of another scheme.
    #[cfg(test)]
    pub(super) fn pretend(&self, device: u64, scheme: Scheme) {
        *self.schemes.write() = vec![(device, scheme)];
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::fd::AsFd;
    use std::os::unix::fs::MetadataExt;

    use super::*;

    fn id(inode: u64) -> FileId {
        FileId { device: 1, inode, generation: 0xdead_beef }
    }

    #[test]
    fn a_handle_made_up_is_understood_again() {
        for (scheme, inode) in
            [(Scheme::Short, 0x98_c003), (Scheme::Long, 0x12_3456_789a), (Scheme::Memory, 0x12_3456_789a)]
        {
            let handle = scheme.handle(id(inode)).unwrap();
            assert_eq!(Scheme::of(&handle, inode), scheme);
            assert_eq!(Scheme::of(&handle, inode + 1), Scheme::Birth);
            assert_eq!(scheme.generation(&handle, inode), Some(0xdead_beef));
            assert_eq!(scheme.generation(&handle, inode + 1), None, "the handle is of another file");
        }
    }

    #[test]
    fn what_does_not_fit_is_not_made_up() {
        assert_eq!(Scheme::Short.handle(id(1 << 32)), None);
        assert_eq!(Scheme::Opaque.handle(id(1)), None);
        assert_eq!(Scheme::Long.handle(FileId { generation: 1 << 32, ..id(1) }), None);
    }

    #[test]
    fn opaque_handles_differ_by_their_bytes() {
        let of = |byte| Scheme::Opaque.generation(&FileHandle::new(77, &[byte; 20]).unwrap(), 5);
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
    }

    #[test]
    fn a_device_is_learnt_once() {
        let generations = Generations::default();
        let proc = File::open("/proc").unwrap();
        assert_eq!(generations.learn(proc.as_fd(), 7, 1), Ok(Scheme::Birth));
        let dir = tempfile::tempdir().unwrap();
        let other = File::open(dir.path()).unwrap();
        generations.learn(other.as_fd(), 7, other.metadata().unwrap().ino()).unwrap();
        assert_eq!(generations.scheme(7), Some(Scheme::Birth));
        assert_eq!(generations.scheme(8), None);
    }
}
