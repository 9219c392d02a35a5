use std::ffi::OsStr;
use std::io;

use clap::Command;

use super::command;

/// The first argument by which `cachefs` asks for completions and the page for man.
const ARGUMENT: &str = "--internal-pages";

/// Whether they are asked for.
pub(crate) fn are_called(argument: Option<&OsStr>) -> bool {
    argument == Some(OsStr::new(ARGUMENT))
}

/// Completions for this shell, or the page with `man`, as text.
///
/// # Errors
/// If it is for nothing that is known.
pub(crate) fn make(what: Option<&OsStr>) -> io::Result<Vec<u8>> {
    let what = what.and_then(OsStr::to_str).unwrap_or_default();
    let mut command: Command = command::arguments().no_binary_name(false);
    let mut text = Vec::new();
    if what == "man" {
        clap_mangen::Man::new(command).section("8").render(&mut text)?;
        return Ok(text);
    }
    let unknown = |error: String| io::Error::new(io::ErrorKind::InvalidInput, error);
    let shell: clap_complete::Shell = what.parse().map_err(unknown)?;
    clap_complete::generate(shell, &mut command, "cachefs-mount", &mut text);
    Ok(text)
}
