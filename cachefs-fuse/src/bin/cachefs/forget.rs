//! `invalidate` and `evict`, which differ in what they drop.

use std::path::PathBuf;

use cachefs_fuse::control::{ForgetArguments, Forgotten};
use clap::{Arg, ArgMatches, Command, ValueHint, value_parser};
use indicatif::HumanBytes;

use crate::asked::Asked;
use crate::exit::Exit;
use crate::inside::Meant;
use crate::out::Out;
use crate::trouble::Trouble;

pub(crate) fn arguments(command: Command) -> Command {
    let paths = Arg::new("paths").value_name("PATH|GLOB").required(true).num_args(1..);
    command.arg(
        paths.value_parser(value_parser!(PathBuf)).value_hint(ValueHint::AnyPath).help(
            "A file, a directory with all in it, a mount, or a pattern (quoted; ** stands for any depth).",
        ),
    )
}

pub(crate) fn invalidate(matches: &ArgMatches, out: &Out) -> Result<Exit, Trouble> {
    let forgotten = forget("invalidate", &words(matches), out)?;
    end(&forgotten, "are asked of the source again", out)
}

pub(crate) fn evict(matches: &ArgMatches, out: &Out) -> Result<Exit, Trouble> {
    let forgotten = forget("evict", &words(matches), out)?;
    end(&forgotten, "are out of memory", out)
}

pub(crate) fn words(matches: &ArgMatches) -> Vec<PathBuf> {
    matches.get_many("paths").into_iter().flatten().cloned().collect()
}

/// Forgets all of them, each in its mount.
pub(crate) fn forget(verb: &str, words: &[PathBuf], out: &Out) -> Result<Forgotten, Trouble> {
    let mut sum = Forgotten::default();
    for word in words {
        let mut asked = Asked::at(word, out)?;
        let arguments = match Meant::of(word, &asked.mountpoint)? {
            Meant::Path(path) => ForgetArguments { path: Some(path), glob: None },
            Meant::Glob(glob) => ForgetArguments { path: None, glob: Some(glob) },
        };
        let forgotten: Forgotten = asked.ask(verb, &arguments, |_| ())?;
        sum.names += forgotten.names;
        sum.bytes += forgotten.bytes;
        sum.errors += forgotten.errors;
    }
    Ok(sum)
}

fn end(forgotten: &Forgotten, fate: &str, out: &Out) -> Result<Exit, Trouble> {
    let exit = if forgotten.errors > 0 { Exit::Failed } else { Exit::Done };
    out.end(exit, forgotten, &shown(forgotten, fate))
}

fn shown(forgotten: &Forgotten, fate: &str) -> String {
    let what = match forgotten.names {
        0 => "all names".to_owned(),
        1 => "1 name".to_owned(),
        names => format!("{names} names"),
    };
    let errors = match forgotten.errors {
        0 => String::new(),
        errors => format!("; {errors} could not be"),
    };
    format!("{what} and {} {fate}{errors}", HumanBytes(forgotten.bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_forgotten_reads_well() {
        let forgotten = Forgotten { names: 2, bytes: 1024, errors: 1 };
        assert_eq!(
            shown(&forgotten, "are out of memory"),
            "2 names and 1.00 KiB are out of memory; 1 could not be"
        );
    }
}
