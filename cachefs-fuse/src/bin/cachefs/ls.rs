use std::path::PathBuf;

use cachefs_fuse::control::{Entry, Listed, PathArguments, plain};
use clap::{Arg, ArgAction, ArgMatches, Command, ValueHint, value_parser};
use indicatif::HumanBytes;
use serde_json::json;

use crate::asked::Asked;
use crate::exit::Exit;
use crate::inside::within;
use crate::out::Out;
use crate::trouble::Trouble;

pub(crate) fn arguments(command: Command) -> Command {
    let path = Arg::new("path").value_name("PATH").default_value(".").value_parser(value_parser!(PathBuf));
    command.arg(path.value_hint(ValueHint::DirPath).help("A directory in a mount.")).arg(
        Arg::new("cached")
            .long("cached")
            .action(ArgAction::SetTrue)
            .help("With how much of each is in memory, as is always the case."),
    )
}

pub(crate) fn run(matches: &ArgMatches, out: &Out) -> Result<Exit, Trouble> {
    let path = matches.get_one::<PathBuf>("path").cloned().unwrap_or_default();
    let mut asked = Asked::at(&path, out)?;
    let arguments = PathArguments { path: within(&path, &asked.mountpoint)? };
    let mut entries: Vec<Entry> = Vec::new();
    let listed: Listed = asked.ask("ls", &arguments, |far| {
        let some = far.get("entries").cloned().unwrap_or_default();
        entries.extend(serde_json::from_value::<Vec<Entry>>(some).unwrap_or_default());
    })?;
    entries.sort_by(|one, other| one.name.cmp(&other.name));
    let exit = if listed.errors > 0 { Exit::Failed } else { Exit::Done };
    let mut text = entries.iter().map(shown).collect::<Vec<_>>().join("\n");
    if listed.errors > 0 {
        text += &format!("\n{} names could not be looked at", listed.errors);
    }
    out.end(exit, &json!({ "entries": entries, "errors": listed.errors }), text.trim_start_matches('\n'))
}

fn shown(entry: &Entry) -> String {
    let percent = entry.cached_percent.map_or_else(|| "-".to_owned(), |percent| format!("{percent:.0}%"));
    let slash = if entry.kind == "dir" { "/" } else { "" };
    let size = HumanBytes(entry.size_bytes).to_string();
    let pinned = if entry.pinned { "  (pinned)" } else { "" };
    format!("{percent:>5} {size:>12}  {}{slash}{pinned}", plain(&entry.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_percent_size_and_name() {
        let file = Entry {
            name: "a\nb".into(),
            kind: "file".into(),
            size_bytes: 2048,
            cached_bytes: 1024,
            cached_percent: Some(50.0),
            pinned: true,
        };
        assert_eq!(shown(&file), "  50%     2.00 KiB  a\\nb  (pinned)");
        let dir = Entry { name: "d".into(), kind: "dir".into(), ..Entry::default() };
        assert_eq!(shown(&dir), "    -          0 B  d/");
    }
}
