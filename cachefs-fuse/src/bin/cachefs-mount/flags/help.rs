use std::fmt::Write;

use clap::builder::StyledStr;

use super::flag::{Flag, Spelled, Takes};
use super::table;

/// What the program is for.
pub(super) const ABOUT: &str = "Mounts a cached view of the directory SRC at the directory MNT.";

/// How it is called.
pub(super) const USAGE: &str = "cachefs-mount SRC MNT [flags] [-o options]";

const MOUNT_OPTIONS: &str = "Mount options (-o), besides the flags above:\n";

const NOTES: &str = "
Each flag is a mount option, too (-o memory=64M,warm=src/**), a variable (CACHEFS_MEMORY=64M), and a key of the \
configuration file (memory = \"64M\", for one mount below [mount.\"/mnt/fast\"]). A flag or mount option wins over the \
variable, that over the file. Files: /etc/cachefs/config.toml, beneath ~/.config/cachefs/config.toml. In CACHEFS_WARM, : separates globs. With -o, _ and - are alike, and what \
fstab says to others (x-*, _netdev, nofail, noauto, user, defaults) is ignored.

Coherence, how changes made behind the mount are seen:
  auto      As watch where the source can be watched, else as open.
  watch     The system tells of each change, at once. watch! also on network sources, where what
            other machines change goes unseen. watch:filesystem, watch:directories and
            watch:inotify choose the means.
  open      Each open and look-up asks the source.
  ttl=TIME  No answer is older than TIME.
  single    There are none: only this mount changes the source.

SIZE: 4096, 512M, 10G, 9.5% of the memory, off. TIME: 500ms, 5s, 1m, 1h, off.
Log: to the --log FILE; else in the foreground to standard error, in the background to syslog (/dev/log).
Signals: TERM and INT unmount and write everything to the source, a second one stops at once; HUP reads the
configuration anew; USR1 writes statistics to the log.
Exit codes: 0 ok, 1 usage, 2 system, 32 not mounted; 10 bytes stay in the journal, 11 conflicts were kept.
";

/// The width of the column of names.
const COLUMN: usize = 24;

/// The width nothing is wider than.
pub(super) const WIDTH: usize = 110;

/// Keeps words on one line; a blank to people.
const NO_BREAK: &str = "\u{a0}";

/// A flag's sentence, with its default.
pub(super) fn sentence(flag: &Flag) -> String {
    if flag.default.is_empty() {
        return flag.help.to_owned();
    }
    format!("{} {}", flag.help, format!("[default: {}]", flag.default).replace(' ', NO_BREAK))
}

/// A text made by clap, as it is printed.
pub(super) fn printed(text: &StyledStr) -> String {
    text.to_string().replace(NO_BREAK, " ")
}

/// What is shown below the flags: what else `-o` takes, and notes.
pub(super) fn after_options() -> String {
    let options = || table::all().filter(|flag| flag.spelled == Spelled::MountOption);
    let mut text = MOUNT_OPTIONS.to_owned();
    for flag in options().filter(|flag| !flag.help.is_empty()) {
        _ = writeln!(text, "  {:COLUMN$} {}", item(flag), sentence(flag));
    }
    let plain: Vec<&str> = options().filter(|flag| flag.help.is_empty()).map(|flag| flag.long).collect();
    text + "  As for any filesystem: " + &plain.join(", ") + "\n" + NOTES
}

/// As it is written within `-o`.
fn item(flag: &Flag) -> String {
    let name = flag.long.replace('-', "_");
    match flag.takes {
        Takes::Nothing => name,
        Takes::Value(value) | Takes::Word(value) | Takes::Values(value) | Takes::Options(value) => {
            format!("{name}={value}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flags::command;

    #[test]
    fn all_options_and_defaults_are_shown() {
        let help = printed(&command::arguments().render_help());
        let words = help.split_whitespace().collect::<Vec<_>>().join(" ");
        for flag in table::all().filter(|flag| flag.spelled != Spelled::File) {
            let name = if flag.spelled == Spelled::MountOption {
                flag.long.replace('-', "_")
            } else {
                flag.long.to_owned()
            };
            assert!(words.contains(&name), "{name}");
            assert!(
                flag.default.is_empty() || words.contains(&format!("[default: {}]", flag.default)),
                "{name}"
            );
        }
        for line in help.lines() {
            assert!(line.len() <= WIDTH && line.trim_end() == line, "{line:?}");
        }
    }
}
