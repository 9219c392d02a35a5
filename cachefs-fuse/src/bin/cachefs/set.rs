use std::path::PathBuf;

use cachefs_fuse::control::{SetArguments, SetTold, plain};
use clap::{Arg, ArgMatches, Command};

use crate::asked::Asked;
use crate::exit::Exit;
use crate::mount_option;
use crate::out::Out;
use crate::trouble::Trouble;

pub(crate) fn arguments(command: Command) -> Command {
    command
        .arg(Arg::new("key").value_name("KEY").required(true).help("memory or log-level."))
        .arg(Arg::new("value").value_name("VALUE").required(true).help("As cachefs-mount takes it."))
        .arg(mount_option())
}

pub(crate) fn run(matches: &ArgMatches, out: &Out) -> Result<Exit, Trouble> {
    let path = matches.get_one::<PathBuf>("mount").cloned().unwrap_or_default();
    let text = |name| matches.get_one::<String>(name).cloned().unwrap_or_default();
    let arguments = SetArguments { key: text("key"), value: text("value") };
    let told: SetTold = Asked::at(&path, out)?.ask("set", &arguments, |_| ())?;
    let shown = format!("{} is {}, was {}", told.key, plain(&told.value), plain(&told.before));
    out.end(Exit::Done, &told, &shown)
}
