//! The README's table of options is that of the program, and each command line of the docs does what it says.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod acceptance;

use std::collections::BTreeSet;
use std::path::Path;

use acceptance::program;
use rustix::mount::{UnmountFlags, unmount};
use rustix::process::{Pid, Signal, kill_process};

const README: &str = include_str!("../../README.md");

#[test]
fn the_readme_lists_every_option_there_is() {
    let help = program(env!("CARGO_BIN_EXE_cachefs-mount")).args("--help").text();
    let table = README.split("<!-- options: ").nth(1).expect("the table is marked in the README");
    let missing: Vec<String> = options(&help).difference(&options(table)).cloned().collect();
    let extra: Vec<String> = options(table).difference(&options(&help)).cloned().collect();
    assert!(missing.is_empty(), "not in the README: {missing:?}");
    assert!(extra.is_empty(), "only in the README: {extra:?}");
}

/// The long options that begin a line of help, or a row of the table.
fn options(text: &str) -> BTreeSet<String> {
    let begins = |line: &str| {
        let words = line.trim_start_matches(['|', ' ', '`']).split([' ', ',', '`', '=', '[', '<']);
        words.take(3).find(|word| word.starts_with("--") && !word.starts_with("---")).map(str::to_owned)
    };
    text.lines()
        .filter_map(begins)
        .filter(|option| !matches!(option.as_str(), "--help" | "--version"))
        .collect()
}

#[test]
fn each_alert_has_its_row_of_what_to_type() {
    let rules = include_str!("../../dist/prometheus/cachefs.rules.yml");
    let alerts: BTreeSet<&str> =
        rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    let page = include_str!("../../docs/operations.md");
    let rows: BTreeSet<&str> = page.lines().filter_map(|line| line.strip_prefix("| `Cachefs")).collect();
    let rows: BTreeSet<String> =
        rows.iter().filter_map(|row| row.split('`').next()).map(|name| format!("Cachefs{name}")).collect();
    assert!(rows.iter().map(String::as_str).eq(alerts.iter().copied()), "{rows:?} {alerts:?}");
}

/// Where commands are shown.
const PAGES: [&str; 7] = [
    README,
    include_str!("../../docs/semantics.md"),
    include_str!("../../docs/durability.md"),
    include_str!("../../docs/tuning.md"),
    include_str!("../../docs/operations.md"),
    include_str!("../../docs/metrics.md"),
    include_str!("../../docs/control-protocol.md"),
];

/// What is not run, by how it begins, and why.
const NOT_RUN: [(&str, &str); 4] = [
    ("cargo ", "builds the programs that these tests are of"),
    ("ln -s ", "changes the system's own directories; the helpers have tests by themselves"),
    ("systemctl ", "there need not be a service manager here; the unit has tests by itself"),
    ("getfattr ", "a program of another package; own_xattrs.rs asks for these attributes"),
];

/// Every line is a command of its own, and the mount of the one before it is gone.
#[test]
fn each_command_of_the_docs_does_what_it_says() {
    if !acceptance::required(acceptance::is_root(), "root, whose journals are where the docs say") {
        return;
    }
    let lines: BTreeSet<&str> = PAGES.iter().flat_map(|page| commands(page)).collect();
    assert!(lines.len() > 20, "{lines:?}");
    for line in lines {
        let is_left_out = NOT_RUN.iter().any(|(begin, _)| line.starts_with(begin));
        assert!(
            is_left_out || line.starts_with("cachefs"),
            "nobody runs this line, and no reason says why: {line}"
        );
        if !is_left_out {
            follow(line);
        }
    }
}

/// The lines of blocks of `sh`, without what is said of them.
fn commands(page: &'static str) -> impl Iterator<Item = &'static str> {
    let blocks = page.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    let bare = |line: &'static str| line.split("  #").next().unwrap_or_default().trim();
    blocks.flat_map(str::lines).map(bare).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// Runs it over directories of the test's own, in the place of those it names.
fn follow(line: &str) {
    let top = tempfile::tempdir().unwrap();
    let place = |name: &str| top.path().join(name).display().to_string();
    let data = top.path().join("data");
    std::fs::create_dir_all(data.join("src")).unwrap();
    std::fs::create_dir(top.path().join("fast")).unwrap();
    for name in ["report.pdf", "src/main.rs", "README.md"] {
        std::fs::write(data.join(name), name).unwrap();
    }
    let state = format!("--state-dir={}", place("state"));
    let (mount, steer) = (env!("CARGO_BIN_EXE_cachefs-mount"), env!("CARGO_BIN_EXE_cachefs"));
    let needs_mount = !line.starts_with("cachefs-mount") && !line.contains("/data");
    if line.contains(" recover ") {
        leave_behind(&data, &top.path().join("fast"), &state);
    }
    if needs_mount {
        program(mount).arg(&data).arg(top.path().join("fast")).args("--mode back").arg(&state).text();
    }
    let mut script = line.replace("/mnt/fast", &place("fast")).replace("/data", &place("data"));
    script = script
        .replace("127.0.0.1:9469", &acceptance::free_address().to_string())
        .replace("/backup", &place("backup"));
    if line.starts_with("cachefs-mount") || line.contains(" recover ") {
        script = format!("{script} {state}").replace(" -f ", " ");
    }
    // A report that goes on for ever is looked at for one interval.
    let script = script.replace("-i 2", "-i 1 -c 1");
    let functions =
        format!("cachefs-mount() {{ {mount} \"$@\"; }}; cachefs() {{ {steer} \"$@\"; }}; {script}");
    let output = program("bash").arg("-c").arg(functions).within(top.path()).output();
    // What is left mounted must not outlive the test, whatever comes of it.
    program(steer).arg("umount").arg(top.path().join("fast")).output();
    let gone = !is_mounted(&top.path().join("fast"));
    // To show what waits is to say so by the exit code.
    let expected = if line.contains("--dry-run") { 10 } else { 0 };
    assert!(output.status.code() == Some(expected) && gone, "{line}: {output:?}, unmounted: {gone}");
}

/// A journal with bytes that are not in the source: of a mount that was killed.
fn leave_behind(data: &Path, mountpoint: &Path, state: &str) {
    let mount = program(env!("CARGO_BIN_EXE_cachefs-mount")).arg(data).arg(mountpoint).arg(state);
    let ready = mount.args("--mode back --flush-after 1h --dirty-age 1h --json").text();
    let ready: serde_json::Value = serde_json::from_str(&ready).unwrap();
    std::fs::write(mountpoint.join("report.pdf"), "newer").unwrap();
    let pid = ready["pid"].as_i64().and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
    kill_process(pid.unwrap(), Signal::KILL).unwrap();
    unmount(mountpoint, UnmountFlags::DETACH).unwrap();
    // Until the process has ended, the journal is its.
    let is_free = || {
        let look = program(env!("CARGO_BIN_EXE_cachefs")).args("recover --dry-run").arg(data).arg(state);
        (look.output().status.code() != Some(5)).then_some(())
    };
    assert!(
        acceptance::wait_for(std::time::Duration::from_secs(20), is_free).is_some(),
        "the killed mount ends"
    );
}

fn is_mounted(path: &Path) -> bool {
    let table = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
    table.lines().any(|line| line.split(' ').nth(4) == path.to_str())
}
