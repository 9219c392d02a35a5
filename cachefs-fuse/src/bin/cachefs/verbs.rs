use std::io::Write;

use clap::error::{ContextKind, ContextValue};
use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::exit::Exit;
use crate::out::Out;
use crate::trouble::Trouble;
use crate::{
    bundle, config, doctor, flush, forget, list, ls, mrc, pages, pin, queue, record, recover, set, stat,
    status, top, umount, warm,
};

/// A verb of the program. To add one is to write its module and its line in [`VERBS`].
pub(crate) struct Verb {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    /// What one may type, after the name of the program.
    pub(crate) example: &'static str,
    /// Adds its arguments.
    pub(crate) arguments: fn(Command) -> Command,
    /// Does it.
    pub(crate) run: fn(&ArgMatches, &Out) -> Result<Exit, Trouble>,
}

pub(crate) const VERBS: &[Verb] = &[
    Verb {
        name: "list",
        about: "Show all mounts of yours: source, mount point, mode, coherence, profile, process, how long it is up.",
        example: "list",
        arguments: list::arguments,
        run: list::run,
    },
    Verb {
        name: "status",
        about: "Show how a mount is and what waits to be written to its source; of a path within it, how much is cached.",
        example: "status /mnt/photos/2026",
        arguments: status::arguments,
        run: status::run,
    },
    Verb {
        name: "stat",
        about: "Show all numbers of a mount: hit ratios, latencies, evictions, coherence; with -i a line for each interval.",
        example: "stat -i 2 /mnt",
        arguments: stat::arguments,
        run: stat::run,
    },
    Verb {
        name: "top",
        about: "Watch a mount, or all of yours, on a screen: rates, hits, latencies, what is dirty, over the last minutes.",
        example: "top /mnt",
        arguments: top::arguments,
        run: top::run,
    },
    Verb {
        name: "mrc",
        about: "Show what more memory or another policy would bring: hits by size, of what was read lately.",
        example: "mrc /mnt",
        arguments: mrc::arguments,
        run: mrc::run,
    },
    Verb {
        name: "ls",
        about: "List a directory with how much of each file is in memory.",
        example: "ls --cached /mnt/photos",
        arguments: ls::arguments,
        run: ls::run,
    },
    Verb {
        name: "warm",
        about: "Read files into memory before anybody asks for them, and show how far it is.",
        example: "warm -p 16 '/mnt/src/**/*.rs'",
        arguments: warm::arguments,
        run: warm::run,
    },
    Verb {
        name: "record",
        about: "Write down what is used on a mount, for warm --replay.",
        example: "record -o build.record /mnt -- make",
        arguments: record::arguments,
        run: record::run,
    },
    Verb {
        name: "refresh",
        about: "Ask the source again for files and read them into memory.",
        example: "refresh /mnt/photos/2026",
        arguments: warm::refresh_arguments,
        run: warm::refresh,
    },
    Verb {
        name: "invalidate",
        about: "Forget what is known of files, names and listings: whoever uses them next asks the source.",
        example: "invalidate '/mnt/**/*.json'",
        arguments: forget::arguments,
        run: forget::invalidate,
    },
    Verb {
        name: "evict",
        about: "Give back the memory that the contents of files take.",
        example: "evict /mnt/videos",
        arguments: forget::arguments,
        run: forget::evict,
    },
    Verb {
        name: "pin",
        about: "Read files into memory and keep them there, whatever else is read, within --pin-max.",
        example: "pin /mnt/photos/index.db",
        arguments: pin::arguments,
        run: pin::pin,
    },
    Verb {
        name: "unpin",
        about: "Let files that are pinned be evicted like any other.",
        example: "unpin /mnt/photos/index.db",
        arguments: pin::arguments,
        run: pin::unpin,
    },
    Verb {
        name: "queue",
        about: "Show which files wait to be written to the source, the oldest first.",
        example: "queue /mnt",
        arguments: queue::arguments,
        run: queue::run,
    },
    Verb {
        name: "flush",
        about: "Write to the source what was written to a file, a directory or the whole mount, and wait for it.",
        example: "flush --timeout 30s /mnt/photos",
        arguments: flush::arguments,
        run: flush::run,
    },
    Verb {
        name: "set",
        about: "Change a setting of a mount that runs: memory, log-level.",
        example: "set memory 2G -m /mnt",
        arguments: set::arguments,
        run: set::run,
    },
    Verb {
        name: "umount",
        about: "Write everything to the source, then unmount.",
        example: "umount /mnt",
        arguments: umount::arguments,
        run: umount::run,
    },
    Verb {
        name: "config",
        about: "Show each setting of a mount, or of one to be made, and where it came from.",
        example: "config /mnt",
        arguments: config::arguments,
        run: config::run,
    },
    Verb {
        name: "recover",
        about: "See to the journal that a mount left behind: write it to the source, show, save or drop it.",
        example: "recover --dry-run /data/photos",
        arguments: recover::arguments,
        run: recover::run,
    },
    Verb {
        name: "doctor",
        about: "Check this machine and measure a directory: what mounts need, and whether this one is worth caching.",
        example: "doctor /nas/photos",
        arguments: doctor::arguments,
        run: doctor::run,
    },
    Verb {
        name: "debug-bundle",
        about: "Put into a directory what helps to find a defect: numbers, options, log; no contents of files.",
        example: "debug-bundle -o bundle /mnt",
        arguments: bundle::arguments,
        run: bundle::run,
    },
    Verb {
        name: "completions",
        about: "Print completions of both programs for a shell.",
        example: "completions bash > /etc/bash_completion.d/cachefs",
        arguments: pages::completions_arguments,
        run: pages::completions,
    },
    Verb {
        name: "man",
        about: "Write the pages for man of both programs.",
        example: "man /usr/local/share/man/man1",
        arguments: pages::man_arguments,
        run: pages::man,
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
        let example = format!("Example: cachefs {}", verb.example);
        let verb_command = Command::new(verb.name).about(verb.about).after_help(example).arg(json);
        command.subcommand((verb.arguments)(verb_command))
    })
}

/// The same as shells and people see it, with the name of the program.
pub(crate) fn complete() -> Command {
    let mut command = command().no_binary_name(false);
    command.build();
    command
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
    fn examples_can_be_followed() {
        for verb in VERBS {
            let words = verb.example.split(" > ").next().unwrap_or_default().replace('\'', "");
            let read = command().try_get_matches_from(words.split_whitespace());
            let matches = read.unwrap_or_else(|error| panic!("{}: {error}", verb.example));
            assert_eq!(matches.subcommand_name(), Some(verb.name));
        }
    }

    #[test]
    fn complaints_are_one_line() {
        let complaint = |line: &str| {
            let error = command().try_get_matches_from(line.split_whitespace()).expect_err(line);
            super::complaint(&error)
        };
        assert!(complaint("umonut /m").message.contains("did you mean umount?"));
        assert!(complaint("umount --timeuot 5 /m").message.contains("did you mean --timeout?"));
        assert!(complaint("umount").message.contains("<MNT>"));
        assert!(complaint("").message.contains("see cachefs --help"));
        for line in ["", "dance", "umount", "recover --dry-run --discard /s"] {
            let trouble = complaint(line);
            assert_eq!((trouble.exit, trouble.message.contains('\n')), (Exit::Usage, false), "{line}");
        }
    }
}
