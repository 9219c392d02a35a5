//! From what the user typed to a checked configuration. Each option's name, documentation, default and parser stand
//! in one entry of one table; arguments, `-o` and the environment are three spellings of it.

mod caching;
mod config;
mod flag;
mod help;
mod line;
mod mount_options;
mod mounting;
mod nearest;
mod parse;
mod reporting;
mod settings;
mod size;
mod span;
mod table;
mod warming;

use std::ffi::OsString;
use std::path::PathBuf;

pub(crate) use config::{Config, KernelConfig, LogConfig, Machine, Mode, WarmConfig};

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
    let parsed = parse::parse(arguments, variable)?;
    if parsed.settings.help {
        return Ok(Wish::Show(help::help()));
    }
    if parsed.settings.version {
        return Ok(Wish::Show(format!("cachefs-mount {}\n", env!("CARGO_PKG_VERSION"))));
    }
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
    use super::settings::Settings;
    use super::{Config, Machine, Wish, parse, read};

    fn words(line: &str) -> impl Iterator<Item = std::ffi::OsString> {
        line.split_whitespace().map(Into::into)
    }

    /// The settings of a well-formed command line for `SRC MNT`.
    pub(super) fn settings(line: &str) -> Settings {
        parse::parse(["SRC".into(), "MNT".into()].into_iter().chain(words(line)), |_| None)
            .expect(line)
            .settings
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
