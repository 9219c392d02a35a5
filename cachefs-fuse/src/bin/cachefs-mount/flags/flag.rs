use std::num::NonZeroUsize;

use super::settings::Settings;

/// One option with all that is known of it. The same entry is spelled `--long VALUE` among the arguments,
/// `long=VALUE` within `-o`, and `CACHEFS_LONG=VALUE` in the environment; `-` and `_` are alike in all three.
#[derive(Debug)]
pub(crate) struct Flag {
    pub(super) long: &'static str,
    pub(super) short: Option<char>,
    pub(super) takes: Takes,
    pub(super) spelled: Spelled,
    /// It can change while the mount is there.
    pub(super) live: bool,
    /// It may stand in the configuration file, too.
    pub(super) filed: bool,
    /// The default as the help shows it; empty for what is simply off.
    pub(super) default: &'static str,
    /// One sentence for the help.
    pub(super) help: &'static str,
    /// Parses the value into the settings. The error names the value and what would be right.
    pub(super) set: fn(&mut Settings, &str) -> Result<(), String>,
}

/// One option as it was given.
#[derive(Debug)]
pub(super) struct Given {
    pub(super) flag: &'static Flag,
    pub(super) value: String,
    /// How messages call it.
    pub(super) spelling: String,
    pub(super) layer: Layer,
}

/// Where an option was given, the later ones above the earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layer {
    File,
    Environment,
    Argument,
}

impl Layer {
    /// As people read it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Environment => "environment",
            Self::Argument => "flag",
        }
    }
}

/// What follows an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    /// Nothing; after `=`, and in the environment, it may be given `yes` or `no`.
    Nothing,
    /// One value, called this in the help.
    Value(&'static str),
    /// One value, called this in the help; within `-o` it may be left out.
    Word(&'static str),
    /// One or more values, called this in the help.
    Values(&'static str),
    /// A list separated by commas, `\,` for a comma within an item; each item is an option of its own.
    Options(&'static str),
}

/// Where an option may be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spelled {
    /// As argument, within `-o`, in the environment.
    Everywhere,
    /// Among the arguments only.
    Argument,
    /// Within `-o` only: known from libfuse and mount(8).
    MountOption,
    /// In the configuration file only, for a single mount.
    File,
}

impl Flag {
    /// An option that takes one value.
    pub(super) const fn value(
        long: &'static str,
        value: &'static str,
        default: &'static str,
        help: &'static str,
        set: fn(&mut Settings, &str) -> Result<(), String>,
    ) -> Self {
        Self {
            long,
            short: None,
            takes: Takes::Value(value),
            spelled: Spelled::Everywhere,
            live: false,
            filed: true,
            default,
            help,
            set,
        }
    }

    /// An option that is there or not.
    pub(super) const fn switch(
        long: &'static str,
        help: &'static str,
        set: fn(&mut Settings, &str) -> Result<(), String>,
    ) -> Self {
        Self::value(long, "", "", help, set).takes(Takes::Nothing)
    }

    /// Gives it a one-letter spelling.
    pub(super) const fn short(mut self, letter: char) -> Self {
        self.short = Some(letter);
        self
    }

    /// Restricts where it may be written.
    pub(super) const fn spelled(mut self, spelled: Spelled) -> Self {
        self.spelled = spelled;
        self
    }

    /// Changes what follows it.
    pub(super) const fn takes(mut self, takes: Takes) -> Self {
        self.takes = takes;
        self
    }

    /// It can change while the mount is there.
    pub(super) const fn live(mut self) -> Self {
        self.live = true;
        self
    }

    /// It makes no sense in a file.
    pub(super) const fn not_filed(mut self) -> Self {
        self.filed = false;
        self
    }

    /// Whether it may be an argument.
    pub(super) fn is_argument(&self) -> bool {
        matches!(self.spelled, Spelled::Everywhere | Spelled::Argument)
    }

    /// Whether it may stand within `-o`.
    pub(super) fn is_mount_option(&self) -> bool {
        matches!(self.spelled, Spelled::Everywhere | Spelled::MountOption)
    }

    /// Whether it may stand in the configuration file.
    pub(super) fn is_filed(&self) -> bool {
        self.filed && self.spelled != Spelled::Argument
    }

    /// As the file has it.
    pub(super) fn key(&self) -> String {
        self.long.replace('-', "_")
    }

    /// What it is about: of two options about the same thing, one among the arguments wins over one in the
    /// environment.
    pub(super) fn subject(&self) -> &'static str {
        if self.long == "ttl" { "coherence" } else { self.long }
    }

    /// The name of its environment variable.
    pub(super) fn variable(&self) -> String {
        format!("CACHEFS_{}", self.long.replace('-', "_").to_uppercase())
    }
}

/// The value of a switch.
pub(super) fn yes(text: &str) -> Result<bool, String> {
    match text {
        "" | "yes" | "true" | "on" | "1" => Ok(true),
        "no" | "false" | "off" | "0" => Ok(false),
        _ => Err(format!("\"{text}\" is neither yes nor no")),
    }
}

/// A number of things, `off` for none.
pub(super) fn count(text: &str) -> Result<usize, String> {
    if text == "off" {
        return Ok(0);
    }
    text.parse().map_err(|_| format!("\"{text}\" is not a whole number"))
}

/// A number of things of which there must be at least one.
pub(super) fn count_from_one(text: &str) -> Result<NonZeroUsize, String> {
    let count = text.parse().ok().and_then(NonZeroUsize::new);
    count.ok_or_else(|| format!("\"{text}\" is not a whole number above 0"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switches_and_counts() {
        assert_eq!(yes(""), Ok(true));
        assert_eq!(yes("no"), Ok(false));
        assert!(yes("maybe").is_err());
        assert_eq!(count("off"), Ok(0));
        assert_eq!(count("12"), Ok(12));
        assert!(count("-1").is_err());
        assert!(count_from_one("0").is_err());
    }
}
