use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use cachefs::PolicyKind;
use cachefs_fuse::{MountFlag, Profile};

use super::back::Back;
use super::coherence::Coherence;
use super::config::{LogFormat, Mode};
use super::size::Size;

/// What the user said, typed but not yet checked against each other and the machine; [`Default`] is what holds when
/// nothing is said.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Settings {
    /// What only a file says.
    pub(super) source: Option<PathBuf>,
    pub(super) foreground: bool,
    pub(super) json: bool,

    /// `None`: the default, which depends on the machine.
    pub(super) memory: Option<Size>,
    pub(super) policy: PolicyKind,
    pub(super) mode: Mode,
    /// `None`: auto, or what `ttl` says.
    pub(super) coherence: Option<Coherence>,
    pub(super) ttl: Option<Duration>,
    pub(super) metadata_entries: usize,
    pub(super) pin_max: Option<Size>,
    pub(super) readahead: Size,
    pub(super) curve: bool,

    pub(super) back: Back,

    pub(super) profile: Profile,
    pub(super) assume_no_growth: bool,
    pub(super) read_only: bool,
    pub(super) allow_other: bool,
    pub(super) auto_unmount: bool,
    pub(super) fs_name: Option<String>,
    pub(super) subtype: String,
    /// `None`: half of the time to live.
    pub(super) attr_timeout: Option<Duration>,
    pub(super) entry_timeout: Option<Duration>,
    pub(super) negative_timeout: Option<Duration>,
    pub(super) kernel_flags: Vec<MountFlag>,
    pub(super) inodes_max: usize,
    /// `None`: the default, which depends on the machine.
    pub(super) handles_max: Option<NonZeroUsize>,
    pub(super) deadline: Duration,

    pub(super) warm: Vec<String>,
    pub(super) warm_workers: NonZeroUsize,

    pub(super) metrics: Option<String>,
    pub(super) metrics_public: bool,
    pub(super) metrics_textfile: Option<PathBuf>,
    pub(super) metrics_interval: Duration,

    pub(super) log: Option<PathBuf>,
    pub(super) log_level: tracing::Level,
    pub(super) log_format: LogFormat,
    pub(super) quiet: bool,
    /// How often `-v` was given.
    pub(super) verbose: u8,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            source: None,
            foreground: false,
            json: false,
            memory: None,
            policy: PolicyKind::default(),
            mode: Mode::Through,
            coherence: None,
            ttl: None,
            metadata_entries: 131_072,
            pin_max: None,
            readahead: Size::Bytes(4 << 20),
            curve: true,
            back: Back::default(),
            profile: Profile::Pages,
            assume_no_growth: false,
            read_only: false,
            allow_other: false,
            auto_unmount: false,
            fs_name: None,
            subtype: "cachefs".to_owned(),
            attr_timeout: None,
            entry_timeout: None,
            negative_timeout: None,
            kernel_flags: Vec::new(),
            inodes_max: 1_000_000,
            handles_max: None,
            deadline: Duration::from_secs(30),
            warm: Vec::new(),
            warm_workers: NonZeroUsize::MIN.saturating_add(7),
            metrics: None,
            metrics_public: false,
            metrics_textfile: None,
            metrics_interval: Duration::from_secs(15),
            log: None,
            log_level: tracing::Level::INFO,
            log_format: LogFormat::Text,
            quiet: false,
            verbose: 0,
        }
    }
}
