//! Steps that run integration tests.

use std::process::Command;

use super::{Shop, screenshot};
use crate::Result;

/// Tests of `cachefs-fuse` that are steps of their own.
const ACCEPTANCE: [&[&str]; 10] = [
    &["programs"],
    &["pjdfstest"],
    &["fsx"],
    &["rename_storm", "hung"],
    &LIMITS,
    &["profiles_matrix"],
    &STALENESS,
    &FRESHNESS,
    &KILLS,
    &BACK,
];
/// Others change the source under load.
const STALENESS: [&str; 4] = ["staleness_harness", "staleness_watch", "staleness_open", "staleness_overflow"];
/// What freshness promises besides, and costs.
const FRESHNESS: [&str; 5] =
    ["appenders", "peer_failures", "zero_requests", "zero_files", "many_directories"];

/// What holds whatever is asked of a mount.
const LIMITS: [&str; 2] = ["limits", "limits_back"];
/// What writing back promises, where others fail.
const BACK: [&str; 2] = ["peer_failures_back", "peer_failures_source"];
/// The daemon is killed while it writes back.
const KILLS: [&str; 2] = ["kill_back", "kill_back_sqlite"];

pub(crate) fn libraries(shop: &Shop) -> Result<()> {
    let packages = [
        "cachefs-sys",
        "cachefs-policy",
        "cachefs-vfs",
        "cachefs-testkit",
        "cachefs-writeback",
        "cachefs",
        "cachefs-metrics",
        "cachefs-sim",
        "xtask",
    ];
    integration(shop, &packages, &[])
}

pub(crate) fn soak_libraries(shop: &Shop) -> Result<()> {
    integration(shop, &["cachefs-testkit", "cachefs"], &[SEQUENCES, SECONDS])
}

/// How long a soak is where the environment does not say otherwise.
const SEQUENCES: (&str, &str) = ("CACHEFS_SEQUENCES", "20000");
const SECONDS: (&str, &str) = ("CACHEFS_SOAK_SECONDS", "60");
const FSX_SEEDS: (&str, &str) = ("CACHEFS_FSX_SEEDS", "30");
const FSX_OPERATIONS: (&str, &str) = ("CACHEFS_FSX_OPERATIONS", "100000");
const STALENESS_SECONDS: (&str, &str) = ("CACHEFS_SOAK_SECONDS", "120");
const ALL_MODES: (&str, &str) = ("CACHEFS_ALL_MODES", "1");
const DIRECTORIES: (&str, &str) = ("CACHEFS_DIRECTORIES", "100000");
const IDLE_SECONDS: (&str, &str) = ("CACHEFS_IDLE_SECONDS", "60");
const KILL_ROUNDS: (&str, &str) = ("CACHEFS_KILL_ROUNDS", "200");
const POWER_LOSSES: (&str, &str) = ("CACHEFS_POWER_LOSS_SEEDS", "20000");
const NOISE_SECONDS: (&str, &str) = ("CACHEFS_NOISE_SECONDS", "10");

/// One after the other: they measure the machine they share.
const IN_TURN: [&str; 3] = ["--", "--test-threads", "1"];

/// The settings the environment does not have already.
fn unset<'a>(settings: &[(&'a str, &'a str)]) -> impl Iterator<Item = (&'a str, &'a str)> {
    settings.iter().copied().filter(|(name, _)| std::env::var_os(name).is_none())
}

/// Integration tests of the packages that have some.
fn integration(shop: &Shop, packages: &[&str], settings: &[(&str, &str)]) -> Result<()> {
    for package in packages {
        let folder = if *package == "xtask" { "xtask".to_owned() } else { format!("crates/{package}") };
        if shop.root().join(folder).join("tests").is_dir() {
            let mut command = shop.cargo();
            command.args(["test", "-p", package, "--test", "*"]).envs(unset(settings));
            shop.run(&mut command)?;
        }
    }
    Ok(())
}

pub(crate) fn examples(shop: &Shop) -> Result<()> {
    shop.run(shop.cargo().args(["test", "-p", "cachefs-examples", "--all-targets"]))
}

pub(crate) fn benches(shop: &Shop) -> Result<()> {
    shop.run(shop.cargo().args(["test", "-p", "cachefs-benches", "--all-targets"]))
}

/// Every test of the mount that is not a step of its own.
pub(crate) fn mount(shop: &Shop) -> Result<()> {
    let folder = shop.root().join("cachefs-fuse/tests");
    let mut names = Vec::new();
    for entry in std::fs::read_dir(&folder).map_err(|e| format!("listing {}: {e}", folder.display()))? {
        let path = entry?.path();
        let is_test = path.extension().is_some_and(|extension| extension == "rs");
        if let Some(name) = path.file_stem().and_then(|stem| stem.to_str())
            && is_test
            && !ACCEPTANCE.iter().any(|step| step.contains(&name))
        {
            names.push(name.to_owned());
        }
    }
    names.sort();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    shop.run(&mut on_mount(shop, &names))
}

/// The command for tests of `cachefs-fuse`: a missing tool fails them there instead of being reported and passed.
fn on_mount(shop: &Shop, names: &[&str]) -> Command {
    let mut command = shop.cargo();
    command.args(["test", "-p", "cachefs-fuse"]);
    for name in names {
        command.args(["--test", name]);
    }
    command.env("CACHEFS_TOOLS", shop.tools().join("bin")).env("CACHEFS_REQUIRE_ALL", "1");
    command
}

/// The test of `cachefs top` leaves what stood in its terminal. Needs tmux.
pub(crate) fn picture_of_top(shop: &Shop) -> Result<()> {
    let folder = shop.target().join("pictures");
    let mut command = shop.cargo();
    command.args(["test", "-p", "cachefs-fuse", "--test", "top", "a_picture", "--", "--nocapture"]);
    shop.run(command.env("CACHEFS_PICTURES", &folder))?;
    let (from, to) = (folder.join("top.ansi"), shop.root().join("docs/pictures/top.svg"));
    let screen = std::fs::read_to_string(&from).map_err(|e| format!("reading {}: {e}", from.display()))?;
    std::fs::write(&to, screenshot::svg(&screen)).map_err(|e| format!("writing {}: {e}", to.display()))?;
    Ok(())
}

/// The test of the status page leaves its picture. Needs Chromium (Debian: package chromium), which is looked for.
pub(crate) fn pictures(shop: &Shop) -> Result<()> {
    let mut command = shop.cargo();
    command.args(["test", "-p", "cachefs-fuse", "--test", "status_page", "--", "--nocapture"]);
    shop.run(command.env("CACHEFS_PICTURES", "docs/pictures"))
}

pub(crate) fn programs(shop: &Shop) -> Result<()> {
    shop.run(&mut on_mount(shop, &["programs"]))
}

pub(crate) fn pjdfstest(shop: &Shop) -> Result<()> {
    shop.run(&mut on_mount(shop, &["pjdfstest"]))
}

pub(crate) fn fsx(shop: &Shop) -> Result<()> {
    shop.run(&mut on_mount(shop, &["fsx"]))
}

pub(crate) fn profiles(shop: &Shop) -> Result<()> {
    shop.run(&mut on_mount(shop, &["profiles_matrix"]))
}

pub(crate) fn soak_fsx(shop: &Shop) -> Result<()> {
    shop.run(on_mount(shop, &["fsx"]).envs(unset(&[FSX_SEEDS, FSX_OPERATIONS, ALL_MODES])))
}

pub(crate) fn storm(shop: &Shop) -> Result<()> {
    shop.run(&mut on_mount(shop, &["rename_storm", "hung"]))
}

pub(crate) fn soak_idle(shop: &Shop) -> Result<()> {
    shop.run(on_mount(shop, &["idle"]).envs(unset(&[IDLE_SECONDS])))
}

pub(crate) fn soak_storm(shop: &Shop) -> Result<()> {
    shop.run(on_mount(shop, &["rename_storm"]).envs(unset(&[SECONDS])))
}

pub(crate) fn limits(shop: &Shop) -> Result<()> {
    shop.run(&mut on_mount(shop, &LIMITS))
}

pub(crate) fn fresh(shop: &Shop) -> Result<()> {
    shop.run(on_mount(shop, &STALENESS).args(IN_TURN))?;
    shop.run(on_mount(shop, &FRESHNESS).args(IN_TURN))
}

pub(crate) fn soak_fresh(shop: &Shop) -> Result<()> {
    // What is measured is worth reading.
    let mut staleness = on_mount(shop, &STALENESS);
    shop.run(staleness.args(IN_TURN).arg("--nocapture").envs(unset(&[STALENESS_SECONDS, ALL_MODES])))?;
    let mut freshness = on_mount(shop, &FRESHNESS);
    let settings = [DIRECTORIES, NOISE_SECONDS];
    shop.run(freshness.args(IN_TURN).arg("--nocapture").envs(unset(&settings)))
}

pub(crate) fn back(shop: &Shop) -> Result<()> {
    shop.run(&mut on_mount(shop, &BACK))?;
    shop.run(&mut on_mount(shop, &KILLS))
}

pub(crate) fn soak_kill(shop: &Shop) -> Result<()> {
    // What was survived is worth reading.
    shop.run(on_mount(shop, &KILLS).args(IN_TURN).arg("--nocapture").envs(unset(&[KILL_ROUNDS])))
}

pub(crate) fn soak_power(shop: &Shop) -> Result<()> {
    integration(shop, &["cachefs-writeback"], &[POWER_LOSSES])
}

pub(crate) fn soak_pjdfstest(shop: &Shop) -> Result<()> {
    shop.run(on_mount(shop, &["pjdfstest"]).envs(unset(&[ALL_MODES])))
}

pub(crate) fn soak_programs(shop: &Shop) -> Result<()> {
    shop.run(on_mount(shop, &["programs"]).envs(unset(&[ALL_MODES])))
}
