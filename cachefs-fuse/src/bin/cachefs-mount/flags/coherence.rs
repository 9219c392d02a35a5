use std::time::Duration;

use cachefs_vfs::WatchMethod;

use super::span::span;

/// How changes made behind the mount are to be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coherence {
    /// Told of them where the source can be watched, else as [`Coherence::Open`].
    Auto,
    /// Told of them.
    Watch {
        /// By what means.
        method: WatchMethod,
        /// Also where changes by other machines go unseen; and no mount where it cannot be.
        force: bool,
    },
    /// Asked for at each open and look-up.
    Open,
    /// No answer is older than this.
    Ttl(Duration),
    /// There are none.
    Single,
}

/// How old an answer may be where a watch does not reach.
const UNCOVERED: Duration = Duration::from_secs(1);

impl Coherence {
    /// As the user writes it.
    ///
    /// # Errors
    /// What would be right.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("\"{text}\" is not a way to stay fresh: give auto, watch, open, ttl=TIME or single");
        if let Some(time) = text.strip_prefix("ttl=") {
            return span(time).map(Self::Ttl);
        }
        let (word, force) = text.strip_suffix('!').map_or((text, false), |word| (word, true));
        let watch = |method| Ok(Self::Watch { method, force });
        match (word, force) {
            ("watch", _) => watch(WatchMethod::Best),
            ("watch:filesystem", _) => watch(WatchMethod::Filesystem),
            ("watch:directories", _) => watch(WatchMethod::Directories),
            ("watch:inotify", _) => watch(WatchMethod::Inotify),
            ("auto", false) => Ok(Self::Auto),
            ("open", false) => Ok(Self::Open),
            ("single", false) => Ok(Self::Single),
            ("ttl", false) => Err("ttl needs a time: give ttl=5s, for instance".to_owned()),
            _ => Err(wrong()),
        }
    }

    /// For how long an answer is believed by the cache and then by the kernel, where that is a matter of time: half
    /// of its age each, as one follows the other.
    pub(crate) fn belief(self) -> Duration {
        match self {
            Self::Ttl(age) => age / 2,
            _ => UNCOVERED / 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flags::testing::{config, usage};

    fn coherence(line: &str) -> Coherence {
        config(line).cache.coherence
    }

    #[test]
    fn every_mode_is_understood() {
        assert_eq!(coherence(""), Coherence::Auto);
        assert_eq!(coherence("--coherence auto"), Coherence::Auto);
        assert_eq!(coherence("--coherence open"), Coherence::Open);
        assert_eq!(coherence("-o coherence=single"), Coherence::Single);
        assert_eq!(coherence("--coherence ttl=5s"), Coherence::Ttl(Duration::from_secs(5)));
        assert_eq!(coherence("-o coherence=ttl=1m"), coherence("--ttl 1m"));
        for (text, method) in [
            ("watch", WatchMethod::Best),
            ("watch:filesystem", WatchMethod::Filesystem),
            ("watch:directories", WatchMethod::Directories),
            ("watch:inotify", WatchMethod::Inotify),
        ] {
            for force in [false, true] {
                let line = format!("--coherence {text}{}", if force { "!" } else { "" });
                assert_eq!(coherence(&line), Coherence::Watch { method, force }, "{line}");
            }
        }
    }

    #[test]
    fn what_is_none_is_told_so() {
        for line in ["--coherence often", "--coherence open!", "--coherence watch:all", "--coherence="] {
            assert!(usage(line).contains("give auto, watch, open, ttl=TIME or single"), "{line}");
        }
        assert_eq!(usage("--coherence ttl"), "--coherence: ttl needs a time: give ttl=5s, for instance");
        assert!(usage("--coherence ttl=soon").contains("\"soon\" is not a time"));
    }
}
