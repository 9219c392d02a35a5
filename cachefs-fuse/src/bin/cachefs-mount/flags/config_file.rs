use std::fs::File;
use std::io::{ErrorKind, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Value;

use super::complaint::nearest_key;
use super::document::{Document, Entry};
use super::flag::{Flag, Given, Layer, Spelled, Takes};
use super::settings::Settings;
use super::table;

/// Where the configuration of the machine is.
const SYSTEM: &str = "/etc/cachefs/config.toml";
/// No configuration is as long.
const LENGTH_MAX: u64 = 1 << 20;

/// One configuration file, all of it checked.
#[derive(Debug, Default)]
pub(super) struct ConfigFile {
    /// For every mount.
    pub(super) general: Vec<Given>,
    /// For the mount at each of these mount points.
    pub(super) mounts: Vec<(PathBuf, Vec<Given>)>,
}

/// The usual places, the machine's before the user's: later ones win.
pub(super) fn usual(variable: &dyn Fn(&str) -> Option<std::ffi::OsString>) -> Vec<PathBuf> {
    let named = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let config = named("XDG_CONFIG_HOME").or_else(|| named("HOME").map(|home| home.join(".config")));
    let users = config.filter(|path| path.is_absolute()).map(|path| path.join("cachefs/config.toml"));
    [PathBuf::from(SYSTEM)].into_iter().chain(users).collect()
}

impl ConfigFile {
    /// Reads a file; one that is not there says nothing, unless it was asked for.
    ///
    /// # Errors
    /// One line that names the file, the line and the key, and says what would be right.
    pub(super) fn read(path: &Path, asked_for: bool) -> Result<Self, String> {
        let mut text = String::new();
        let read = File::open(path).and_then(|file| file.take(LENGTH_MAX + 1).read_to_string(&mut text));
        match read {
            Err(error) if !asked_for && is_absent(path, error.kind()) => Ok(Self::default()),
            Err(error) => Err(format!("the configuration file {} cannot be read: {error}", path.display())),
            Ok(_) if text.len() as u64 > LENGTH_MAX => {
                Err(format!("the configuration file {} is longer than 1 MiB", path.display()))
            }
            Ok(_) => Self::parse(path, &text),
        }
    }

    fn parse(path: &Path, text: &str) -> Result<Self, String> {
        let at = |span: Range<usize>| {
            let line = text[..span.start.min(text.len())].matches('\n').count() + 1;
            format!("{}:{line}", path.display())
        };
        let document: Document = toml::from_str(text).map_err(|error| {
            let place = error.span().map_or_else(|| path.display().to_string(), at);
            format!("{place}: {}", error.message().replace('\n', ", "))
        })?;
        let section = |entries: Vec<Entry>, in_mount| {
            let mut given = Vec::new();
            for (key, value) in entries {
                given.extend(entry(&at(key.span()), key.get_ref(), &value, in_mount)?);
            }
            Ok::<_, String>(given)
        };
        let general = section(document.general, false)?;
        let mut mounts = Vec::new();
        for (mountpoint, entries) in document.mounts {
            let place = PathBuf::from(mountpoint.get_ref());
            if !place.is_absolute() {
                let (at, name) = (at(mountpoint.span()), mountpoint.get_ref());
                return Err(format!(
                    "{at}: mount.\"{name}\" is no mount point: give its whole path, as in [mount.\"/mnt/fast\"]"
                ));
            }
            mounts.push((place, section(entries, true)?));
        }
        Ok(Self { general, mounts })
    }
}

/// Whether there is none, as far as may be seen: `HOME` may be that of another user.
fn is_absent(path: &Path, error: ErrorKind) -> bool {
    let is_hidden =
        || path.symlink_metadata().is_err_and(|error| error.kind() == ErrorKind::PermissionDenied);
    matches!(error, ErrorKind::NotFound | ErrorKind::NotADirectory)
        || (error == ErrorKind::PermissionDenied && is_hidden())
}

/// What one key says.
fn entry(at: &str, key: &str, value: &Value, in_mount: bool) -> Result<Vec<Given>, String> {
    let flag = table::find(key).filter(|flag| flag.is_filed() && !key.starts_with('-'));
    let Some(flag) = flag else { return Err(unknown(at, key)) };
    if flag.spelled == Spelled::File && !in_mount {
        return Err(format!("{at}: {key} is for one mount: put it below [mount.\"/mnt/fast\"]"));
    }
    let values = texts(flag, value).ok_or_else(|| format!("{at}: {key} {}", wrong_type(flag, value)))?;
    let spelling = format!("{at}: {key}");
    for value in &values {
        // What is wrong is told even where something else wins.
        (flag.set)(&mut Settings::default(), value).map_err(|error| format!("{spelling}: {error}"))?;
    }
    let given = |value| Given { flag, value, spelling: spelling.clone(), layer: Layer::File };
    Ok(values.into_iter().map(given).collect())
}

fn unknown(at: &str, key: &str) -> String {
    if let Some(flag) = table::find(key).filter(|_| !key.starts_with('-')) {
        return format!("{at}: {key} cannot stand in a file: give it as flag --{}", flag.long);
    }
    match nearest_key(key) {
        Some(near) => format!("{at}: unknown key {key}: did you mean {near}?"),
        None => format!("{at}: unknown key {key}: see cachefs config --effective for those there are"),
    }
}

/// A value as a flag would have it.
fn texts(flag: &Flag, value: &Value) -> Option<Vec<String>> {
    match (flag.takes, value) {
        (Takes::Nothing, Value::Boolean(yes)) => Some(vec![if *yes { "yes" } else { "no" }.to_owned()]),
        (Takes::Nothing, _) => None,
        (_, Value::String(text)) => Some(vec![text.clone()]),
        (Takes::Values(_), Value::Array(values)) => {
            values.iter().map(|value| value.as_str().map(str::to_owned)).collect()
        }
        (_, Value::Integer(number)) => Some(vec![number.to_string()]),
        (_, Value::Float(number)) => Some(vec![number.to_string()]),
        _ => None,
    }
}

fn wrong_type(flag: &Flag, value: &Value) -> String {
    let right = match flag.takes {
        Takes::Nothing => "true or false".to_owned(),
        Takes::Values(name) => format!("a list of {name} in quotes"),
        Takes::Value(name) | Takes::Word(name) | Takes::Options(name) => {
            format!("{name} in quotes, or a number")
        }
    };
    format!("is of the wrong type ({}): give {right}", value.type_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<ConfigFile, String> {
        ConfigFile::parse(Path::new("/c.toml"), text)
    }

    fn shown(given: &[Given]) -> Vec<String> {
        given.iter().map(|given| format!("{} = {}", given.spelling, given.value)).collect()
    }

    #[test]
    fn values_become_what_flags_have() {
        let file = parse(
            "# general\nmemory = \"64M\"\nmetadata_entries = 70\nflush_on_close = true\n\n[mount.\"/m/\"]\n\
             warm = [\"a/**\", \"b\"]\nro = false\nattr_timeout = 1.5\nsource = \"/s\"\n",
        )
        .expect("well-formed");
        let general = [
            "/c.toml:2: memory = 64M",
            "/c.toml:3: metadata_entries = 70",
            "/c.toml:4: flush_on_close = yes",
        ];
        assert_eq!(shown(&file.general), general);
        assert_eq!(file.mounts[0].0, Path::new("/m"));
        assert_eq!(
            shown(&file.mounts[0].1),
            [
                "/c.toml:7: warm = a/**",
                "/c.toml:7: warm = b",
                "/c.toml:8: ro = no",
                "/c.toml:9: attr_timeout = 1.5",
                "/c.toml:10: source = /s"
            ]
        );
    }

    #[test]
    fn what_is_wrong_is_told_with_line_key_and_remedy() {
        for (text, told) in [
            ("memroy = \"1G\"", "/c.toml:1: unknown key memroy: did you mean memory?"),
            ("\nallow_othr = true", "/c.toml:2: unknown key allow_othr: did you mean allow_other?"),
            ("[mount.\"/m\"]\nxyzzy = 1", "/c.toml:2: unknown key xyzzy: see cachefs config --effective"),
            ("[cache]\nmemory = 1", "/c.toml:1: unknown key cache"),
            ("memory = true", "/c.toml:1: memory is of the wrong type (boolean): give SIZE in quotes"),
            (
                "flush_on_close = \"yes\"",
                "/c.toml:1: flush_on_close is of the wrong type (string): give true or false",
            ),
            ("warm = [1]", "/c.toml:1: warm is of the wrong type (array): give a list of GLOB in quotes"),
            ("ttl = \"soon\"", "/c.toml:1: ttl: \"soon\" is not a time: give a number with ms"),
            ("metadata_entries = -1", "/c.toml:1: metadata_entries: \"-1\" is not a whole number"),
            (
                "foreground = true",
                "/c.toml:1: foreground cannot stand in a file: give it as flag --foreground",
            ),
            ("config = \"x\"", "/c.toml:1: config cannot stand in a file"),
            ("source = \"/s\"", "/c.toml:1: source is for one mount: put it below [mount."),
            ("[mount.fast]\nmemory = 1", "/c.toml:1: mount.\"fast\" is no mount point"),
            ("mount = 5", "/c.toml:1: invalid type: integer `5`, expected a map"),
            ("memory = 1\nmemory = 2", "/c.toml:2: duplicate key `memory`"),
            ("memory = ", "/c.toml:1: "),
            ("--memory = 1", "/c.toml:1: unknown key --memory"),
        ] {
            let error = parse(text).expect_err(text);
            assert!(error.starts_with(told) && !error.contains('\n'), "{text}: {error}");
        }
    }

    #[test]
    fn the_users_file_is_above_the_machines() {
        let places = |name: &str| match name {
            "XDG_CONFIG_HOME" => None,
            "HOME" => Some("/home/a".into()),
            _ => None,
        };
        assert_eq!(usual(&places), [Path::new(SYSTEM), Path::new("/home/a/.config/cachefs/config.toml")]);
        assert_eq!(usual(&|_| None), [Path::new(SYSTEM)]);
    }

    #[test]
    fn only_a_file_that_was_asked_for_must_be_there() {
        let absent = Path::new("/nonexistent/config.toml");
        assert!(ConfigFile::read(absent, false).expect("none").general.is_empty());
        assert!(ConfigFile::read(absent, true).expect_err("asked for").contains("/nonexistent/config.toml"));
    }
}
