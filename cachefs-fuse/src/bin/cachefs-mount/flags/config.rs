use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use cachefs::PolicyKind;
use cachefs_fuse::{MountFlag, Profile};

use super::back::BackConfig;
use super::coherence::Coherence;
use super::effective::Effective;
use super::machine::Machine;
use super::metrics::MetricsConfig;
use super::settings::Settings;

/// What to mount and how, checked as far as the file system need not be asked.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) source: PathBuf,
    pub(crate) mountpoint: PathBuf,
    pub(crate) foreground: bool,
    pub(crate) json: bool,
    pub(crate) quiet: bool,
    pub(crate) cache: CacheConfig,
    /// How it is written back, where it is.
    pub(crate) back: Option<BackConfig>,
    /// Where journals are; `None`: the usual place.
    pub(crate) state_dir: Option<PathBuf>,
    pub(crate) kernel: KernelConfig,
    pub(crate) warm: WarmConfig,
    pub(crate) metrics: MetricsConfig,
    pub(crate) log: LogConfig,
    /// What all of it was made of.
    pub(crate) effective: Effective,
}

/// The engine's part.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CacheConfig {
    pub(crate) policy: PolicyKind,
    pub(crate) memory_bytes: u64,
    pub(crate) mode: Mode,
    pub(crate) coherence: Coherence,
    pub(crate) metadata_entries: usize,
    pub(crate) pin_bytes_max: Option<u64>,
    pub(crate) readahead_bytes: u64,
    /// A sample of what is read is kept, to tell what other caches would have hit.
    pub(crate) curve: bool,
    pub(crate) handles_max: NonZeroUsize,
}

/// The mount's part.
#[derive(Clone, Debug)]
pub(crate) struct KernelConfig {
    pub(crate) profile: Profile,
    /// Nobody else makes files longer in place. Said of a mode of staying fresh that it can be said of.
    pub(crate) assume_no_growth: bool,
    pub(crate) read_only: bool,
    pub(crate) allow_other: bool,
    pub(crate) auto_unmount: bool,
    /// `None`: the source's path.
    pub(crate) fs_name: Option<String>,
    pub(crate) subtype: String,
    pub(crate) attr_ttl: Duration,
    pub(crate) entry_ttl: Duration,
    pub(crate) negative_ttl: Duration,
    pub(crate) flags: Vec<MountFlag>,
    /// 0: no limit.
    pub(crate) inodes_max: usize,
    pub(crate) handles_max: NonZeroUsize,
    pub(crate) deadline: Duration,
}

/// What to read before anybody asks.
#[derive(Clone, Debug)]
pub(crate) struct WarmConfig {
    pub(crate) globs: Vec<String>,
    pub(crate) workers: NonZeroUsize,
}

/// Where the log goes.
#[derive(Clone, Debug)]
pub(crate) struct LogConfig {
    /// `None`: standard error in the foreground, syslog in the background.
    pub(crate) file: Option<PathBuf>,
    pub(crate) level: tracing::Level,
    pub(crate) format: LogFormat,
}

/// How lines of the log read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// Where writes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// To the source and into the cache.
    Through,
    /// Into a journal, and from there to the source.
    Back,
    /// To the source; what was cached of the place is dropped.
    Around,
}

impl Mode {
    /// As the user writes it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Through => "through",
            Self::Back => "back",
            Self::Around => "around",
        }
    }
}

impl Config {
    /// Checks the settings against each other and the machine.
    ///
    /// # Errors
    /// One line that names the option and says what would be right.
    pub(super) fn new(
        settings: Settings,
        source: PathBuf,
        mountpoint: PathBuf,
        machine: Machine,
    ) -> Result<Self, String> {
        let handles_max = machine.handles_max(settings.handles_max)?;
        let coherence = coherence(&settings)?;
        check_growth(&settings, coherence)?;
        let back = BackConfig::new(&settings, machine)?;
        let metrics = MetricsConfig::new(&settings)?;
        let log = LogConfig::new(&settings)?;
        Ok(Self {
            source,
            mountpoint,
            foreground: settings.foreground,
            json: settings.json,
            cache: CacheConfig::new(&settings, coherence, handles_max, machine),
            back,
            state_dir: settings.back.state_dir.clone(),
            kernel: KernelConfig::new(&settings, coherence.belief(), handles_max),
            warm: WarmConfig { globs: settings.warm, workers: settings.warm_workers },
            metrics,
            log,
            quiet: settings.quiet,
            effective: Effective::default(),
        })
    }
}

impl LogConfig {
    fn new(settings: &Settings) -> Result<Self, String> {
        let level = match (settings.quiet, settings.verbose) {
            (true, 0) => settings.log_level.min(tracing::Level::WARN),
            (true, _) => return Err("--quiet and --verbose contradict each other: give only one".to_owned()),
            (false, 0) => settings.log_level,
            (false, 1) => settings.log_level.max(tracing::Level::DEBUG),
            (false, _) => tracing::Level::TRACE,
        };
        Ok(Self { file: settings.log.clone(), level, format: settings.log_format })
    }
}

impl CacheConfig {
    fn new(settings: &Settings, coherence: Coherence, handles_max: NonZeroUsize, machine: Machine) -> Self {
        let memory = machine.memory_bytes;
        Self {
            policy: settings.policy,
            memory_bytes: settings.memory.map_or((memory / 20).min(512 << 20), |size| size.bytes(memory)),
            mode: settings.mode,
            coherence,
            metadata_entries: settings.metadata_entries,
            pin_bytes_max: settings.pin_max.map(|size| size.bytes(memory)),
            readahead_bytes: settings.readahead.bytes(memory),
            curve: settings.curve,
            handles_max,
        }
    }
}

impl KernelConfig {
    fn new(settings: &Settings, belief: Duration, handles_max: NonZeroUsize) -> Self {
        Self {
            profile: settings.profile,
            assume_no_growth: settings.assume_no_growth,
            read_only: settings.read_only,
            allow_other: settings.allow_other,
            auto_unmount: settings.auto_unmount,
            fs_name: settings.fs_name.clone(),
            subtype: settings.subtype.clone(),
            attr_ttl: settings.attr_timeout.unwrap_or(belief),
            entry_ttl: settings.entry_timeout.unwrap_or(belief),
            negative_ttl: settings.negative_timeout.unwrap_or(belief),
            flags: settings.kernel_flags.clone(),
            inodes_max: settings.inodes_max,
            handles_max,
            deadline: settings.deadline,
        }
    }
}

/// How to stay fresh. The kernel's times are for what is a matter of time.
fn coherence(settings: &Settings) -> Result<Coherence, String> {
    let coherence = match (settings.coherence, settings.ttl) {
        (Some(_), Some(_)) => {
            return Err(
                "--ttl and --coherence are about the same: give only one (--coherence ttl=5s)".to_owned()
            );
        }
        (None, Some(ttl)) => Coherence::Ttl(ttl),
        (asked, None) => asked.unwrap_or(Coherence::Auto),
    };
    let timeouts = [
        ("attr_timeout", settings.attr_timeout),
        ("entry_timeout", settings.entry_timeout),
        ("negative_timeout", settings.negative_timeout),
    ];
    match timeouts.into_iter().find(|(_, time)| time.is_some()) {
        Some((name, _)) if !matches!(coherence, Coherence::Ttl(_)) => {
            Err(format!("-o {name} is for --coherence ttl=TIME only: add --ttl 1s, or leave it out"))
        }
        _ => Ok(coherence),
    }
}

/// What is assumed of others' files spares openings that nothing but a watch can spare.
fn check_growth(settings: &Settings, coherence: Coherence) -> Result<(), String> {
    let only = |what: &str| Err(format!("--assume-no-growth is for {what} only: leave it out, or the other"));
    match coherence {
        _ if !settings.assume_no_growth => Ok(()),
        Coherence::Open | Coherence::Ttl(_) => only("--coherence watch"),
        _ if settings.profile != Profile::Pages => only("--profile pages"),
        Coherence::Auto | Coherence::Watch { .. } | Coherence::Single => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flags::testing::{config, usage};

    #[test]
    fn memory_depends_on_the_machine() {
        let machine = |memory_bytes| Machine { memory_bytes, descriptors_max: 1024 };
        let memory = |text: &str, machine| {
            let settings = crate::flags::testing::settings(text);
            CacheConfig::new(&settings, Coherence::Auto, NonZeroUsize::MIN, machine).memory_bytes
        };
        assert_eq!(memory("", machine(1 << 30)), (1 << 30) / 20);
        assert_eq!(memory("", machine(64 << 30)), 512 << 20);
        assert_eq!(memory("--memory 50%", machine(1 << 30)), 512 << 20);
    }

    #[test]
    fn the_kernel_believes_as_long_as_the_engine_unless_told() {
        let kernel = config("--ttl 5s -o entry_timeout=2").kernel;
        assert_eq!(kernel.attr_ttl, Duration::from_millis(2500));
        assert_eq!(kernel.entry_ttl, Duration::from_secs(2));
        assert_eq!(kernel.negative_ttl, Duration::from_millis(2500));
    }

    #[test]
    fn times_are_for_what_is_a_matter_of_time() {
        assert!(usage("--ttl 5s --coherence open").contains("give only one"));
        assert_eq!(
            usage("-o attr_timeout=5"),
            "-o attr_timeout is for --coherence ttl=TIME only: add --ttl 1s, or leave it out"
        );
        assert!(usage("--coherence watch -o negative_timeout=0").contains("-o negative_timeout is for"));
    }

    #[test]
    fn no_growth_is_assumed_where_openings_can_be_spared() {
        assert!(!config("").kernel.assume_no_growth);
        for line in ["", "--coherence watch:inotify", "-o coherence=single"] {
            assert!(config(&format!("{line} --assume-no-growth")).kernel.assume_no_growth, "{line}");
        }
        for line in ["--coherence open", "--ttl 5s"] {
            assert!(usage(&format!("-o assume_no_growth {line}")).contains("for --coherence watch only"));
        }
        for line in ["--profile stream", "--profile direct --coherence watch"] {
            assert!(usage(&format!("--assume-no-growth {line}")).contains("for --profile pages only"));
        }
    }

    #[test]
    fn metrics_stay_at_home_unless_told() {
        assert!(usage("--metrics 0.0.0.0:9469").contains("--metrics-public"));
        assert!(usage("--metrics-interval off").contains("1s or more"));
        assert!(usage("--metrics nowhere").contains("is not an address"));
        assert!(config("--metrics 0.0.0.0:9469 --metrics-public").metrics.address.is_some());
        assert!(config("--metrics [::1]:9469").metrics.address.is_some());
    }

    #[test]
    fn more_handles_than_descriptors_are_refused() {
        assert!(usage("--handles-max 100000").contains("give at most"));
    }

    #[test]
    fn verbosity_adds_to_the_level() {
        assert_eq!(config("-v").log.level, tracing::Level::DEBUG);
        assert_eq!(config("-vv").log.level, tracing::Level::TRACE);
        assert_eq!(config("-q").log.level, tracing::Level::WARN);
        assert_eq!(config("-q --log-level error").log.level, tracing::Level::ERROR);
        assert_eq!(config("--log-level trace -v").log.level, tracing::Level::TRACE);
    }
}
