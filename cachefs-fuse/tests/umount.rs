//! Leaving a mount with `--mode back`, by the program and by umount(8): nothing is left behind unsaid.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod back;
mod site;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use back::{Faulty, cachefs, command, foreground, mount, pattern, state, text, told};
use cachefs_testkit::{CallKind, Rule};
use cachefs_vfs::Errno;
use rustix::process::Signal;
use site::{Daemon, Site, is_root, run, wait_until};

#[test]
fn umount_writes_everything_first() {
    let site = Site::new();
    let mut daemon = foreground(&site, &[]);
    for file in 0..20 {
        fs::write(site.mountpoint().join(file.to_string()), pattern(100_000, file)).unwrap();
    }
    let (code, outcome) = told("umount", &[&site.mountpoint()]);
    assert_eq!((code, outcome["dirty_bytes"].as_u64()), (0, Some(0)), "{outcome}");
    assert_eq!(site.mounts(), [""; 0]);
    for file in 0..20 {
        assert_eq!(fs::read(site.source().join(file.to_string())).unwrap(), pattern(100_000, file));
    }
    assert_eq!(daemon.exit_code(), Some(0));
    assert_eq!(told("umount", &[&site.mountpoint()]).0, 4, "it is not mounted any more");
}

#[test]
fn what_a_slow_source_does_not_take_in_time_stays_in_the_journal_and_is_named() {
    let faulty = Faulty::new(0);
    let site = &faulty.site;
    let mut daemon = foreground(site, &[]);
    fs::write(site.mountpoint().join("big"), pattern(3 << 20, 1)).unwrap();
    let hung = faulty.faults.add(Rule::on(CallKind::Write).hang()).release_on_drop();
    let output = cachefs([Path::new("umount"), Path::new("--timeout"), Path::new("1s"), &site.mountpoint()]);
    let said = text(&output);
    assert_eq!(output.status.code(), Some(10), "{said}");
    assert!(said.contains("1 files are not in the source") && said.contains("big (3.00 MiB)"), "{said}");
    // The kernel lets no process end that waits for an answer of a mount.
    drop(hung);
    assert_eq!(daemon.exit_code(), Some(10));
    site.wait_logged("of 1 files stay in the journal");
    assert!(site.mounts().iter().all(|mount| !mount.contains("/mount ")), "{:?}", site.mounts());
    // Looked at without a mount, then written by the next one.
    let recover = |arguments: &[&str]| {
        let words = arguments.iter().map(|word| (*word).to_owned());
        let paths = [
            site.source().display().to_string(),
            "--state-dir".to_owned(),
            state(site).display().to_string(),
        ];
        cachefs(std::iter::once("recover".to_owned()).chain(words).chain(paths))
    };
    let shown = recover(&["--dry-run"]);
    assert_eq!(shown.status.code(), Some(10), "{shown:?}");
    assert!(text(&shown).contains("big: 3.00 MiB"), "{shown:?}");
    let _next = mount(site, &[]);
    assert_eq!(fs::read(site.mountpoint().join("big")).unwrap(), pattern(3 << 20, 1));
    assert_eq!(told("umount", &[&site.mountpoint()]).0, 0);
    assert_eq!(fs::read(faulty.beneath("big")).unwrap(), pattern(3 << 20, 1));
}

#[test]
fn umount_waits_for_a_slow_source_and_tells_how_far_it_is() {
    let faulty = Faulty::new(2 << 20);
    let site = &faulty.site;
    let mut daemon = foreground(site, &[]);
    fs::write(site.mountpoint().join("a"), pattern(3 << 20, 1)).unwrap();
    fs::write(site.mountpoint().join("b"), pattern(1 << 20, 2)).unwrap();
    let socket = daemon.told("control").as_str().unwrap().to_owned();
    let mut client = cachefs_fuse::control::Client::connect(Path::new(&socket)).unwrap();
    let request = cachefs_fuse::control::Request::new("umount", serde_json::Value::Null);
    let mut heard = Vec::new();
    let outcome = client.call(&request, |far| heard.push(far["bytes_left"].as_u64().unwrap())).unwrap();
    assert_eq!(outcome["dirty_bytes"], 0);
    assert!(heard.len() >= 4 && heard.is_sorted_by(|a, b| a >= b), "{heard:?}");
    assert!(heard.iter().any(|left| (1..4 << 20).contains(left)), "in between, too: {heard:?}");
    assert_eq!(daemon.exit_code(), Some(0));
    assert_eq!(fs::read(faulty.beneath("a")).unwrap(), pattern(3 << 20, 1));
}

#[test]
fn a_source_that_is_full_is_named_and_recovers_by_itself() {
    let faulty = Faulty::new(0);
    let site = &faulty.site;
    let _daemon = mount(site, &["--drain-patience", "1s"]);
    fs::write(site.mountpoint().join("f"), b"text").unwrap();
    let full = faulty.faults.add(Rule::on(CallKind::Write).fail(Errno::NOSPC)).release_on_drop();
    let (code, outcome) = told("flush", &[&site.mountpoint()]);
    assert_eq!((code, outcome["dirty_bytes"].as_u64()), (10, Some(4)), "{outcome}");
    assert_eq!(outcome["left"][0]["path"], "f", "{outcome}");
    assert!(outcome["left"][0]["error"].as_str().unwrap().contains("No space left"), "{outcome}");
    let (_, status) = told("status", &[&site.mountpoint()]);
    assert_eq!(status["write_back"]["failing"][0]["path"], "f", "{status}");
    drop(full);
    assert_eq!(told("flush", &[&site.mountpoint()]).0, 0);
    assert_eq!(fs::read(faulty.beneath("f")).unwrap(), b"text");
}

#[test]
fn a_mount_in_use_stays_unless_it_is_to_be_lazy() {
    let site = Site::new();
    let mut daemon = foreground(&site, &[]);
    fs::write(site.mountpoint().join("f"), b"text").unwrap();
    let held = fs::File::open(site.mountpoint().join("f")).unwrap();
    let busy = cachefs([Path::new("umount"), &site.mountpoint()]);
    assert_eq!(busy.status.code(), Some(5), "{busy:?}");
    assert!(text(&busy).contains("is busy") && text(&busy).contains("holds"), "{busy:?}");
    assert_eq!(site.mounts().len(), 1);
    // It was written all the same.
    assert_eq!(fs::read(site.source().join("f")).unwrap(), b"text");
    assert_eq!(told("umount", &[&site.mountpoint().join(".")]).0, 5);
    let inside = cachefs([Path::new("umount"), &site.mountpoint().join("f")]);
    assert_eq!(inside.status.code(), Some(4), "{inside:?}");
    let (code, outcome) = told("umount", &[Path::new("--lazy"), &site.mountpoint()]);
    assert!(code == 0 && outcome["detached"] == true, "{outcome}");
    assert_eq!(site.mounts(), [""; 0]);
    // It is still to be found, but cannot be unmounted any more.
    let (code, status) = told("status", &[&site.mountpoint()]);
    assert_eq!((code, status["stage"].as_str()), (0, Some("detached")), "{status}");
    let (code, again) = told("umount", &[&site.mountpoint()]);
    assert_eq!(code, 5, "{again}");
    assert!(again["error"].as_str().unwrap().contains("is detached already"), "{again}");
    drop(held);
    assert_eq!(daemon.exit_code(), Some(0));
}

#[test]
fn the_helper_of_umount_does_the_same() {
    let site = Site::new();
    let helper = site.top().join("umount.fuse.cachefs");
    symlink(env!("CARGO_BIN_EXE_cachefs"), &helper).unwrap();
    let mut daemon = foreground(&site, &[]);
    fs::write(site.mountpoint().join("f"), b"text").unwrap();
    let mut umount = Command::new(&helper);
    let output = run(umount.arg(site.mountpoint()).args(["-n", "-t", "fuse.cachefs"]).stdin(Stdio::null()));
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(text(&output), "");
    assert_eq!(fs::read(site.source().join("f")).unwrap(), b"text");
    assert_eq!(daemon.exit_code(), Some(0));
}

#[test]
fn umount_calls_the_helper_by_the_type_of_the_mount() {
    if !is_root() {
        return;
    }
    let site = Site::new();
    let top = site.top().display().to_string();
    let mounted = command(&site, &[]);
    // In a view of our own, where the helper is installed. The source has the file as soon as umount returns, which only
    // the helper waits for.
    let script = "cd \"$1\" && shift && helper=\"$1\" && shift && mkdir upper work && \
        mount -t tmpfs none work && mkdir work/upper work/work && \
        mount -t overlay none -o lowerdir=/usr/sbin,upperdir=work/upper,workdir=work/work /usr/sbin && \
        ln -s \"$helper\" /usr/sbin/umount.fuse.cachefs && \"$@\" && echo text > mount/f && umount mount && \
        cat source/f";
    let mut command = Command::new("unshare");
    command.args(["-m", "sh", "-ec", script, "sh", &top, env!("CARGO_BIN_EXE_cachefs")]);
    command.arg(mounted.get_program()).args(mounted.get_args()).stdin(Stdio::null());
    let output = run(&mut command);
    assert_eq!(text(&output), "text\n", "{output:?}");
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn a_mount_nobody_serves_any_more_can_be_unmounted() {
    let site = Site::new();
    let mut daemon = foreground(&site, &[]);
    fs::write(site.mountpoint().join("f"), b"text").unwrap();
    daemon.signal(Signal::KILL);
    daemon.exit_code();
    let status = cachefs([Path::new("status"), &site.mountpoint()]);
    assert_eq!(status.status.code(), Some(4), "{status:?}");
    let output = cachefs([Path::new("umount"), &site.mountpoint()]);
    assert!(text(&output).contains("nobody served this mount any more"), "{output:?}");
    assert_eq!(site.mounts(), [""; 0]);
    let _next: Daemon = mount(&site, &[]);
    assert_eq!(fs::read(site.mountpoint().join("f")).unwrap(), b"text");
    wait_until("the first flush after a replay", || fs::read(site.source().join("f")).unwrap() == b"text");
}
