use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::ArgMatches;

use super::Surroundings;
use super::config_file::ConfigFile;
use super::effective::Effective;
use super::flag::{Flag, Given, Layer, Spelled, Takes};
use super::line::Line;
use super::settings::Settings;
use super::table;

/// The arguments, taken apart.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    pub(super) settings: Settings,
    /// What is not an option, in order: SRC and MNT.
    pub(super) operands: Vec<OsString>,
    /// Where each value came from.
    pub(super) effective: Effective,
    /// It is only to be shown.
    pub(super) is_to_show: bool,
}

/// Reads what clap found. The environment holds for what it leaves out, and the configuration files beneath.
///
/// # Errors
/// One line that names the argument and says what would be right.
pub(super) fn parse(
    matches: &ArgMatches,
    variable: &dyn Fn(&str) -> Option<OsString>,
    around: &Surroundings,
) -> Result<Parsed, String> {
    let line = Line::new(matches)?;
    let is_to_show = line.given.iter().any(|given| given.flag.long == "show-config");
    let mut given = environment(&line.given, variable)?;
    given.extend(line.given);
    let file = given.iter().rfind(|given| given.flag.long == "config").map(|given| given.value.as_str());
    let files = config_files(file, around)?;
    let mountpoint = line.operands.get(line.operands.len().clamp(1, 2) - 1);
    let given = layered(files, mountpoint.map(|path| around.directory.join(path)).as_deref(), given);
    let mut settings = Settings::default();
    for given in &given {
        (given.flag.set)(&mut settings, &given.value)
            .map_err(|error| format!("{}: {error}", given.spelling))?;
    }
    Ok(Parsed { settings, operands: line.operands, effective: Effective::new(&given), is_to_show })
}

/// The one that was asked for, else those in the usual places.
fn config_files(asked_for: Option<&str>, around: &Surroundings) -> Result<Vec<ConfigFile>, String> {
    match asked_for {
        Some(path) => ConfigFile::read(&around.directory.join(path), true).map(|file| vec![file]),
        None => around.config_files.iter().map(|path| ConfigFile::read(path, false)).collect(),
    }
}

/// All that was given for the mount at `mountpoint`, the lowest first: of two layers that speak of the same, only the
/// higher is left.
fn layered(files: Vec<ConfigFile>, mountpoint: Option<&Path>, above: Vec<Given>) -> Vec<Given> {
    let places = mountpoint.map(spellings).unwrap_or_default();
    let (mut general, mut own) = (Vec::new(), Vec::new());
    for file in files {
        general.push(file.general);
        let here = file.mounts.into_iter().filter(|(place, _)| places.contains(place));
        own.extend(here.map(|(_, given)| given));
    }
    let mut given: Vec<Given> = Vec::new();
    for layer in general.into_iter().chain(own).chain([above]) {
        given.retain(|lower| layer.iter().all(|higher| higher.flag.subject() != lower.flag.subject()));
        given.extend(layer);
    }
    given
}

/// How a mount point may be called. What is mounted there is not asked: it may hang.
fn spellings(mountpoint: &Path) -> Vec<PathBuf> {
    let mut names = vec![mountpoint.components().collect()];
    if let (Some(parent), Some(name)) = (mountpoint.parent(), mountpoint.file_name()) {
        names.extend(parent.canonicalize().map(|parent| parent.join(name)));
    }
    names
}

/// The options of the environment that are not among the arguments.
fn environment(
    arguments: &[Given],
    variable: &dyn Fn(&str) -> Option<OsString>,
) -> Result<Vec<Given>, String> {
    let mut given = Vec::new();
    let unsaid = |flag: &&Flag| arguments.iter().all(|given| given.flag.subject() != flag.subject());
    for flag in table::all().filter(|flag| flag.spelled == Spelled::Everywhere).filter(unsaid) {
        let spelling = flag.variable();
        let Some(text) = variable(&spelling).filter(|text| !text.is_empty()) else { continue };
        let text = text.into_string().map_err(|_| format!("{spelling} is not valid UTF-8"))?;
        let several = matches!(flag.takes, Takes::Values(_));
        let parts: Vec<&str> = if several { text.split(':').collect() } else { vec![&text] };
        let one = |part: &str| Given {
            flag,
            value: part.to_owned(),
            spelling: spelling.clone(),
            layer: Layer::Environment,
        };
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
        assert_eq!(usage("-z"), "unknown option -z: see --help");
        assert_eq!(usage("--ro"), "unknown option --ro: did you mean -o ro?");
    }

    #[test]
    fn missing_values_are_told() {
        assert_eq!(usage("--memory"), "--memory needs a value: --memory SIZE");
        assert_eq!(usage("-o memory"), "-o memory needs a value: -o memory=...");
        assert_eq!(usage("-o"), "-o needs a value: -o LIST");
    }

    /// What holds for `arguments` with these files, the lowest first.
    fn with_files(files: &[&str], arguments: &[&str]) -> super::Parsed {
        let top = tempfile::tempdir().expect("temp");
        let write = |(index, text): (usize, &&str)| {
            let path = top.path().join(format!("{index}.toml"));
            std::fs::write(&path, text).expect("write");
            path
        };
        let config_files = files.iter().enumerate().map(write).collect();
        let around = super::Surroundings { config_files, ..crate::flags::testing::nowhere() };
        let matches = command::arguments().try_get_matches_from(arguments).expect("arguments");
        let variable = |name: &str| (name == "CACHEFS_MODE").then(|| "around".into());
        super::parse(&matches, &variable, &around).expect("well-formed")
    }

    #[test]
    fn flags_win_over_the_environment_and_that_over_files() {
        let machine = "memory = \"1G\"\nmode = \"back\"\nwarm = [\"a\"]\nttl = \"5s\"\n\
                       [mount.\"/m\"]\nreadahead = \"1M\"\n[mount.\"/other\"]\nwarm = [\"x\"]";
        let user = "readahead = \"2M\"\nmemory = \"3G\"\nwarm = [\"b\", \"c\"]";
        let settings = with_files(&[machine, user], &["/s", "/m/", "--coherence", "open"]).settings;
        assert_eq!(settings.memory, Some(Size::Bytes(3 << 30)), "the user's file over the machine's");
        assert_eq!(settings.readahead, Size::Bytes(1 << 20), "a mount's table over what is for all");
        assert_eq!(settings.mode, crate::flags::Mode::Around, "the environment over files");
        assert_eq!(settings.warm, ["b", "c"], "lists do not add up");
        assert_eq!(settings.ttl, None, "a flag for the same thing");
        let elsewhere = with_files(&[machine], &["/s", "/else"]).settings;
        assert_eq!((elsewhere.readahead, elsewhere.warm), (Size::Bytes(4 << 20), vec!["a".to_owned()]));
    }

    #[test]
    fn a_mount_can_be_named_by_its_mount_point_alone() {
        let parsed = with_files(&["[mount.\"/m\"]\nsource = \"/s\""], &["/m"]);
        assert_eq!(parsed.settings.source, Some("/s".into()));
        assert_eq!(parsed.operands, ["/m"]);
    }
}
