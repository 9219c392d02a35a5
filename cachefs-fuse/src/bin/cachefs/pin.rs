//! `pin` and `unpin`.

use std::path::PathBuf;

use cachefs_fuse::control::{PathArguments, PinTold};
use clap::{Arg, ArgMatches, Command, ValueHint, value_parser};
use indicatif::HumanBytes;

use crate::asked::Asked;
use crate::exit::Exit;
use crate::inside::within;
use crate::out::Out;
use crate::trouble::Trouble;

pub(crate) fn arguments(command: Command) -> Command {
    let paths = Arg::new("paths").value_name("PATH").required(true).num_args(1..);
    command.arg(
        paths.value_parser(value_parser!(PathBuf)).value_hint(ValueHint::FilePath).help("A file in a mount."),
    )
}

pub(crate) fn pin(matches: &ArgMatches, out: &Out) -> Result<Exit, Trouble> {
    let told = each("pin", matches, out)?;
    out.end(Exit::Done, &told, &shown(&told, "stay in memory"))
}

pub(crate) fn unpin(matches: &ArgMatches, out: &Out) -> Result<Exit, Trouble> {
    let told = each("unpin", matches, out)?;
    out.end(Exit::Done, &told, &shown(&told, "may be evicted again"))
}

/// One after the other; what was done before one that is refused stays done.
fn each(verb: &str, matches: &ArgMatches, out: &Out) -> Result<PinTold, Trouble> {
    let mut sum = PinTold::default();
    for path in matches.get_many::<PathBuf>("paths").into_iter().flatten() {
        let mut asked = Asked::at(path, out)?;
        let arguments = PathArguments { path: within(path, &asked.mountpoint)? };
        let one: PinTold = asked.ask(verb, &arguments, |_| ())?;
        sum.files += one.files;
        sum.bytes += one.bytes;
    }
    Ok(sum)
}

fn shown(told: &PinTold, fate: &str) -> String {
    let files = if told.files == 1 { "file" } else { "files" };
    format!("{} {files}, {} of memory, {fate}", told.files, HumanBytes(told.bytes))
}
