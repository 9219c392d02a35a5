//! `cachefs top` in a real terminal over a real mount. `cargo xtask pictures` has it leave what the docs show.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may fail where it stands")]

mod back;
mod site;
mod tmux;

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use back::{cachefs, text};
use rustix::process::{Pid, Signal, kill_process};
use site::{Daemon, Site, wait_until};
use tmux::Tmux;

/// The directory for what the picture is made of.
const PICTURES: &str = "CACHEFS_PICTURES";
const TOP: &str = concat!(env!("CARGO_BIN_EXE_cachefs"), " top");

fn mounted(more: &[&str]) -> (Site, Daemon) {
    let site = Site::new();
    for number in 0..200 {
        fs::write(site.source().join(format!("file-{number}")), vec![7; 100_000 + number * 900]).unwrap();
    }
    site.settle();
    let arguments = ["--profile", "direct", "--memory", "8M"].iter().chain(more).copied();
    let daemon = back::mount(&site, &arguments.collect::<Vec<_>>());
    (site, daemon)
}

/// While somebody uses the mount.
fn in_use(site: &Site, look: impl FnOnce()) {
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| use_it(site, &over));
        let looked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(look));
        over.store(true, Ordering::Relaxed);
        looked.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    });
}

/// Reads and writes, now more and now less, until it is over.
fn use_it(site: &Site, over: &AtomicBool) {
    let began = Instant::now();
    let mut buffer = vec![0; 64 << 10];
    for turn in 0_u32.. {
        // A few files often, all of them now and then.
        let number = if turn % 3 == 0 { turn / 3 % 200 } else { turn % 40 };
        let file = fs::File::open(site.mountpoint().join(format!("file-{number}"))).unwrap();
        _ = file.read_at(&mut buffer, u64::from(turn % 2) << 16).unwrap();
        if turn % 25 == 0 {
            fs::write(site.mountpoint().join(format!("new-{}", turn % 7)), &buffer[..20_000]).unwrap();
        }
        if over.load(Ordering::Relaxed) {
            return;
        }
        let wave = 1.5 + (began.elapsed().as_secs_f64() / 4.0).sin();
        std::thread::sleep(Duration::from_secs_f64(wave / 400.0)); // sleep: how fast the workload goes
    }
}

fn start(site: &Site, tmux: &Tmux, options: &str) {
    tmux.line("echo be''fore");
    tmux.wait(&["before"]);
    tmux.line(&format!("{options} {TOP} -i 200ms {}; echo ended $?", site.mountpoint().display()));
}

/// The shell is there again with all that stood there, and its terminal works as it did.
fn ended(tmux: &Tmux, code: &str) {
    tmux.wait(&["before", &format!("ended {code}")]);
    tmux.line("clear; stty -a");
    let settings = tmux.wait(&["echo", "icanon"]);
    assert!(!settings.contains("-icanon") && !settings.contains("-echo "), "{settings}");
}

/// The number beside a label on the overview.
fn number(screen: &str, label: &str) -> Option<String> {
    let line = screen.lines().find(|line| line.starts_with(label))?;
    line[label.len()..].split_whitespace().next().map(str::to_owned)
}

#[test]
fn every_page_is_shown_by_its_key_at_80x24_and_200x50() {
    let (site, _daemon) = mounted(&[]);
    for size in [(80, 24), (200, 50)] {
        let Some(tmux) = Tmux::start(site.top(), size) else { return };
        in_use(&site, || {
            start(&site, &tmux, "");
            tmux.wait(&[
                "cachefs top",
                "serving",
                "1 Overview",
                "source calls /s",
                "evicted /s",
                "the oldest",
            ]);
            tmux.wait(&[
                " q  quit",
                " ?  help",
                "What the kernel serves by itself is not seen here",
                "coherence",
            ]);
            let mut seen = Vec::new();
            wait_until("the requests per second change", || {
                let shown =
                    number(&tmux.screen(), "requests /s").filter(|shown| shown != "0" && shown != "-");
                seen.extend(shown.filter(|shown| !seen.contains(shown)));
                seen.len() >= 3
            });
            tmux.wait(&["█", "the last "]);
            assert!(tmux.screen().lines().count() <= usize::from(size.1), "{}", tmux.screen());
            tmux.press("Tab");
            tmux.wait(&["REQUEST", "SOURCE CALL", "read", "lookup"]);
            tmux.press("3");
            tmux.wait(&["CACHE", "blocks", "attributes", "missed for:", "past the cache"]);
            tmux.press("4");
            tmux.wait(&["MOUNT POINT", "STATE", site.mountpoint().to_str().unwrap()]);
            tmux.press("?");
            tmux.wait(&["hold the numbers", "another mount"]);
            tmux.press("?");
            tmux.press("+");
            tmux.wait(&["interval 500ms"]);
            tmux.press("p");
            tmux.wait(&["PAUSED", " p  go on"]);
            tmux.press("q");
            ended(&tmux, "0");
        });
    }
}

#[test]
fn a_mount_that_stops_or_dies_is_shown_and_stops_nothing() {
    let (site, mut daemon) = mounted(&[]);
    let Some(tmux) = Tmux::start(site.top(), (80, 24)) else { return };
    start(&site, &tmux, "");
    tmux.wait(&["serving", "requests /s"]);
    daemon.signal(Signal::STOP);
    tmux.wait(&["SILENT for", "requests /s"]);
    tmux.press("Tab");
    tmux.wait(&["REQUEST"]);
    daemon.signal(Signal::CONT);
    tmux.wait(&["serving"]);
    daemon.signal(Signal::KILL);
    daemon.wait_ended();
    tmux.wait(&["GONE", "nobody serves", "REQUEST"]);
    tmux.press("q");
    ended(&tmux, "0");
}

#[test]
fn a_signal_ends_it_and_gives_the_terminal_back() {
    let (site, _daemon) = mounted(&[]);
    let Some(tmux) = Tmux::start(site.top(), (80, 24)) else { return };
    start(&site, &tmux, "");
    tmux.wait(&["serving"]);
    assert!(tmux.looks().contains("[38;5;6m"), "{}", tmux.looks());
    tmux.press("C-c");
    ended(&tmux, "0");
    tmux.line("clear");
    let pid = site.top().join("pid");
    start(&site, &tmux, &format!("NO_COLOR=1 sh -c 'echo $$ > {}; exec \"$@\"' sh", pid.display()));
    tmux.wait(&["serving", "requests /s"]);
    let looks = tmux.looks();
    assert!(
        ["[38;", "[48;", "[3", "[4"]
            .iter()
            .all(|colour| !looks.replace("[39m", "").replace("[49m", "").contains(colour)),
        "{looks}"
    );
    let pid = fs::read_to_string(pid).unwrap().trim().parse().ok().and_then(Pid::from_raw).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    ended(&tmux, "143");
}

#[test]
fn it_ends_when_its_terminal_is_gone() {
    let (site, _daemon) = mounted(&[]);
    let Some(tmux) = Tmux::start(site.top(), (80, 24)) else { return };
    let pid = site.top().join("pid");
    start(&site, &tmux, &format!("sh -c 'echo $$ > {}; exec \"$@\"' sh", pid.display()));
    tmux.wait(&["serving", "requests /s"]);
    let pid = fs::read_to_string(pid).unwrap().trim().to_owned();
    drop(tmux);
    // Whoever takes over orphans may leave them dead.
    let state = || fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    wait_until("its end", || state().is_empty() || state().contains(") Z"));
}

#[test]
fn without_a_terminal_it_says_what_is_for_programs() {
    let output = cachefs(["top", "/"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert_eq!(text(&output).lines().count(), 1, "{output:?}");
    assert!(text(&output).contains("needs a terminal: cachefs stat"), "{output:?}");
    assert_eq!(back::told("top", &[]).0, 2);
}

#[test]
fn a_picture_is_taken_where_one_is_wanted() {
    let Some(folder) = std::env::var_os(PICTURES) else { return };
    let (site, _daemon) = mounted(&["--flush-after", "2s", "--dirty-age", "10s"]);
    let tmux = Tmux::start(site.top(), (110, 25)).expect("tmux is needed");
    in_use(&site, || {
        start(&site, &tmux, "");
        std::thread::sleep(Duration::from_secs(25)); // sleep: the time that the picture shows
        tmux.wait(&["serving", "█"]);
        fs::create_dir_all(&folder).unwrap();
        let shown = tmux.looks().replace(site.top().to_str().unwrap(), "");
        fs::write(PathBuf::from(folder).join("top.ansi"), shown).unwrap();
        tmux.press("q");
        ended(&tmux, "0");
    });
}
