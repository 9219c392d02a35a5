use std::fmt;

use cachefs::Coherence;
use cachefs_fuse::Trust;
use cachefs_vfs::{Error, WatchMethod};

/// How changes made behind the mount are seen, as it came out.
#[derive(Clone, Debug)]
pub(crate) struct Freshness {
    /// What is in force.
    pub(super) mode: Coherence,
    /// By what means, where there is a watch.
    pub(super) method: Option<WatchMethod>,
    /// Why there is no watch, where one was asked for.
    pub(super) no_watch: Option<String>,
}

impl Freshness {
    /// As metrics and programs call it.
    pub(crate) const fn name(&self) -> &'static str {
        match self.mode {
            Coherence::Watch(_) => "watch",
            Coherence::Open => "open",
            Coherence::Ttl(_) => "ttl",
            Coherence::Single => "single",
        }
    }

    /// What is watched, for programs.
    pub(super) fn watched(&self) -> Option<&'static str> {
        self.method.map(|method| match method {
            WatchMethod::Best | WatchMethod::Filesystem => "filesystem",
            WatchMethod::Directories => "directories",
            WatchMethod::Inotify => "inotify",
        })
    }

    /// How far the kernel may trust what it was told.
    pub(super) const fn trust(&self) -> Trust {
        match self.mode {
            Coherence::Watch(_) => Trust::Watch,
            Coherence::Open => Trust::Never,
            Coherence::Ttl(_) => Trust::Ttl,
            Coherence::Single => Trust::Always,
        }
    }
}

/// Why there is no watch, without the errno where there is a better reason.
pub(super) fn reason(error: &Error) -> String {
    let text = error.to_string();
    let bare = Error::unsupported().to_string();
    text.strip_suffix(&format!(": {bare}")).unwrap_or(&text).to_owned()
}

/// The end of a sentence about the mount.
impl fmt::Display for Freshness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seen = match self.mode {
            Coherence::Watch(_) => "are seen at once",
            Coherence::Open => "are seen by the next open or look-up",
            Coherence::Ttl(_) => "are seen",
            Coherence::Single => "are not seen: there must be none",
        };
        write!(f, "coherence {}", self.name())?;
        if let Some(watched) = self.watched() {
            write!(f, " ({watched})")?;
        }
        match &self.no_watch {
            Some(why) => write!(f, ": no watch ({why}); changes made behind it {seen}"),
            None => write!(f, ": changes made behind it {seen}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use cachefs_vfs::WatchHow;

    use super::*;

    #[test]
    fn what_is_in_force_is_told_in_words() {
        let watch = Freshness {
            mode: Coherence::Watch(WatchHow::default()),
            method: Some(WatchMethod::Directories),
            no_watch: None,
        };
        assert_eq!(
            watch.to_string(),
            "coherence watch (directories): changes made behind it are seen at once"
        );
        let error = Error::unsupported().on("watching NFS, which does not tell of it:", "/src");
        let open = Freshness { mode: Coherence::Open, method: None, no_watch: Some(reason(&error)) };
        assert_eq!(
            open.to_string(),
            "coherence open: no watch (watching NFS, which does not tell of it: /src); \
             changes made behind it are seen by the next open or look-up"
        );
    }
}
