use cachefs_vfs::{Attr, FileId, FileKind, Mode, Time};

use super::{Seen, State, View};
use crate::block::Generation;
use crate::sync::{AtomicU64, Ordering, fence};

/// What of a [`State`] is answered most, as it was left by whoever held its lock last: read without the lock, by any
/// number of threads, and without a write to memory.
///
/// Odd versions are those of a state that is being changed. One writer at a time, who holds the lock.
#[derive(Debug, Default)]
pub(super) struct Shown {
    version: AtomicU64,
    words: [AtomicU64; WORDS],
}

/// Somebody is changing the state: who wants to know it waits for the lock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Changing;

/// One reading of a [`Shown`]. All of it is of one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Glimpse([u64; WORDS]);

/// As much of a [`Glimpse`] as a reader needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sight {
    kind: u64,
    seen: (u64, u64),
    size: u64,
    generation: u64,
}

/// Those that a [`Sight`] is of stand together.
const WORDS: usize = 16;

const HAS_ATTR: u64 = 1 << 8;
const HAS_BTIME: u64 = 1 << 9;
const IS_READABLE: u64 = 1 << 10;

impl Shown {
    /// The state as it was left last.
    #[inline(always)]
    pub(super) fn read(&self) -> Result<Glimpse, Changing> {
        self.see(|words| Glimpse(std::array::from_fn(|at| words[at].load(Ordering::Relaxed))))
    }

    /// What a reader sees of it.
    #[inline(always)]
    pub(super) fn read_view(&self) -> Result<Sight, Changing> {
        self.see(|words| {
            let [stamp, at, kind, size, generation] =
                [0, 1, 2, 4, 3].map(|at: usize| words[at].load(Ordering::Relaxed));
            Sight { kind, seen: (stamp, at), size, generation }
        })
    }

    #[inline(always)]
    fn see<T>(&self, see: impl FnOnce(&[AtomicU64; WORDS]) -> T) -> Result<T, Changing> {
        let before = self.version.load(Ordering::Acquire);
        if before & 1 == 1 {
            return Err(Changing);
        }
        let seen = see(&self.words);
        // The words are loaded before the version is looked at again.
        fence(Ordering::Acquire);
        if self.version.load(Ordering::Relaxed) == before { Ok(seen) } else { Err(Changing) }
    }

    /// The state is about to be changed: nobody reads it from here on but by the lock.
    pub(super) fn begin(&self) {
        self.version.store(self.version.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        // Whoever sees a word, or anything else, that is written after this sees the version, too.
        fence(Ordering::Release);
    }

    /// It is left like this.
    pub(super) fn end(&self, state: &State) {
        for (word, value) in self.words.iter().zip(Glimpse::of(state).0) {
            word.store(value, Ordering::Relaxed);
        }
        self.version.store(self.version.load(Ordering::Relaxed) + 1, Ordering::Release);
    }
}

impl Glimpse {
    pub(super) fn of(state: &State) -> Self {
        let mut words = [0; WORDS];
        words[3] = state.generation().0;
        words[2] = if state.readable() { IS_READABLE } else { 0 };
        let Some((attr, seen)) = state.answer() else { return Self(words) };
        let btime = attr.btime.unwrap_or_default();
        (words[0], words[1]) = seen.to_words();
        words[2] |= pair(u32::from(kind_code(attr.kind)), attr.links) | u64::from(attr.mode.bits()) << 16;
        words[2] |= HAS_ATTR | if attr.btime.is_some() { HAS_BTIME } else { 0 };
        words[15] = pair(attr.uid, attr.gid);
        words[5] = attr.device;
        words[4] = attr.size;
        words[6] = attr.blocks;
        words[7] = attr.tag;
        words[8] = pair(attr.block_size, attr.atime.nanos);
        words[9] = pair(attr.mtime.nanos, attr.ctime.nanos);
        words[10] = u64::from(btime.nanos);
        for (at, time) in [attr.atime, attr.mtime, attr.ctime, btime].into_iter().enumerate() {
            words[11 + at] = time.seconds.cast_unsigned();
        }
        Self(words)
    }

    /// When the attributes were asked for, if they may be answered at all.
    #[inline(always)]
    pub(crate) fn seen(&self) -> Option<Seen> {
        (self.0[2] & HAS_ATTR != 0).then(|| Seen::from_words(self.0[0], self.0[1]))
    }

    /// The attributes, of the inode with this identity.
    #[inline(always)]
    pub(crate) fn attr(&self, id: FileId) -> Attr {
        let words = &self.0;
        let time = |at: usize, nanos| Time { seconds: words[11 + at].cast_signed(), nanos };
        Attr {
            id,
            kind: kind_of(words[2]),
            mode: Mode::new(low(words[2] >> 16)),
            links: high(words[2]),
            uid: low(words[15]),
            gid: high(words[15]),
            device: words[5],
            size: words[4],
            blocks: words[6],
            block_size: low(words[8]),
            atime: time(0, high(words[8])),
            mtime: time(1, low(words[9])),
            ctime: time(2, high(words[9])),
            btime: (words[2] & HAS_BTIME != 0).then(|| time(3, low(words[10]))),
            tag: words[7],
        }
    }
}

impl Sight {
    pub(super) const fn of(glimpse: &Glimpse) -> Self {
        let words = &glimpse.0;
        Self { kind: words[2], seen: (words[0], words[1]), size: words[4], generation: words[3] }
    }

    /// When the attributes were asked for, if they may be answered at all.
    #[inline(always)]
    pub(crate) fn seen(&self) -> Option<Seen> {
        (self.kind & HAS_ATTR != 0).then(|| Seen::from_words(self.seen.0, self.seen.1))
    }

    /// Whether it is a directory, if the attributes are known.
    #[inline(always)]
    pub(crate) fn is_dir(&self) -> bool {
        kind_of(self.kind) == FileKind::Directory
    }

    /// What a reader sees.
    #[inline(always)]
    pub(crate) const fn view(&self) -> View {
        View { generation: Generation(self.generation), size: self.size }
    }

    /// Whether the backing let us open it for reading, under the permissions last known.
    pub(crate) const fn is_readable(&self) -> bool {
        self.kind & IS_READABLE != 0
    }
}

fn pair(low: u32, high: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

#[expect(clippy::cast_possible_truncation, reason = "the lower half is what is asked for")]
const fn low(word: u64) -> u32 {
    word as u32
}

const fn high(word: u64) -> u32 {
    low(word >> 32)
}

const KINDS: [FileKind; 8] = [
    FileKind::Regular,
    FileKind::Directory,
    FileKind::Symlink,
    FileKind::Fifo,
    FileKind::Socket,
    FileKind::CharDevice,
    FileKind::BlockDevice,
    FileKind::Regular,
];

const fn kind_code(kind: FileKind) -> u8 {
    match kind {
        FileKind::Regular => 0,
        FileKind::Directory => 1,
        FileKind::Symlink => 2,
        FileKind::Fifo => 3,
        FileKind::Socket => 4,
        FileKind::CharDevice => 5,
        FileKind::BlockDevice => 6,
    }
}

/// The kind in the lowest three bits.
fn kind_of(word: u64) -> FileKind {
    KINDS[low(word & 7) as usize]
}
