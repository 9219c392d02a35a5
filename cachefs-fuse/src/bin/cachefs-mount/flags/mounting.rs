use cachefs_fuse::Profile;

use super::flag::{Flag, Spelled, Takes, count, count_from_one, yes};
use super::span::span;

/// How the mount is made and served.
pub(super) const FLAGS: &[Flag] = &[
    Flag::switch(
        "foreground",
        "Stay in the foreground; else return when the mount is ready.",
        |settings, text| {
            settings.foreground = yes(text)?;
            Ok(())
        },
    )
    .short('f')
    .not_filed(),
    Flag::value("options", "LIST", "", "Mount options, separated by commas; see below.", |_, _| Ok(()))
        .short('o')
        .takes(Takes::Options("LIST"))
        .spelled(Spelled::Argument),
    Flag::value(
        "config",
        "FILE",
        "/etc/cachefs/config.toml, ~/.config/cachefs/config.toml",
        "Read this configuration file instead of the usual ones.",
        |_, _| Ok(()),
    )
    .not_filed(),
    Flag::switch(
        "show-config",
        "Show each setting and where it came from, and mount nothing.",
        |_, _| Ok(()),
    )
    .spelled(Spelled::Argument),
    Flag::value(
        "source",
        "DIR",
        "",
        "The directory to be mounted, where only the mount point is named.",
        |settings, text| {
            settings.source = Some(text.into());
            Ok(())
        },
    )
    .spelled(Spelled::File),
    Flag::value(
        "profile",
        "PROFILE",
        "pages",
        "Who serves what was read before: pages, the kernel from its memory; stream, the kernel from the source; \
         direct, this program each time.",
        |settings, text| {
            settings.profile = match text {
                "pages" => Profile::Pages,
                "stream" => Profile::Stream,
                "direct" => Profile::Direct,
                _ => return Err(format!("\"{text}\" is not a profile: give pages, stream or direct")),
            };
            Ok(())
        },
    ),
    Flag::switch(
        "assume-no-growth",
        "Nobody else appends to a file, or makes it longer in place, while it is used through the mount. Opening a file \
         then sends no request under watch, some ten times faster for small files; should it happen all the same, a \
         reader may see zeros at the end of such a file for a moment, and two appenders may tear each other's records.",
        |settings, text| {
            settings.assume_no_growth = yes(text)?;
            Ok(())
        },
    ),
    Flag::value(
        "inodes-max",
        "COUNT",
        "1000000",
        "Known inodes above which the kernel is asked to forget some; off for no such limit.",
        |settings, text| {
            settings.inodes_max = count(text)?;
            Ok(())
        },
    ),
    Flag::value(
        "handles-max",
        "COUNT",
        "half of the descriptors, at most 8192",
        "Directories and files of the source kept open at a time, half of them each.",
        |settings, text| {
            settings.handles_max = Some(count_from_one(text)?);
            Ok(())
        },
    ),
    Flag::value(
        "deadline",
        "TIME",
        "30s",
        "After this time a call that hangs in the source is answered ETIMEDOUT.",
        |settings, text| {
            settings.deadline =
                Some(span(text)?).filter(|span| !span.is_zero()).ok_or("it must be above 0")?;
            Ok(())
        },
    ),
];

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;
    use std::time::Duration;

    use cachefs_fuse::Profile;

    use crate::flags::testing::{settings, usage};

    #[test]
    fn mounting_flags_are_understood() {
        let settings = settings("-f --profile stream --inodes-max off --handles-max 64 --deadline 2s");
        assert!(settings.foreground && !settings.assume_no_growth);
        assert_eq!(settings.profile, Profile::Stream);
        assert_eq!(settings.inodes_max, 0);
        assert_eq!(settings.handles_max.map(NonZeroUsize::get), Some(64));
        assert_eq!(settings.deadline, Duration::from_secs(2));
    }

    #[test]
    fn limits_that_would_stop_everything_are_refused() {
        assert!(usage("--handles-max 0").contains("above 0"));
        assert!(usage("--deadline 0").contains("above 0"));
        assert!(usage("--profile fast").contains("pages, stream or direct"));
    }
}
