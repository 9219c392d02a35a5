use std::time::Duration;

/// What fsync promises.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// The bytes are in the journal, on its disk: after a loss of power the next start writes them to the backing.
    #[default]
    Journal,
    /// The bytes are in the backing, on its disk.
    Backing,
}

/// When the journal is made durable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SyncPolicy {
    /// fsync waits until it is: the only one under which fsync keeps its word when the power goes.
    #[default]
    Always,
    /// fsync waits for nothing; once a second. A loss of power takes what was written in the last second.
    EverySecond,
    /// As the system pleases. A loss of power may take everything that is not in the backing.
    Never,
}

/// The limits and promises of one write-back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// What fsync promises.
    pub durability: Durability,
    /// When the journal is made durable.
    pub sync: SyncPolicy,
    /// Dirty bytes at most. Writers are slowed from half of it on, and wait when it is reached.
    pub dirty_max: u64,
    /// Memory at most, in bytes, for knowing where the dirty bytes lie: each write that stands alone takes some, be it
    /// ever so small. Not more than `dirty_max` is used of it. Writers are held to it as to that.
    pub memory_max: u64,
    /// The journal on its disk at most, in bytes: dirty bytes, those overwritten since, and what is noted of them.
    pub journal_max: u64,
    /// A segment of the journal, in bytes.
    pub segment_size: u64,
    /// A file is flushed this long after it was last written to.
    pub flush_after: Duration,
    /// Nothing stays dirty longer than this while the backing works.
    pub dirty_age: Duration,
    /// Files dirty at once at most: each holds a handle of the backing, good for writing.
    pub files_max: usize,
    /// Clean files remembered at most: a flush is not to look like somebody else's change, and the sync of a directory
    /// is to reach what was flushed beneath it.
    pub remembered_max: usize,
    /// Threads that flush. With 0, nothing is flushed but when asked for.
    pub flushers: usize,
    /// A flusher whose file makes no progress for so long hangs in the backing: another takes its place until it is
    /// back, up to four times as many as there should be.
    pub hang_after: Duration,
    /// How long a write that finds no room waits for some before it fails with what keeps the backing from taking
    /// any, or `ETIMEDOUT`.
    pub room_wait: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            durability: Durability::default(),
            sync: SyncPolicy::default(),
            dirty_max: 1 << 30,
            memory_max: 64 << 20,
            journal_max: 3 << 30,
            segment_size: 64 << 20,
            flush_after: Duration::from_secs(5),
            dirty_age: Duration::from_secs(30),
            files_max: 1024,
            remembered_max: 16 << 10,
            flushers: 4,
            hang_after: Duration::from_secs(10),
            room_wait: Duration::from_secs(20),
        }
    }
}
