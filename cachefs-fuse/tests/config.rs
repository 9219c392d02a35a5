//! Where settings come from, and what can be changed while a mount is there.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod site;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use rustix::process::Signal;
use serde_json::Value;
use site::{Daemon, Site, bare, run};

const OPERATIONS: &str = include_str!("../../docs/operations.md");

/// Writes a configuration file and answers its path.
fn configure(site: &Site, text: &str) -> PathBuf {
    let path = site.top().join("config.toml");
    fs::write(&path, text).unwrap();
    path
}

/// `cachefs config`, over nothing but what is given.
fn config(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cachefs"));
    command.arg("config").args(arguments).env_clear().env("CACHEFS_CONFIG", "/dev/null");
    command
}

fn settings(command: &mut Command) -> Vec<Value> {
    let output = run(command.arg("--json"));
    assert!(output.status.success(), "{output:?}");
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    told["settings"].as_array().unwrap().clone()
}

/// Value, layer and place of a setting.
fn row(settings: &[Value], name: &str) -> (String, String, String) {
    let found = settings.iter().find(|row| row["name"] == name).unwrap_or_else(|| panic!("no {name}"));
    let text = |key: &str| found[key].as_str().unwrap_or_default().to_owned();
    (text("value"), text("from"), text("place"))
}

#[test]
fn each_setting_is_shown_with_its_origin() {
    let site = Site::new();
    let text =
        "memory = \"1G\"\npolicy = \"arc\"\nmode = \"around\"\n[mount.\"/mnt/fast\"]\nreadahead = 4096\n";
    let file = configure(&site, text);
    let shown = file.display();
    let mut command = config(&["--effective", "/src", "/mnt/fast", "-o", "mode=through"]);
    let told = settings(command.env("CACHEFS_CONFIG", &file).env("CACHEFS_POLICY", "lfu"));
    let is = |value: &str, from: &str, place: String| (value.to_owned(), from.to_owned(), place);
    assert_eq!(row(&told, "memory"), is("1G", "file", format!("{shown}:1: memory")));
    assert_eq!(row(&told, "readahead"), is("4096", "file", format!("{shown}:5: readahead")));
    assert_eq!(row(&told, "policy"), is("lfu", "environment", "CACHEFS_POLICY".into()));
    assert_eq!(row(&told, "mode"), is("through", "flag", "-o mode".into()));
    assert_eq!(row(&told, "deadline"), is("30s", "default", String::new()));

    let output = run(config(&["/src", "/mnt/fast"]).env("CACHEFS_POLICY", "lfu"));
    let text = String::from_utf8(output.stdout).unwrap();
    let line = text.lines().find(|line| line.starts_with("policy ")).unwrap();
    assert!(line.ends_with("environment CACHEFS_POLICY"), "{line}");
}

#[test]
fn the_usual_places_are_read() {
    let site = Site::new();
    fs::create_dir(site.top().join("cachefs")).unwrap();
    fs::write(site.top().join("cachefs/config.toml"), "memory = \"7M\"").unwrap();
    let mut command = config(&[]);
    let told = settings(command.env_remove("CACHEFS_CONFIG").env("XDG_CONFIG_HOME", site.top()));
    assert_eq!(row(&told, "memory").0, "7M");
}

#[test]
fn a_wrong_file_is_told_by_line_and_nothing_is_mounted() {
    let site = Site::new();
    for (text, told) in [
        ("mode = \"back\"\nmemroy = \"1G\"\n", ":2: unknown key memroy: did you mean memory?"),
        (
            "deadline = true\n",
            ":1: deadline is of the wrong type (boolean): give TIME in quotes, or a number",
        ),
        ("[mount.\"/elsewhere\"]\nttl = \"soon\"\n", ":2: ttl: \"soon\" is not a time"),
        ("memory = \"1G\"\n[[\n", ":2: "),
    ] {
        let file = configure(&site, text);
        let expected = format!("{}{told}", file.display());
        for flags in [&[][..], &["-f"]] {
            let output = run(site.command(flags).arg("--config").arg(&file));
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!((output.status.code(), said.lines().count()), (Some(1), 1), "{said}");
            assert!(said.starts_with(&format!("cachefs-mount: {expected}")), "{said}");
            assert_eq!(site.mounts(), [""; 0]);
        }
        let output = run(config(&[]).env("CACHEFS_CONFIG", &file));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.starts_with(&format!("cachefs: {expected}")), "{said}");
    }
    let output = run(site.command(&[]).args(["--config", "/nonexistent/config.toml"]));
    assert_eq!(output.status.code(), Some(1), "{output:?}");
}

#[test]
fn a_mount_reads_its_configuration_anew_on_hup() {
    let site = Site::with_file("hello", b"world");
    let (source, mountpoint, log) = (site.source(), site.mountpoint(), site.log());
    let write = |rest: &str| {
        let (source, mountpoint) = (source.display(), mountpoint.display());
        configure(&site, &format!("{rest}\n[mount.\"{mountpoint}\"]\nsource = \"{source}\"\n"))
    };
    let file = write("log_level = \"info\"\nmemory = \"8M\"");
    let mut command = bare();
    command.arg(&mountpoint).args(["--json", "--log"]).arg(&log).arg("--config").arg(&file);
    let mut daemon = Daemon::from_ready_line(&run(&mut command));
    assert_eq!(fs::read(mountpoint.join("hello")).unwrap(), b"world");

    write("log_level = \"debug\"\nmemory = \"9M\"\npolicy = \"arc\"");
    daemon.signal(Signal::HUP);
    let told = site.wait_logged("policy stays s3fifo until the next mount: it cannot become arc before");
    assert!(!told.contains(" DEBUG "), "{told}");
    site.wait_logged("log_level is debug, was info");
    site.wait_logged("memory is 9M, was 8M");
    let shown = settings(&mut config(&[mountpoint.to_str().unwrap()]));
    assert_eq!(row(&shown, "log_level").0, "debug");
    assert_eq!(row(&shown, "memory").0, "9M");
    assert_eq!(row(&shown, "policy").0, "s3fifo", "what holds, not what would");

    write("log_level = \"loud\"");
    daemon.signal(Signal::HUP);
    site.wait_logged("the configuration stays as it was");
    assert_eq!(fs::read(mountpoint.join("hello")).unwrap(), b"world");
    daemon.signal(Signal::TERM);
    daemon.wait_ended();
}

#[test]
fn a_log_can_be_json_and_a_quiet_mount_says_nothing() {
    let site = Site::with_file("hello", b"world");
    let log = site.log();
    let mut daemon = site.mount(&["--log", log.to_str().unwrap(), "--log-format", "json"]);
    daemon.signal(Signal::USR1);
    site.wait_logged("\"message\":\"requests\"");
    daemon.signal(Signal::TERM);
    daemon.wait_ended();
    let text = fs::read_to_string(&log).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let blocks = lines.iter().find(|line| line["message"] == "blocks").unwrap();
    assert_eq!((&blocks["level"], &blocks["hits"]), (&"INFO".into(), &0.into()));
    assert!(blocks["time"].as_str().unwrap().contains('T'));

    fs::remove_file(&log).unwrap();
    let mut daemon = site.mount(&["--log", log.to_str().unwrap(), "-q"]);
    daemon.signal(Signal::TERM);
    daemon.wait_ended();
    assert_eq!(fs::read_to_string(&log).unwrap(), "");
}

/// The rows of a table in the text, by their first two columns.
fn rows(text: &str) -> Vec<(String, String)> {
    let cells = |line: &str| -> Option<(String, String)> {
        let mut cells = line.strip_prefix("| `")?.split('|').map(str::trim);
        let key = cells.next()?.trim_end_matches('`').to_owned();
        Some((key, cells.next()?.trim_matches('`').to_owned()))
    };
    text.lines().filter_map(cells).collect()
}

#[test]
fn every_key_and_default_is_documented() {
    let table = OPERATIONS.split("<!-- ").find(|part| part.starts_with("keys")).unwrap();
    let default = |row: &Value| {
        (row["name"].as_str().unwrap().to_owned(), row["value"].as_str().unwrap_or("none").to_owned())
    };
    let held: Vec<_> = settings(&mut config(&[])).iter().map(default).collect();
    assert_eq!(rows(table), held);
}

#[test]
fn every_mount_option_that_is_documented_can_stand_in_a_file() {
    let site = Site::new();
    let options = OPERATIONS.split("<!-- options").nth(1).unwrap().split("\n\n").next().unwrap();
    let keys: Vec<&str> =
        options.lines().skip(1).flat_map(|line| line.split('`').skip(1).step_by(2)).collect();
    assert!(keys.len() > 20, "{keys:?}");
    let help = String::from_utf8(run(bare().arg("--help")).stdout).unwrap();
    for key in keys {
        let value = match key {
            "fsname" | "subtype" => "\"x\"",
            key if key.ends_with("_timeout") => "\"1s\"",
            _ => "true",
        };
        assert!(help.contains(key) || help.contains(&key.replace('_', "-")), "{key}");
        let file = configure(&site, &format!("{key} = {value}"));
        let told = settings(config(&[]).env("CACHEFS_CONFIG", file));
        assert_eq!(row(&told, key).1, "file", "{key}");
    }
}
