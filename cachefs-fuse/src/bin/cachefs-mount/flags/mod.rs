//! From what the user typed to a checked configuration. Each option's name, documentation, default and parser stand
//! in one entry of one table; arguments, `-o` and the environment are three spellings of it. clap reads the first two.

mod back;
mod caching;
mod coherence;
mod command;
mod complaint;
mod config;
mod config_file;
mod document;
mod effective;
mod flag;
mod help;
mod line;
mod list;
mod machine;
mod metrics;
mod mount_options;
mod mounting;
pub(crate) mod pages;
mod parse;
mod reporting;
mod settings;
mod size;
mod span;
mod table;
mod warming;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use cachefs_fuse::control::Setting;

pub(crate) use back::BackConfig;
pub(crate) use coherence::Coherence;
pub(crate) use config::{CacheConfig, Config, KernelConfig, LogConfig, LogFormat, Mode, WarmConfig};
pub(crate) use effective::Effective;
pub(crate) use list::known as known_mount_options;
pub(crate) use machine::Machine;
use parse::Parsed;
pub(crate) use size::Size;

/// What the user wants.
#[derive(Debug)]
pub(crate) enum Wish {
    /// A mount.
    Mount(Box<Config>),
    /// A text on standard output.
    Show(String),
}

/// Where a command line is read.
#[derive(Clone, Debug)]
pub(crate) struct Surroundings {
    pub(crate) machine: Machine,
    /// What relative paths are relative to.
    pub(crate) directory: PathBuf,
    /// The usual places of configuration files; later ones win.
    pub(crate) config_files: Vec<PathBuf>,
}

impl Surroundings {
    /// Of this process.
    pub(crate) fn new(machine: Machine, variable: &dyn Fn(&str) -> Option<OsString>) -> Self {
        let directory = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
        Self { machine, directory, config_files: config_file::usual(variable) }
    }
}

/// Reads the arguments (without the program's name), with the environment and the configuration files beneath them.
///
/// # Errors
/// One line that names the argument and says what would be right.
pub(crate) fn read(
    arguments: impl IntoIterator<Item = OsString>,
    variable: &dyn Fn(&str) -> Option<OsString>,
    around: &Surroundings,
) -> Result<Wish, String> {
    let matches = match command::arguments().try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(error) if !error.use_stderr() => return Ok(Wish::Show(help::printed(&error.render()))),
        Err(error) => return Err(complaint::about_arguments(&error)),
    };
    let parsed = parse::parse(&matches, variable, around)?;
    if parsed.is_to_show {
        return Ok(Wish::Show(shown(&parsed)));
    }
    let (source, mountpoint) = operands(parsed.operands, parsed.settings.source.as_deref())?;
    Config::new(parsed.settings, source, mountpoint, around.machine)
        .map(|config| Wish::Mount(Box::new(Config { effective: parsed.effective, ..config })))
}

/// All settings, for people or for programs.
fn shown(parsed: &Parsed) -> String {
    let settings = parsed.effective.settings();
    if parsed.settings.json {
        return serde_json::json!({ "settings": settings }).to_string() + "\n";
    }
    Setting::table(settings)
}

fn operands(operands: Vec<OsString>, source: Option<&Path>) -> Result<(PathBuf, PathBuf), String> {
    const USAGE: &str = "cachefs-mount SRC MNT, see --help";
    let mut operands = operands.into_iter();
    let first = operands.next().ok_or_else(|| format!("source and mount point are missing: {USAGE}"))?;
    match (operands.next(), source) {
        (None, Some(source)) => Ok((source.to_owned(), first.into())),
        (None, None) => {
            Err(format!("the mount point is missing, or its source in the configuration file: {USAGE}"))
        }
        (Some(mountpoint), _) => match operands.next() {
            Some(extra) => Err(format!("unexpected argument {}: {USAGE}", extra.display())),
            None => Ok((first.into(), mountpoint.into())),
        },
    }
}

#[cfg(test)]
mod testing {
    use std::ffi::OsString;

    use super::parse::Parsed;
    use super::settings::Settings;
    use super::{Config, Machine, Surroundings, Wish, command, complaint, read};

    /// A machine without configuration files.
    pub(super) fn nowhere() -> Surroundings {
        let machine = Machine { memory_bytes: 1 << 30, descriptors_max: 20_000 };
        Surroundings { machine, directory: "/".into(), config_files: Vec::new() }
    }

    fn words(line: &str) -> impl Iterator<Item = OsString> {
        line.split_whitespace().map(Into::into)
    }

    /// What a command line says, without the checks that come after.
    pub(super) fn parse(
        arguments: impl IntoIterator<Item = OsString>,
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Parsed, String> {
        let matches = command::arguments().try_get_matches_from(arguments);
        let matches = matches.map_err(|error| complaint::about_arguments(&error))?;
        super::parse::parse(&matches, &variable, &nowhere())
    }

    /// The settings of a well-formed command line for `SRC MNT`.
    pub(super) fn settings(line: &str) -> Settings {
        parse(["SRC".into(), "MNT".into()].into_iter().chain(words(line)), |_| None).expect(line).settings
    }

    fn wish(line: &str) -> Result<Wish, String> {
        read(["SRC".into(), "MNT".into()].into_iter().chain(words(line)), &|_| None, &nowhere())
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
        let operands = |words: &[&str]| super::operands(words.iter().map(OsString::from).collect(), None);
        assert!(operands(&[]).expect_err("none").contains("are missing"));
        assert!(operands(&["a"]).expect_err("one").contains("mount point is missing"));
        assert!(operands(&["a", "b", "c"]).expect_err("three").contains("unexpected argument c"));
        assert_eq!(operands(&["a", "b"]), Ok(("a".into(), "b".into())));
        let configured = super::operands(vec!["b".into()], Some(Path::new("a")));
        assert_eq!(configured, Ok(("a".into(), "b".into())));
    }
}
