use std::sync::Arc;
use std::time::Duration;

use cachefs_vfs::{FileId, Result};
use rustix::process::{Resource, getrlimit};

/// A flag of mount(2) that users may set. Unless asked otherwise a mount is `nosuid,nodev`, as other FUSE
/// filesystems are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MountFlag {
    /// Honour set-user-id and set-group-id bits.
    Suid,
    /// Ignore them (the default).
    NoSuid,
    /// Device nodes can be opened.
    Dev,
    /// They cannot (the default).
    NoDev,
    /// Programs can be executed (the default).
    Exec,
    /// They cannot.
    NoExec,
    /// No access times.
    NoAtime,
    /// No access times of directories.
    NoDirAtime,
    /// Access times as seldom as possible (the kernel's default).
    RelAtime,
    /// Every access time.
    StrictAtime,
    /// Every write is synchronous.
    Sync,
    /// Every change of a directory is synchronous.
    DirSync,
}

/// How far the kernel trusts what it was told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Trust {
    /// For [`MountConfig::attr_ttl`], [`MountConfig::entry_ttl`] and [`MountConfig::negative_ttl`].
    #[default]
    Ttl,
    /// For ever, as far as a watch of the filesystem covers it: the kernel is told of changes by others. What is not
    /// covered, for the times of [`Trust::Ttl`]. Not at all once the watch is lost. Nobody tells of what this process
    /// changes in the filesystem past the mount, or of what is changed through another mount of it.
    Watch,
    /// For ever: nobody changes the filesystem but through this mount.
    Always,
    /// Not at all: each look-up asks.
    Never,
}

/// Who serves what has been read before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Profile {
    /// The kernel, from its pages, attributes and names: with [`Trust::Always`] without a request, with [`Trust::Watch`]
    /// with one for each opening, unless [`MountConfig::assume_no_growth`] spares it.
    #[default]
    Pages,
    /// The kernel, straight from the files of the filesystem where they have descriptors: for long sequential work. Needs
    /// the right to administrate the system; a file for which it is refused is served as with [`Profile::Pages`].
    Stream,
    /// This process, each time: for measuring, and for seeing who reads what.
    Direct,
}

impl Profile {
    /// As the user writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pages => "pages",
            Self::Stream => "stream",
            Self::Direct => "direct",
        }
    }
}

/// What is done when a program closes a file.
pub trait OnClose: std::fmt::Debug + Send + Sync {
    /// A descriptor of the file that it may have written to is being closed: `close` waits for this and answers its
    /// error. Also where others are open to the same file.
    ///
    /// # Errors
    /// What `close` is to answer.
    fn closing(&self, file: FileId) -> Result<()>;
}

/// Extended attributes that the mount adds: `user.cachefs.NAME`, on files and directories. They are in no listing, and
/// nobody can change them.
pub trait OwnXattrs: std::fmt::Debug + Send + Sync {
    /// The value of one, from memory: the filesystem must not be asked. `None`: there is no such.
    fn value(&self, file: FileId, name: &str) -> Option<Vec<u8>>;
}

/// How a filesystem is mounted and served.
#[derive(Clone, Debug)]
pub struct MountConfig {
    /// What `/proc/mounts` shows as the source.
    pub fs_name: String,
    /// The filesystem type is `fuse.SUBTYPE`.
    pub subtype: String,
    /// Refuse every change, in the kernel.
    pub read_only: bool,
    /// Other users than the one who mounts may use it.
    pub allow_other: bool,
    /// Further flags; the last of two that contradict each other counts.
    pub flags: Vec<MountFlag>,
    /// Who serves what has been read before.
    pub profile: Profile,
    /// How far the kernel trusts what it was told.
    pub trust: Trust,
    /// Nobody else appends to a file, or makes it longer in place, while it is used through the mount. Of use with
    /// [`Profile::Pages`] and [`Trust::Watch`] only: the kernel then opens files without a request. Should it happen all
    /// the same, a reader may see zeros at the end of such a file for a moment, and two appenders may tear each other's
    /// records; where that is noticed it is counted ([`crate::NoticeSnapshot::grown`]), and logged once.
    pub assume_no_growth: bool,
    /// How long the kernel trusts attributes.
    pub attr_ttl: Duration,
    /// How long the kernel trusts that a name stands for a file.
    pub entry_ttl: Duration,
    /// How long the kernel trusts that a name does not exist; zero: not at all.
    pub negative_ttl: Duration,
    /// Threads that read requests, at least 1.
    pub readers: usize,
    /// Most threads that wait for the filesystem when no reader can be spared.
    pub workers_max: usize,
    /// Most requests waiting for such a thread; what comes on top is answered `ETIMEDOUT` at its deadline.
    pub queue_max: usize,
    /// A request that the filesystem has not answered by then is answered `ETIMEDOUT`.
    pub deadline: Duration,
    /// The same for `fsync`, `fallocate` and copies within the filesystem, which take long when there is much to do,
    /// and an error of which makes databases stop for good. `None`: ten times [`MountConfig::deadline`].
    pub sync_deadline: Option<Duration>,
    /// Above so many known inodes the kernel is asked to forget some.
    pub inodes_max: u64,
    /// Most file and directory handles kept open beyond those that cannot be opened again and those of
    /// [`MountConfig::open_files_max`].
    pub handles_max: usize,
    /// Most files whose handles stay open because programs have them open; of more, those used longest ago are opened
    /// again by name, which fails where somebody else took the name away. Half of [`MountConfig::handles_max`] at
    /// least.
    pub open_files_max: usize,
    /// The kernel's readahead window in bytes.
    pub max_readahead: u32,
    /// Most notices to the kernel that wait to be sent; beyond, everything it knows is taken back at once.
    pub notices_max: usize,
    /// Most threads that send them, beside one for attributes. Other notices wait for requests of their directory or
    /// file that are under way, so that each of these can hold up one thread until its deadline.
    pub notifiers_max: usize,
    /// What is done when a program closes a file; `None`: nothing, and the kernel does not tell of it. With
    /// [`Trust::Always`] it is told of each descriptor closed, else of those that may write.
    pub on_close: Option<Arc<dyn OnClose>>,
    /// Extended attributes beside those of the filesystem; `None`: none. Where it has none at all, neither has the mount.
    pub own_xattrs: Option<Arc<dyn OwnXattrs>>,
    /// The filesystem tells of failures after the call they belong to ([`cachefs_vfs::late`]): each open file is to be
    /// told. Where the kernel does not ask for openings, one of those that have the file open is.
    pub fails_late: bool,
    /// How many filesystems deep those are whose files pass through with [`Profile::Stream`]: 1, or 2 where they lie on
    /// an overlay themselves, which forbids overlays on top of the mount.
    pub stack_depth: u32,
    /// The largest write request in bytes.
    pub max_write: u32,
    /// The filesystem answers within [`cachefs_vfs::nowait::scope`] without waiting, so that a hit can be served by
    /// the last free reader.
    pub honours_nowait: bool,
}

impl MountConfig {
    /// Whatever the kernel knows is taken for open, and held: with [`Trust::Always`] it may not tell who opens what, with
    /// [`Trust::Watch`] others may replace a file between a look-up and its opening, whoever serves it then.
    pub(crate) fn is_uncounted(&self) -> bool {
        matches!(self.trust, Trust::Watch | Trust::Always)
    }
}

impl MountConfig {
    /// The kernel is never to ask for an opening. Where others make files longer in place it has to, so that it can be
    /// made to read one past its pages: their length and what they hold would be of two versions otherwise.
    pub(crate) fn opens_unasked(&self) -> bool {
        self.keeps_pages() || self.assumes_no_growth()
    }

    /// The same although others change files.
    pub(crate) fn assumes_no_growth(&self) -> bool {
        self.assume_no_growth && self.profile == Profile::Pages && self.trust == Trust::Watch
    }

    /// Nobody changes a file but through the mount, and the kernel serves it from its pages alone.
    pub(crate) fn keeps_pages(&self) -> bool {
        self.profile == Profile::Pages && self.trust == Trust::Always
    }
}

impl Default for MountConfig {
    fn default() -> Self {
        Self {
            fs_name: "cachefs".to_owned(),
            subtype: "cachefs".to_owned(),
            read_only: false,
            allow_other: false,
            flags: Vec::new(),
            profile: Profile::default(),
            trust: Trust::default(),
            assume_no_growth: false,
            attr_ttl: Duration::from_secs(1),
            entry_ttl: Duration::from_secs(1),
            negative_ttl: Duration::from_secs(1),
            readers: 4,
            workers_max: 64,
            queue_max: 4096,
            deadline: Duration::from_secs(30),
            sync_deadline: None,
            inodes_max: 1 << 20,
            handles_max: 4096,
            open_files_max: open_files_max(),
            notices_max: 1 << 16,
            notifiers_max: 16,
            max_readahead: 1 << 20,
            on_close: None,
            own_xattrs: None,
            fails_late: false,
            stack_depth: 1,
            max_write: 1 << 20,
            honours_nowait: false,
        }
    }
}

/// Half of the descriptors this process may have.
fn open_files_max() -> usize {
    let most = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    usize::try_from(most / 2).unwrap_or(usize::MAX).min(1 << 20)
}
