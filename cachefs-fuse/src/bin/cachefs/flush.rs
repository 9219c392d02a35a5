use std::path::PathBuf;

use cachefs_fuse::control::{FlushArguments, Outcome, Request};
use clap::{Arg, ArgMatches, Command, ValueHint, value_parser};
use serde_json::Value;

use crate::bar::Bar;
use crate::exit::Exit;
use crate::inside::within;
use crate::out::Out;
use crate::silence::Silence;
use crate::status::list;
use crate::target::{BUSY_QUIET, Target, give_up_after, greet};
use crate::trouble::Trouble;
use crate::umount::timeout;

pub(crate) fn arguments(command: Command) -> Command {
    let path = Arg::new("path").value_name("PATH").default_value(".").value_parser(value_parser!(PathBuf));
    command
        .arg(path.value_hint(ValueHint::AnyPath).help("A file, a directory with all in it, or a mount."))
        .arg(timeout("How long to try at most."))
        .arg(
            Arg::new("wait")
                .long("wait")
                .action(clap::ArgAction::SetTrue)
                .help("Wait until it is done, as is always the case."),
        )
}

pub(crate) fn run(matches: &ArgMatches, out: &Out) -> Result<Exit, Trouble> {
    let path = matches.get_one::<PathBuf>("path").cloned().unwrap_or_default();
    let (mut client, mountpoint) = Target::served(&path)?;
    let timeout_seconds = matches.get_one::<std::time::Duration>("timeout").map(|span| span.as_secs_f64());
    // Before the path is looked up, which asks the mount, too.
    greet(&mut client, timeout_seconds, out)?;
    let arguments = FlushArguments {
        path: Some(within(&path, &mountpoint)?).filter(|path| !path.is_empty()),
        timeout_seconds,
    };
    give_up_after(&mut client, arguments.timeout_seconds);
    let (bar, silence) = (Bar::new(!out.is_json()), Silence::of(client.peer(), BUSY_QUIET, out));
    let arguments = serde_json::to_value(&arguments).unwrap_or(Value::Null);
    let told = client.call(&Request::new("flush", arguments), |far| {
        silence.heard();
        bar.hear(far);
    })?;
    drop((bar, silence));
    let outcome: Outcome = serde_json::from_value(Value::Object(told))
        .map_err(|error| Trouble::failed(format!("the mount speaks another language: {error}")))?;
    let exit = Exit::after(false, !outcome.left.is_empty(), false);
    let text = match exit {
        Exit::Dirty => format!("not written to the source:{}", list(&outcome.left)),
        _ => String::new(),
    };
    out.end(exit, &outcome, &text)
}
