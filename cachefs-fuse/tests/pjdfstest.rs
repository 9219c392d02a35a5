//! The POSIX test suite of that name, on the mount and on the directory beneath: what passes there passes here.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its tree may panic")]

mod acceptance;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use acceptance::{Mode, Mounted, program, required, tool, usual_modes};

/// Tests that do not pass on the mount alone, each with how they end and what makes it so.
const EXCLUDED: [(&str, Outcome, &str); 1] = [(
    "link::link_count_max",
    Outcome::Skipped,
    "it asks pathconf for LINK_MAX, which the C library knows only from the type of the filesystem",
)];

/// Fewer results than this mean that the suite was not run.
const TESTS_MIN: usize = 350;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Passed,
    Failed,
    Skipped,
}

#[test]
fn what_passes_on_the_directory_passes_on_the_mount() {
    let Some(suite) = tool("pjdfstest") else { return };
    if !required(acceptance::is_root(), "root, as the suite changes users") {
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    let config = scratch.path().join("pjdfstest.toml");
    fs::write(&config, configuration()).unwrap();
    let native = tempfile::tempdir().unwrap();
    open_to_all(native.path());
    let (beneath, _) = run(&suite, &config, native.path());
    for mode in usual_modes() {
        // The suite's set-id and device tests need what a mount refuses unless asked.
        let mounted = Mounted::fresh(&[mode, &["-o", "suid,dev"]].concat());
        open_to_all(mounted.path());
        let (mount, log) = run(&suite, &config, mounted.path());
        compare(mode, &beneath, &mount, &log);
        mounted.unmount();
    }
}

fn open_to_all(path: &Path) {
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// What passed on the directory has to pass on the mount.
fn compare(mode: Mode, beneath: &BTreeMap<String, Outcome>, mount: &BTreeMap<String, Outcome>, log: &str) {
    assert!(mount.len() >= TESTS_MIN, "{mode:?}: only {} results:\n{log}", mount.len());
    let worse: Vec<&String> = mount
        .iter()
        .filter(|(name, outcome)| {
            **outcome != Outcome::Passed && beneath.get(*name) == Some(&Outcome::Passed)
        })
        .map(|(name, _)| name)
        .filter(|name| !EXCLUDED.iter().any(|(excluded, ..)| excluded == name))
        .collect();
    assert!(worse.is_empty(), "{mode:?}: fail on the mount alone: {worse:#?}\n{log}");
    for (name, outcome, reason) in EXCLUDED {
        assert_eq!(mount.get(name), Some(&outcome), "{mode:?}: no longer excluded because {reason}: {name}");
    }
}

/// Runs the suite within `path`; answers the outcome of each test and the whole log.
fn run(suite: &Path, config: &Path, path: &Path) -> (BTreeMap<String, Outcome>, String) {
    let elsewhere = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    let output =
        program(suite).arg("-c").arg(config).arg("-s").arg(elsewhere.path()).arg("-p").arg(path).output();
    let log =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (log.lines().filter_map(result).collect(), log)
}

/// Reads a line as `chmod::eloop   ok`.
fn result(line: &str) -> Option<(String, Outcome)> {
    let (name, outcome) = line.split_once(char::is_whitespace)?;
    let outcome = match outcome.trim() {
        "ok" => Outcome::Passed,
        "FAILED" => Outcome::Failed,
        "skipped" => Outcome::Skipped,
        _ => return None,
    };
    name.contains("::").then(|| (name.to_owned(), outcome))
}

/// Every feature Linux has, and two users whatever the distribution calls them.
fn configuration() -> String {
    let users = fs::read_to_string("/etc/passwd").unwrap();
    let groups = fs::read_to_string("/etc/group").unwrap();
    let group_of = |user: &str| {
        let fields: Vec<&str> =
            users.lines().find(|line| line.starts_with(&format!("{user}:")))?.split(':').collect();
        let gid = fields[3];
        groups.lines().find(|line| line.split(':').nth(2) == Some(gid))?.split(':').next()
    };
    let candidates = ["nobody", "daemon", "bin", "games", "mail"];
    let entries: Vec<String> = candidates
        .iter()
        .filter_map(|user| Some(format!("[\"{user}\", \"{}\"]", group_of(user)?)))
        .take(2)
        .collect();
    assert_eq!(entries.len(), 2, "no two of the users {candidates:?} in /etc/passwd");
    format!(
        "[features]\nposix_fallocate = {{}}\nrename_ctime = {{}}\nstat_st_birthtime = {{}}\nutime_now = {{}}\n\
         utimensat = {{}}\n[settings]\nnaptime = 0.02\nallow_remount = false\n[dummy_auth]\nentries = [{}]\n",
        entries.join(", ")
    )
}
