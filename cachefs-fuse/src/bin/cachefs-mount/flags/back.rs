use std::path::PathBuf;
use std::time::Duration;

use cachefs_fuse::{MountFlag, Profile};
use cachefs_writeback::{Durability, SyncPolicy};

use super::config::Mode;
use super::flag::{Flag, Takes, yes};
use super::machine::Machine;
use super::mount_options::add;
use super::settings::Settings;
use super::size::Size;
use super::span::span;

/// Less than this is written at a time, and has no use as a bound.
const DIRTY_MIN: u64 = 1 << 20;
/// Memory for where the bytes lie, if it is a quarter of what there is for contents or not.
const MEMORY_MIN: u64 = 1 << 20;

/// How bytes that are written back get to the source.
pub(super) const FLAGS: &[Flag] = &[
    Flag::value(
        "durability",
        "WHERE",
        "journal",
        "Where bytes are once fsync has returned: journal, in the journal on its disk; backing, in the source on its disk.",
        |settings, text| {
            settings.back.durability = Some(match text {
                "journal" => Durability::Journal,
                "backing" => Durability::Backing,
                _ => return Err(format!("\"{text}\" is not a durability: give journal or backing")),
            });
            Ok(())
        },
    ),
    Flag::value(
        "sync",
        "WHEN",
        "always",
        "When the journal is put on its disk: always, before fsync returns; everysec, once a second; never, when the \
         system pleases. What fsync promises under the last two is lost with the power.",
        sync,
    )
    .takes(Takes::Word("WHEN")),
    Flag::value(
        "state-dir",
        "DIR",
        "~/.local/state/cachefs, as root /var/lib/cachefs",
        "Where the journal is.",
        |settings, text| {
            settings.back.state_dir = Some(text.into());
            Ok(())
        },
    ),
    Flag::value(
        "dirty-max",
        "SIZE",
        "1G",
        "Bytes not yet in the source at most; writers are slowed from half of it on.",
        |settings, text| {
            settings.back.dirty_max = Some(text.parse()?);
            Ok(())
        },
    ),
    Flag::value(
        "dirty-age",
        "TIME",
        "30s",
        "Bytes are in the source after this time at the latest, if it takes them.",
        |settings, text| {
            settings.back.dirty_age = Some(span(text)?);
            Ok(())
        },
    ),
    Flag::value(
        "flush-after",
        "TIME",
        "5s",
        "A file goes to the source this long after it was last written to.",
        |settings, text| {
            settings.back.flush_after = Some(span(text)?);
            Ok(())
        },
    ),
    Flag::switch(
        "flush-on-close",
        "Have close wait until the file is in the source, and answer what kept it out.",
        |settings, text| {
            settings.back.flush_on_close = Some(yes(text)?);
            Ok(())
        },
    ),
    Flag::value(
        "drain-patience",
        "TIME",
        "5m",
        "Once unmounted, how long a source that takes nothing is waited for; what remains stays in the journal.",
        |settings, text| {
            settings.back.drain_patience = Some(span(text)?);
            Ok(())
        },
    ),
];

/// Within `-o` it may also be the mount option that all filesystems have.
fn sync(settings: &mut Settings, text: &str) -> Result<(), String> {
    settings.back.sync = Some(match text {
        "" => return add(settings, MountFlag::Sync, ""),
        "always" => SyncPolicy::Always,
        "everysec" => SyncPolicy::EverySecond,
        "never" => SyncPolicy::Never,
        _ => return Err(format!("\"{text}\" is none of always, everysec and never")),
    });
    Ok(())
}

/// What the user said of it; `None`: nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct Back {
    durability: Option<Durability>,
    sync: Option<SyncPolicy>,
    pub(super) state_dir: Option<PathBuf>,
    dirty_max: Option<Size>,
    dirty_age: Option<Duration>,
    flush_after: Option<Duration>,
    flush_on_close: Option<bool>,
    drain_patience: Option<Duration>,
}

/// To say what holds anyway is to say nothing.
impl PartialEq for Back {
    fn eq(&self, other: &Self) -> bool {
        let same = |back: &Self| {
            (back.limits(1 << 30, Duration::MAX / 2), back.flush_on_close(), back.drain_patience())
        };
        same(self) == same(other) && self.state_dir == other.state_dir
    }
}

impl Back {
    fn limits(&self, memory_bytes: u64, deadline: Duration) -> cachefs_writeback::Config {
        let usual = cachefs_writeback::Config::default();
        let dirty_max = self.dirty_max.map_or(usual.dirty_max, |size| size.bytes(memory_bytes));
        cachefs_writeback::Config {
            durability: self.durability.unwrap_or(usual.durability),
            sync: self.sync.unwrap_or(usual.sync),
            dirty_max,
            memory_max: usual.memory_max.min((memory_bytes / 4).max(MEMORY_MIN)),
            // What was overwritten is in it, too, until all that is before it has been flushed.
            journal_max: dirty_max.saturating_mul(3).max(64 << 20),
            segment_size: (dirty_max / 16).clamp(4 << 20, usual.segment_size),
            flush_after: self.flush_after.unwrap_or(usual.flush_after),
            dirty_age: self.dirty_age.unwrap_or(usual.dirty_age),
            // What waits longer is answered by the mount, which then does not know what became of it.
            room_wait: usual.room_wait.min(deadline * 2 / 3),
            ..usual
        }
    }

    fn flush_on_close(&self) -> bool {
        self.flush_on_close.unwrap_or(false)
    }

    fn drain_patience(&self) -> Duration {
        self.drain_patience.unwrap_or(Duration::from_secs(300))
    }

    /// What makes no sense but with `--mode back`, if anything of it was said.
    fn first_said(&self) -> Option<&'static str> {
        let said = [
            ("durability", self.durability.is_some()),
            ("sync", self.sync.is_some()),
            ("dirty-max", self.dirty_max.is_some()),
            ("dirty-age", self.dirty_age.is_some()),
            ("flush-after", self.flush_after.is_some()),
            ("flush-on-close", self.flush_on_close()),
        ];
        said.into_iter().find_map(|(name, said)| said.then_some(name))
    }
}

/// How a mount writes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BackConfig {
    /// Limits and promises.
    pub(crate) limits: cachefs_writeback::Config,
    /// Closing a file waits for its bytes to be in the source.
    pub(crate) flush_on_close: bool,
    /// How long a source that takes nothing is waited for at the end.
    pub(crate) drain_patience: Duration,
}

impl BackConfig {
    /// From what was said, if it was said to write back.
    ///
    /// # Errors
    /// One line that names the option and says what would be right.
    pub(super) fn new(settings: &Settings, machine: Machine) -> Result<Option<Self>, String> {
        let back = &settings.back;
        if settings.mode != Mode::Back {
            return match back.first_said() {
                Some(name) => Err(format!("--{name} is for --mode back only: add it, or leave --{name} out")),
                None => Ok(None),
            };
        }
        if settings.profile == Profile::Stream {
            return Err("--profile stream writes past the journal of --mode back: give --profile pages, or \
                        --mode through"
                .to_owned());
        }
        let limits = back.limits(machine.memory_bytes, settings.deadline);
        if limits.dirty_max < DIRTY_MIN {
            return Err("--dirty-max: too little to write anything: give at least 1M".to_owned());
        }
        let (flush_on_close, drain_patience) = (back.flush_on_close(), back.drain_patience());
        Ok(Some(Self { limits, flush_on_close, drain_patience }))
    }

    /// What fsync promises, as the user writes it.
    pub(crate) const fn durability(&self) -> &'static str {
        match self.limits.durability {
            Durability::Journal => "journal",
            Durability::Backing => "backing",
        }
    }

    /// When the journal is put on its disk, as the user writes it.
    pub(crate) const fn sync(&self) -> &'static str {
        match self.limits.sync {
            SyncPolicy::Always => "always",
            SyncPolicy::EverySecond => "everysec",
            SyncPolicy::Never => "never",
        }
    }

    /// In words, what a loss of power takes although fsync returned; `None`: nothing.
    pub(crate) const fn weakness(&self) -> Option<&'static str> {
        match (self.limits.durability, self.limits.sync) {
            (Durability::Backing, _) | (_, SyncPolicy::Always) => None,
            (_, SyncPolicy::EverySecond) => {
                Some("a loss of power takes what was written in the last second, fsync or not")
            }
            (_, SyncPolicy::Never) => {
                Some("a loss of power takes all that is not yet in the source, fsync or not")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flags::testing::{config, settings, usage};

    fn back(line: &str) -> BackConfig {
        config(&format!("--mode back {line}")).back.expect("back")
    }

    #[test]
    fn back_flags_are_understood() {
        let usual = back("");
        assert_eq!((usual.durability(), usual.sync(), usual.flush_on_close), ("journal", "always", false));
        assert_eq!(usual.limits.dirty_max, 1 << 30);
        assert_eq!(back("--deadline 3s").limits.room_wait, Duration::from_secs(2));
        let said = back("--durability backing -o sync=never,dirty_max=64M,flush_on_close --dirty-age 1m");
        assert_eq!((said.durability(), said.sync(), said.flush_on_close), ("backing", "never", true));
        assert_eq!((said.limits.dirty_max, said.limits.journal_max), (64 << 20, 192 << 20));
        assert_eq!(said.limits.dirty_age, Duration::from_secs(60));
        assert_eq!(config("--mode back --state-dir /s").state_dir, Some("/s".into()));
    }

    #[test]
    fn a_sync_without_a_value_is_that_of_all_filesystems() {
        assert_eq!(settings("-o sync").kernel_flags, [MountFlag::Sync]);
        assert_eq!(settings("-o sync,async").kernel_flags, []);
        let both = settings("-o sync,sync=everysec --mode back");
        assert_eq!(both.kernel_flags, [MountFlag::Sync]);
        assert_eq!(both.back.sync, Some(SyncPolicy::EverySecond));
        assert!(usage("--sync sometimes").contains("always, everysec and never"));
    }

    #[test]
    fn weaker_promises_are_told() {
        assert_eq!(back("").weakness(), None);
        assert_eq!(back("--durability backing --sync never").weakness(), None);
        assert!(back("--sync everysec").weakness().is_some_and(|text| text.contains("last second")));
        assert!(back("--sync never").weakness().is_some_and(|text| text.contains("not yet in the source")));
    }

    #[test]
    fn what_does_not_go_together_is_refused() {
        assert!(usage("--mode back --profile stream").contains("--profile pages"));
        assert!(usage("--durability backing").contains("--mode back only"));
        assert!(
            usage("--mode around -o flush_on_close").contains("--flush-on-close is for --mode back only")
        );
        assert!(usage("--mode back --dirty-max 4K").contains("at least 1M"));
        assert!(usage("--mode behind").contains("through, back or around"));
    }
}
