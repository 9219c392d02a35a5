use std::io::Write;

use clap::error::{ContextKind, ContextValue};
use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::exit::Exit;
use crate::out::Out;
use crate::trouble::Trouble;
use crate::{config, flush, recover, status, umount};

/// A verb of the program. To add one is to write its module and its line in [`VERBS`].
pub(crate) struct Verb {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    /// Adds its arguments.
    pub(crate) arguments: fn(Command) -> Command,
    /// Does it.
    pub(crate) run: fn(&ArgMatches, &Out) -> Result<Exit, Trouble>,
}

pub(crate) const VERBS: &[Verb] = &[
    Verb {
        name: "status",
        about: "Show how a mount is, and what waits to be written to its source.",
        arguments: status::arguments,
        run: status::run,
    },
    Verb {
        name: "flush",
        about: "Write to the source what was written to a file, a directory or the whole mount, and wait for it.",
        arguments: flush::arguments,
        run: flush::run,
    },
    Verb {
        name: "umount",
        about: "Write everything to the source, then unmount.",
        arguments: umount::arguments,
        run: umount::run,
    },
    Verb {
        name: "config",
        about: "Show each setting of a mount, or of one to be made, and where it came from.",
        arguments: config::arguments,
        run: config::run,
    },
    Verb {
        name: "recover",
        about: "See to the journal that a mount left behind: write it to the source, show, save or drop it.",
        arguments: recover::arguments,
        run: recover::run,
    },
];

const EXIT_CODES: &str = "Exit codes: 0 ok, 1 error, 2 usage, 3 not found, 4 not mounted, 5 try again later, \
                          10 bytes are not in the source yet, 11 conflicts were kept, 12 the journal is damaged.";

/// The command line.
pub(crate) fn command() -> Command {
    let command = Command::new("cachefs")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Steers mounts of cachefs, and sees to what they left behind.")
        .after_help(EXIT_CODES)
        .max_term_width(110)
        .no_binary_name(true)
        .subcommand_required(true)
        .arg_required_else_help(false);
    VERBS.iter().fold(command, |command, verb| {
        let json = Arg::new("json").long("json").action(ArgAction::SetTrue).help("Print one line of JSON.");
        command.subcommand((verb.arguments)(Command::new(verb.name).about(verb.about).arg(json)))
    })
}

/// Prints help or version.
pub(crate) fn show(error: &clap::Error) -> Result<Exit, Trouble> {
    write!(std::io::stdout(), "{}", error.render())
        .map(|()| Exit::Done)
        .map_err(|error| Trouble::failed(format!("nothing can be printed: {error}")))
}

/// What is wrong with the command line, in one line.
pub(crate) fn complaint(error: &clap::Error) -> Trouble {
    let text = error.render().to_string();
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default().trim_start_matches("error: ").to_owned();
    let near =
        [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg].into_iter().find_map(
            |kind| match error.get(kind)? {
                ContextValue::String(text) => Some(text.clone()),
                ContextValue::Strings(texts) => texts.first().cloned(),
                _ => None,
            },
        );
    match (near, first.ends_with(':')) {
        (Some(near), _) => Trouble::usage(format!("{first}: did you mean {near}?")),
        (None, true) => {
            Trouble::usage(format!("{first} {}: see cachefs --help", lines.next().unwrap_or_default()))
        }
        (None, false) => Trouble::usage(format!("{first}: see cachefs --help")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clap_finds_nothing_wrong() {
        command().debug_assert();
    }

    #[test]
    fn complaints_are_one_line() {
        let complaint = |line: &str| {
            let error = command().try_get_matches_from(line.split_whitespace()).expect_err(line);
            super::complaint(&error)
        };
        assert!(complaint("statsu /m").message.contains("did you mean status?"));
        assert!(complaint("umount --timeuot 5 /m").message.contains("did you mean --timeout?"));
        assert!(complaint("umount").message.contains("<MNT>"));
        assert!(complaint("").message.contains("see cachefs --help"));
        for line in ["", "dance", "umount", "recover --dry-run --discard /s"] {
            let trouble = complaint(line);
            assert_eq!((trouble.exit, trouble.message.contains('\n')), (Exit::Usage, false), "{line}");
        }
    }
}
