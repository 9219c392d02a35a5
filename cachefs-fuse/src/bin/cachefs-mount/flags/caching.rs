use cachefs::policy::UnknownPolicy;

use super::coherence::Coherence;
use super::config::Mode;
use super::flag::{Flag, count, yes};
use super::span::span;

/// The engine cannot work with fewer.
const METADATA_ENTRIES_MIN: usize = 16;

/// What is cached, and for how long.
pub(super) const FLAGS: &[Flag] = &[
    Flag::value(
        "memory",
        "SIZE",
        "5% of the memory, at most 512M",
        "Memory for file contents. The kernel holds a warm copy of its own.",
        |settings, text| {
            settings.memory = Some(text.parse()?);
            Ok(())
        },
    )
    .live(),
    Flag::value(
        "pin-max",
        "SIZE",
        "a quarter of the memory for file contents",
        "How much of it files may take that are pinned, at most three quarters.",
        |settings, text| {
            settings.pin_max = Some(text.parse()?);
            Ok(())
        },
    ),
    Flag::value(
        "policy",
        "POLICY",
        "s3fifo",
        "Which file contents go when memory is short: s3fifo, lru, 2q, arc, lirs, lru2, lfu, wtinylfu, gdsf, hybrid, \
         sieve, clock, fifo, or ttl (what expires first, else what was used longest ago).",
        |settings, text| {
            settings.policy = text.parse().map_err(|error: UnknownPolicy| error.to_string())?;
            Ok(())
        },
    ),
    Flag::value(
        "mode",
        "MODE",
        "through",
        "through: writes go to the source and into the cache; back: into a journal, and later to the source; around: to \
         the source only.",
        |settings, text| {
            settings.mode = match text {
                "through" => Mode::Through,
                "back" => Mode::Back,
                "around" => Mode::Around,
                _ => return Err(format!("\"{text}\" is not a mode: give through, back or around")),
            };
            Ok(())
        },
    ),
    Flag::value(
        "coherence",
        "MODE",
        "auto",
        "How changes made behind the mount are seen: auto, watch, open, ttl=TIME or single; see below.",
        |settings, text| {
            settings.coherence = Some(Coherence::parse(text)?);
            Ok(())
        },
    ),
    Flag::value("ttl", "TIME", "", "Short for --coherence ttl=TIME.", |settings, text| {
        settings.ttl = Some(span(text)?);
        Ok(())
    }),
    Flag::value(
        "metadata-entries",
        "COUNT",
        "131072",
        "How many attributes, names and missing names are kept.",
        |settings, text| {
            settings.metadata_entries = count(text)?;
            (settings.metadata_entries >= METADATA_ENTRIES_MIN)
                .then_some(())
                .ok_or_else(|| format!("\"{text}\" is too few: give at least {METADATA_ENTRIES_MIN}"))
        },
    ),
    Flag::value(
        "readahead",
        "SIZE",
        "4M",
        "How far to read ahead of a sequential reader.",
        |settings, text| {
            settings.readahead = text.parse()?;
            Ok(())
        },
    ),
    Flag::value(
        "curve",
        "on|off",
        "on",
        "Keep a sample of what is read, about 260 KiB, for cachefs mrc: what more memory or another policy would bring.",
        |settings, text| {
            settings.curve = yes(text)?;
            Ok(())
        },
    ),
];

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use cachefs::PolicyKind;

    use crate::flags::config::Mode;
    use crate::flags::size::Size;
    use crate::flags::testing::{settings, usage};

    #[test]
    fn caching_flags_are_understood() {
        let settings = settings(
            "--memory 64M --pin-max 8M --mode=around --ttl 5s --metadata-entries 20 --readahead off --curve off",
        );
        assert_eq!(settings.memory, Some(Size::Bytes(64 << 20)));
        assert_eq!(settings.pin_max, Some(Size::Bytes(8 << 20)));
        assert_eq!(settings.mode, Mode::Around);
        assert_eq!(settings.ttl, Some(Duration::from_secs(5)));
        assert_eq!(settings.metadata_entries, 20);
        assert_eq!(settings.readahead, Size::Bytes(0));
        assert!(!settings.curve);
    }

    #[test]
    fn every_policy_has_its_name() {
        for kind in PolicyKind::ALL {
            assert_eq!(settings(&format!("--policy {kind}")).policy, kind);
            let flag = super::FLAGS.iter().find(|flag| flag.long == "policy").unwrap();
            assert!(flag.help.contains(kind.name()), "{kind} is not told of");
        }
        assert!(usage("--policy mru").contains("s3fifo"));
        assert_eq!(settings("--memory 1M").policy, PolicyKind::S3Fifo);
    }

    #[test]
    fn too_few_entries_are_refused() {
        assert!(usage("--metadata-entries 3").contains("at least 16"));
    }
}
