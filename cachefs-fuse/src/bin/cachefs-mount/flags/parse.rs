use std::ffi::OsString;

use clap::ArgMatches;

use super::flag::{Flag, Given, Spelled, Takes};
use super::line::Line;
use super::settings::Settings;
use super::table;

/// The arguments, taken apart.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    pub(super) settings: Settings,
    /// What is not an option, in order: SRC and MNT.
    pub(super) operands: Vec<OsString>,
}

/// Reads what clap found. The environment holds for what it leaves out.
///
/// # Errors
/// One line that names the argument and says what would be right.
pub(super) fn parse(
    matches: &ArgMatches,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<Parsed, String> {
    let line = Line::new(matches)?;
    let mut settings = Settings::default();
    for given in environment(&line.given, variable)?.iter().chain(&line.given) {
        (given.flag.set)(&mut settings, &given.value)
            .map_err(|error| format!("{}: {error}", given.spelling))?;
    }
    Ok(Parsed { settings, operands: line.operands })
}

/// The options of the environment that are not among the arguments.
fn environment(
    arguments: &[Given],
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<Vec<Given>, String> {
    let mut given = Vec::new();
    let unsaid = |flag: &&Flag| arguments.iter().all(|given| given.flag.subject() != flag.subject());
    for flag in table::all().filter(|flag| flag.spelled == Spelled::Everywhere).filter(unsaid) {
        let spelling = flag.variable();
        let Some(text) = variable(&spelling).filter(|text| !text.is_empty()) else { continue };
        let text = text.into_string().map_err(|_| format!("{spelling} is not valid UTF-8"))?;
        let several = matches!(flag.takes, Takes::Values(_));
        let parts: Vec<&str> = if several { text.split(':').collect() } else { vec![&text] };
        let one = |part: &str| Given { flag, value: part.to_owned(), spelling: spelling.clone() };
        given.extend(parts.into_iter().map(one));
    }
    Ok(given)
}

#[cfg(test)]
mod tests {
    use super::{OsString, Spelled, table};
    use crate::flags::command;
    use crate::flags::size::Size;
    use crate::flags::testing::{parse, settings, usage};

    #[test]
    fn every_flag_is_a_mount_option_too() {
        assert_eq!(
            settings("-o memory=64M,metadata_entries=70,json,foreground=no").memory,
            settings("--memory 64M").memory
        );
        for flag in table::all().filter(|flag| flag.spelled == Spelled::Everywhere) {
            for command in [command::arguments(), command::mount_options()] {
                assert!(
                    command.get_arguments().any(|arg| arg.get_long() == Some(flag.long)),
                    "{}",
                    flag.long
                );
            }
        }
    }

    #[test]
    fn underscores_and_hyphens_are_alike() {
        assert_eq!(settings("--metadata_entries 70"), settings("-o metadata-entries=70"));
    }

    #[test]
    fn letters_may_be_joined() {
        let settings = settings("-fvv -oro");
        assert!(settings.foreground && settings.read_only && settings.verbose == 2);
    }

    #[test]
    fn the_last_spelling_holds() {
        assert!(!settings("--json --json=no").json && settings("--json=no --json").json);
        assert!(!settings("-o json,memory=1M --memory 2M -o json=no").json);
        assert_eq!(settings("--memory 1M -o memory=2M").memory, Some(Size::Bytes(2 << 20)));
        assert_eq!(settings("-o memory=2M --memory 1M").memory, Some(Size::Bytes(1 << 20)));
    }

    #[test]
    fn operands_stand_anywhere() {
        let arguments = ["-f", "src", "--warm", "a", "mnt", "--warm", "b", "c", "-v", "--", "-d"];
        let parsed = parse(arguments.map(OsString::from), |_| None).expect("well-formed");
        assert_eq!(parsed.operands, ["src", "mnt", "-d"]);
        assert_eq!(parsed.settings.warm, ["a", "b", "c"]);
    }

    #[test]
    fn the_environment_lies_beneath_the_arguments() {
        let environment = |name: &str| match name {
            "CACHEFS_MEMORY" => Some(OsString::from("1G")),
            "CACHEFS_WARM" => Some(OsString::from("x:y")),
            "CACHEFS_MODE" => Some(OsString::from("around")),
            _ => None,
        };
        let parsed =
            parse(["--memory", "2G", "-o", "warm=z"].map(OsString::from), environment).expect("well-formed");
        assert_eq!(parsed.settings.memory, Some(Size::Bytes(2 << 30)));
        assert_eq!(parsed.settings.warm, ["z"]);
        assert_eq!(parsed.settings.mode, crate::flags::Mode::Around);
        let warm = parse([], environment).expect("well-formed").settings.warm;
        assert_eq!(warm, ["x", "y"]);
    }

    #[test]
    fn a_variable_gives_way_to_another_word_for_the_same() {
        let parsed = parse(["--coherence", "open"].map(OsString::from), |name| {
            (name == "CACHEFS_TTL").then(|| "5s".into())
        });
        assert_eq!(parsed.expect("well-formed").settings.ttl, None);
    }

    #[test]
    fn a_malformed_variable_is_named() {
        let error = parse([], |name| (name == "CACHEFS_TTL").then(|| "soon".into())).expect_err("malformed");
        assert!(error.starts_with("CACHEFS_TTL: \"soon\" is not a time"), "{error}");
    }

    #[test]
    fn unknown_options_name_the_nearest() {
        assert_eq!(usage("--memroy 1G"), "unknown option --memroy: did you mean --memory?");
        assert_eq!(usage("--memroy=1G"), "unknown option --memroy: did you mean --memory?");
        assert_eq!(usage("-o alow_other"), "unknown mount option alow_other: did you mean allow_other?");
        assert_eq!(
            usage("-o rw,warm_worker=3"),
            "unknown mount option warm_worker: did you mean warm_workers?"
        );
        assert_eq!(usage("-o help"), "unknown mount option help: see --help");
        assert_eq!(usage("-q"), "unknown option -q: see --help");
        assert_eq!(usage("--ro"), "unknown option --ro: did you mean -o ro?");
    }

    #[test]
    fn missing_values_are_told() {
        assert_eq!(usage("--memory"), "--memory needs a value: --memory SIZE");
        assert_eq!(usage("-o memory"), "-o memory needs a value: -o memory=...");
        assert_eq!(usage("-o"), "-o needs a value: -o LIST");
    }
}
