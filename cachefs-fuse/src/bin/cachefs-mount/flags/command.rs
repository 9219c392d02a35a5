use std::ffi::OsString;

use clap::{Arg, ArgAction, Command, ValueHint, value_parser};

use super::flag::{Flag, Takes};
use super::{help, table};

/// The command line, made from the table.
pub(super) fn arguments() -> Command {
    let command = Command::new("cachefs-mount")
        .version(env!("CARGO_PKG_VERSION"))
        .about(help::ABOUT)
        .override_usage(help::USAGE)
        .after_help(help::after_options())
        .max_term_width(help::WIDTH)
        .no_binary_name(true)
        .arg(operands());
    table::GROUPS.iter().fold(command, |command, (title, flags)| {
        let flags = flags.iter().filter(|flag| flag.is_argument());
        command.args(flags.map(|flag| argument(flag).help_heading(*title)))
    })
}

/// What may be within `-o`, made from the table: each item is read as if it were an argument.
pub(super) fn mount_options() -> Command {
    Command::new("-o")
        .no_binary_name(true)
        .disable_help_flag(true)
        .disable_version_flag(true)
        .args(table::all().filter(|flag| flag.is_mount_option()).map(mount_option))
}

/// SRC and MNT. clap cannot count them: how many of the words after `--warm` are patterns depends on them.
fn operands() -> Arg {
    Arg::new("operands")
        .num_args(0..)
        .hide(true)
        .value_parser(value_parser!(OsString))
        .value_hint(ValueHint::DirPath)
}

fn argument(flag: &Flag) -> Arg {
    let arg = mount_option(flag).help(help::sentence(flag));
    let arg = match flag.takes {
        Takes::Values(_) => arg.num_args(1..),
        Takes::Word(_) => arg.num_args(1),
        _ => arg,
    };
    if let Some(letter) = flag.short { arg.short(letter) } else { arg }
}

fn mount_option(flag: &Flag) -> Arg {
    let arg = Arg::new(flag.long).long(flag.long).action(ArgAction::Append);
    let arg = arg.value_parser(value_parser!(OsString)).allow_negative_numbers(true);
    // `-` and `_` are alike.
    let arg = if flag.long.contains('-') { arg.alias(flag.long.replace('-', "_")) } else { arg };
    match flag.takes {
        Takes::Nothing => {
            arg.value_name("yes|no").num_args(0..=1).require_equals(true).default_missing_value("yes")
        }
        Takes::Word(name) => arg.value_name(name).num_args(0..=1).default_missing_value(""),
        Takes::Value(name) | Takes::Values(name) | Takes::Options(name) => arg.value_name(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clap_finds_nothing_wrong() {
        arguments().debug_assert();
        mount_options().debug_assert();
    }
}
