use clap::Error;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::flag::{Flag, Spelled, Takes};
use super::{command, table};

/// What clap holds against the arguments, in one line that says what would be right.
pub(super) fn about_arguments(error: &Error) -> String {
    let name = name(error);
    match (error.kind(), table::find(name)) {
        (ErrorKind::UnknownArgument, Some(flag)) if flag.spelled == Spelled::MountOption => {
            format!("unknown option {name}: did you mean -o {}?", name.trim_start_matches('-'))
        }
        (ErrorKind::UnknownArgument, _) => match suggested(error) {
            Some(near) => format!("unknown option {name}: did you mean --{near}?"),
            None => format!("unknown option {name}: see --help"),
        },
        (ErrorKind::InvalidValue, Some(flag)) => {
            let spelling =
                flag.short.map_or_else(|| format!("--{}", flag.long), |letter| format!("-{letter}"));
            format!("{spelling} needs a value: {spelling} {}", value_name(flag))
        }
        _ => other(error),
    }
}

/// What clap holds against an item of `-o`, in one line that says what would be right.
pub(super) fn about_mount_options(error: &Error) -> String {
    let name = name(error).trim_start_matches('-');
    match error.kind() {
        ErrorKind::UnknownArgument => match suggested(error) {
            Some(near) => format!("unknown mount option {name}: did you mean {}?", near.replace('-', "_")),
            None => format!("unknown mount option {name}: see --help"),
        },
        ErrorKind::InvalidValue => {
            let name = name.replace('-', "_");
            format!("-o {name} needs a value: -o {name}=...")
        }
        _ => other(error),
    }
}

/// The key of the configuration file that is nearest to one that is none.
pub(super) fn nearest_key(key: &str) -> Option<String> {
    let error = command::mount_options().try_get_matches_from([format!("--{key}")]).err()?;
    table::find(&suggested(&error)?).filter(|flag| flag.is_filed()).map(Flag::key)
}

/// The argument in question, without what may follow it.
fn name(error: &Error) -> &str {
    let name = text(error, ContextKind::InvalidArg).unwrap_or_default();
    name.split([' ', '=', '[']).next().unwrap_or_default()
}

fn suggested(error: &Error) -> Option<String> {
    let near = text(error, ContextKind::SuggestedArg)?;
    Some(near.trim_start_matches('-').replace('_', "-"))
}

fn text(error: &Error, kind: ContextKind) -> Option<&str> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text),
        _ => None,
    }
}

fn value_name(flag: &Flag) -> &'static str {
    match flag.takes {
        Takes::Nothing => "",
        Takes::Value(name) | Takes::Word(name) | Takes::Values(name) | Takes::Options(name) => name,
    }
}

/// The sentence clap itself would begin with.
fn other(error: &Error) -> String {
    let text = error.render().to_string();
    let sentence = text.lines().next().unwrap_or_default();
    format!("{}: see --help", sentence.trim_start_matches("error: "))
}
