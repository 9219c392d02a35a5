//! From what the user typed to a checked configuration. Each option's name, documentation, default and parser stand
//! in one entry of one table; arguments, `-o` and the environment are three spellings of it. clap reads the first two.

mod back;
mod caching;
mod coherence;
mod command;
mod complaint;
mod config;
mod flag;
mod help;
mod line;
mod list;
mod machine;
mod mount_options;
mod mounting;
mod parse;
mod reporting;
mod settings;
mod size;
mod span;
mod table;
mod warming;

use std::ffi::OsString;
use std::path::PathBuf;

pub(crate) use back::BackConfig;
pub(crate) use coherence::Coherence;
pub(crate) use config::{CacheConfig, Config, KernelConfig, LogConfig, Mode, WarmConfig};
pub(crate) use machine::Machine;

/// What the user wants.
#[derive(Debug)]
pub(crate) enum Wish {
    /// A mount.
    Mount(Box<Config>),
    /// A text on standard output.
    Show(String),
}

/// Reads the arguments (without the program's name), with the environment beneath them.
///
/// # Errors
/// One line that names the argument and says what would be right.
pub(crate) fn read(
    arguments: impl IntoIterator<Item = OsString>,
    variable: impl Fn(&str) -> Option<OsString>,
    machine: Machine,
) -> Result<Wish, String> {
    let matches = match command::arguments().try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(error) if !error.use_stderr() => return Ok(Wish::Show(help::printed(&error.render()))),
        Err(error) => return Err(complaint::about_arguments(&error)),
    };
    let parsed = parse::parse(&matches, variable)?;
    let (source, mountpoint) = operands(parsed.operands)?;
    Ok(Wish::Mount(Box::new(Config::new(parsed.settings, source, mountpoint, machine)?)))
}

fn operands(operands: Vec<OsString>) -> Result<(PathBuf, PathBuf), String> {
    const USAGE: &str = "cachefs-mount SRC MNT, see --help";
    let mut operands = operands.into_iter();
    let source = operands.next().ok_or_else(|| format!("source and mount point are missing: {USAGE}"))?;
    let mountpoint = operands.next().ok_or_else(|| format!("the mount point is missing: {USAGE}"))?;
    match operands.next() {
        Some(extra) => Err(format!("unexpected argument {}: {USAGE}", extra.display())),
        None => Ok((source.into(), mountpoint.into())),
    }
}

#[cfg(test)]
mod testing {
    use std::ffi::OsString;

    use super::parse::Parsed;
    use super::settings::Settings;
    use super::{Config, Machine, Wish, command, complaint, read};

    fn words(line: &str) -> impl Iterator<Item = OsString> {
        line.split_whitespace().map(Into::into)
    }

    /// What a command line says, without the checks that come after.
    pub(super) fn parse(
        arguments: impl IntoIterator<Item = OsString>,
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Parsed, String> {
        let matches = command::arguments().try_get_matches_from(arguments);
        super::parse::parse(&matches.map_err(|error| complaint::about_arguments(&error))?, variable)
    }

    /// The settings of a well-formed command line for `SRC MNT`.
    pub(super) fn settings(line: &str) -> Settings {
        parse(["SRC".into(), "MNT".into()].into_iter().chain(words(line)), |_| None).expect(line).settings
    }

    fn wish(line: &str) -> Result<Wish, String> {
        let machine = Machine { memory_bytes: 1 << 30, descriptors_max: 20_000 };
        read(["SRC".into(), "MNT".into()].into_iter().chain(words(line)), |_| None, machine)
    }

    /// The configuration of a well-formed command line for `SRC MNT`.
    pub(super) fn config(line: &str) -> Config {
        match wish(line) {
            Ok(Wish::Mount(config)) => *config,
            other => panic!("{line}: {other:?}"),
        }
    }

    /// What is told about a malformed command line for `SRC MNT`.
    pub(super) fn usage(line: &str) -> String {
        wish(line).expect_err(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operands_are_counted() {
        let operands = |words: &[&str]| super::operands(words.iter().map(OsString::from).collect());
        assert!(operands(&[]).expect_err("none").contains("are missing"));
        assert!(operands(&["a"]).expect_err("one").contains("mount point is missing"));
        assert!(operands(&["a", "b", "c"]).expect_err("three").contains("unexpected argument c"));
        assert_eq!(operands(&["a", "b"]), Ok(("a".into(), "b".into())));
    }
}
