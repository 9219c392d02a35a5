use std::fmt::Write;

use super::flag::{Flag, Spelled, Takes};
use super::table;

const USAGE: &str = "\
Mounts a cached view of the directory SRC at the directory MNT.

Usage: cachefs-mount SRC MNT [flags] [-o options]
";

const NOTES: &str = "
Each flag is a mount option, too (-o memory=64M,warm=src/**), and a variable (CACHEFS_MEMORY=64M); a flag or
mount option wins over the variable. In CACHEFS_WARM, : separates globs. With -o, _ and - are alike, and what
fstab says to others (x-*, _netdev, nofail, noauto, user, defaults) is ignored.
SIZE: 4096, 512M, 10G, 9.5% of the memory, off. TIME: 500ms, 5s, 1m, 1h, off.
Signals: TERM and INT unmount, a second one stops at once; USR1 writes statistics to the log.
Exit codes: 0 ok, 1 usage, 2 system, 32 not mounted.
";

/// The width of the column of names.
const COLUMN: usize = 28;

/// The width of all columns.
const WIDTH: usize = 110;

/// What `--help` shows.
pub(super) fn help() -> String {
    let mut text = USAGE.to_owned();
    for (title, flags) in table::GROUPS {
        let (documented, plain): (Vec<&Flag>, Vec<&Flag>) =
            flags.iter().partition(|flag| !flag.help.is_empty());
        _ = writeln!(text, "\n{title}:");
        for flag in documented {
            entry(&mut text, flag);
        }
        if !plain.is_empty() {
            let names: Vec<String> = plain.iter().map(|flag| flag.long.to_owned()).collect();
            wrap(&mut text, "  as for any filesystem", &names);
        }
    }
    text + NOTES
}

fn entry(text: &mut String, flag: &Flag) {
    let mut words: Vec<String> = flag.help.split(' ').map(str::to_owned).collect();
    if !flag.default.is_empty() {
        words.push(format!("[default: {}]", flag.default));
    }
    let mut name = spelling(flag);
    if name.len() + 2 > COLUMN {
        _ = writeln!(text, "{name}");
        name.clear();
    }
    wrap(text, &name, &words);
}

/// Writes `name` in its column and `words` beside it, on as many lines as it takes.
fn wrap(text: &mut String, name: &str, words: &[String]) {
    let mut line = format!("{name:COLUMN$}");
    for word in words {
        if line.len() + word.len() > WIDTH {
            _ = writeln!(text, "{}", line.trim_end());
            line = " ".repeat(COLUMN);
        }
        line = line + word + " ";
    }
    _ = writeln!(text, "{}", line.trim_end());
}

fn spelling(flag: &Flag) -> String {
    let value = match flag.takes {
        Takes::Nothing => String::new(),
        Takes::Value(name) | Takes::Options(name) => name.to_owned(),
        Takes::Values(name) => format!("{name}..."),
    };
    if flag.spelled == Spelled::MountOption {
        let sign = if value.is_empty() { "" } else { "=" };
        return format!("  {}{sign}{value}", flag.long.replace('-', "_"));
    }
    let letter = flag.short.map_or_else(|| "    ".to_owned(), |letter| format!("-{letter}, "));
    format!("  {letter}--{} {value}", flag.long).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_options_and_defaults_are_shown() {
        let help = help();
        let words = help.split_whitespace().collect::<Vec<_>>().join(" ");
        for flag in table::all() {
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
