//! What the tests of writing back share: mounts with `--mode back`, the program `cachefs`, and a source that is slow, full
//! or hung.

#![allow(dead_code, unused_imports, reason = "each test uses its part")]

mod faulty;

pub(crate) use faulty::Faulty;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::site::{Daemon, Site, run};

/// The place of the journals of a site.
pub(crate) fn state(site: &Site) -> PathBuf {
    site.top().join("state")
}

/// `cachefs-mount` with `--mode back`; nothing is flushed by itself unless the arguments say so.
pub(crate) fn command(site: &Site, arguments: &[&str]) -> Command {
    let mut command = site.command(&["--mode", "back"]);
    command.arg("--state-dir").arg(state(site)).arg("--log").arg(site.log());
    if !arguments.contains(&"--flush-after") {
        command.args(["--flush-after", "1h", "--dirty-age", "1h"]);
    }
    command.args(arguments);
    command
}

/// Mounts with `--mode back` in the background.
pub(crate) fn mount(site: &Site, arguments: &[&str]) -> Daemon {
    Daemon::from_ready_line(&run(command(site, arguments).arg("--json")))
}

/// The same in the foreground, as our child.
pub(crate) fn foreground(site: &Site, arguments: &[&str]) -> Daemon {
    Daemon::in_foreground(command(site, arguments).stderr(Stdio::null()))
}

/// Runs the program `cachefs`.
pub(crate) fn cachefs<I: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = I>) -> Output {
    run(Command::new(env!("CARGO_BIN_EXE_cachefs")).args(arguments).stdin(Stdio::null()))
}

/// The same with `--json`; the exit code, and what it told.
pub(crate) fn told(verb: &str, arguments: &[&Path]) -> (i32, serde_json::Value) {
    let mut words = vec![verb.into(), "--json".into()];
    words.extend(arguments.iter().map(|argument| argument.as_os_str().to_owned()));
    let output = cachefs(words);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let told: serde_json::Value =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text:?} {output:?}"));
    assert_eq!(told["exit"].as_i64(), output.status.code().map(i64::from), "{told}");
    (output.status.code().expect("an exit code"), told)
}

/// What a program told people, on either side.
pub(crate) fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Some bytes that tell where they were meant to be.
pub(crate) fn pattern(length: usize, seed: u8) -> Vec<u8> {
    (0..length).map(|at| u8::try_from(at % 251).unwrap_or_default() ^ seed).collect()
}
