use super::flag::Flag;
use super::{back, caching, mount_options, mounting, reporting, warming};

/// All options, in the order and under the titles of the help.
pub(super) const GROUPS: &[(&str, &[Flag])] = &[
    ("Mounting", mounting::FLAGS),
    ("Caching", caching::FLAGS),
    ("Writing back (--mode back)", back::FLAGS),
    ("Warming", warming::FLAGS),
    ("Reporting", reporting::FLAGS),
    ("Mount options (-o)", mount_options::OPTIONS),
];

/// The option of this name, with or without hyphens before it; `-` and `_` are alike.
pub(super) fn find(name: &str) -> Option<&'static Flag> {
    let name = name.trim_start_matches('-').replace('_', "-");
    all().find(|flag| flag.long == name)
}

/// All options.
pub(super) fn all() -> impl Iterator<Item = &'static Flag> {
    GROUPS.iter().flat_map(|(_, flags)| flags.iter())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::super::flag::{Spelled, Takes};
    use super::super::settings::Settings;
    use super::*;

    #[test]
    fn names_and_letters_are_unique() {
        let names: HashSet<_> = all().map(|flag| flag.long).collect();
        assert_eq!(names.len(), all().count());
        let letters: Vec<_> = all().filter_map(|flag| flag.short).collect();
        assert_eq!(letters.iter().collect::<HashSet<_>>().len(), letters.len());
    }

    #[test]
    fn the_defaults_shown_are_the_defaults_held() {
        let in_words = ["memory", "pin-max", "log", "coherence", "handles-max", "state-dir", "config"];
        for flag in all().filter(|flag| !flag.default.is_empty() && !in_words.contains(&flag.long)) {
            let mut settings = Settings::default();
            (flag.set)(&mut settings, flag.default).expect(flag.long);
            assert_eq!(settings, Settings::default(), "{}", flag.long);
        }
    }

    #[test]
    fn every_flag_is_documented() {
        for flag in all().filter(|flag| flag.spelled != Spelled::MountOption) {
            assert!(flag.help.ends_with('.'), "{}", flag.long);
            let off_by_default =
                ["options", "ttl", "warm", "metrics", "metrics-textfile", "source"].contains(&flag.long);
            let has_default = flag.takes == Takes::Nothing || off_by_default || !flag.default.is_empty();
            assert!(has_default, "{} shows no default", flag.long);
        }
    }
}
