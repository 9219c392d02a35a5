//! `--mode back` on the command line, and the program `cachefs`: what they say, and with which exit codes.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod back;
mod site;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use back::{cachefs, mount, state, text, told};
use site::{Daemon, Scrape, Site, run, wait_until};

#[test]
fn what_does_not_go_together_is_refused_in_one_line() {
    for (arguments, texts) in [
        (&["--mode", "back", "--profile", "stream"][..], &["--profile stream", "--mode back"][..]),
        (&["-o", "mode=back,profile=stream"], &["--profile stream"]),
        (&["--durability", "backing"], &["--durability", "--mode back only"]),
        (&["--sync", "never"], &["--sync", "--mode back only"]),
        (&["--mode", "back", "--sync", "often"], &["--sync", "always, everysec and never"]),
        (&["--mode", "back", "--dirty-max", "1K"], &["--dirty-max", "at least 1M"]),
    ] {
        let site = Site::new();
        let output = run(&mut site.command(arguments));
        let told = text(&output);
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(told.starts_with("cachefs-mount: ") && told.lines().count() == 1, "{told}");
        assert!(texts.iter().all(|text| told.contains(text)), "{told}");
        assert_eq!(site.mounts(), [""; 0]);
    }
}

#[test]
fn the_promises_in_force_are_told() {
    let site = Site::new();
    let output =
        run(back::command(&site, &["--json", "--metrics", "127.0.0.1:0"]).args(["-o", "sync=everysec"]));
    let note = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        note.contains("--sync everysec: a loss of power takes what was written in the last second"),
        "{note}"
    );
    let daemon = Daemon::from_ready_line(&output);
    assert_eq!((daemon.told("mode"), daemon.told("durability")), (&"back".into(), &"journal".into()));
    assert_eq!(daemon.told("sync"), "everysec");
    assert!(daemon.told("journal").as_str().unwrap().starts_with(state(&site).to_str().unwrap()));
    let socket = daemon.told("control").as_str().unwrap();
    assert_eq!(fs::metadata(socket).unwrap().permissions().mode() & 0o777, 0o600);
    site.wait_logged("mode back (durability journal, sync everysec)");

    let info = format!(
        "cachefs_mount_info{{backend=\"local\",coherence=\"watch\",durability=\"journal\",mode=\"back\",mount=\"{}\",profile=\"pages\"}}",
        site.mountpoint().canonicalize().unwrap().display()
    );
    fs::write(site.mountpoint().join("f"), [7; 5000]).unwrap();
    let address = daemon.told("metrics").as_str().unwrap().to_owned();
    let before = Scrape::of(&address);
    assert_eq!(before.value(&info), 1.0);
    assert_eq!(before.value("cachefs_writeback_dirty_bytes"), 5000.0);
    assert_eq!(before.value("cachefs_writeback_dirty_files"), 1.0);
    assert!(before.value("cachefs_journal_bytes") >= 5000.0);
    assert_eq!(cachefs([Path::new("flush"), &site.mountpoint()]).status.code(), Some(0));
    let after = Scrape::of(&address);
    assert_eq!(after.value("cachefs_writeback_dirty_bytes"), 0.0);
    assert_eq!(after.value("cachefs_writeback_flushes_total{result=\"ok\"}"), 1.0);
    assert_eq!(after.value("cachefs_writeback_flushed_bytes_total"), 5000.0);
    assert!(after.has("cachefs_writeback_throttled_seconds_total"));
    assert_eq!(after.value("cachefs_writeback_lost_bytes_total"), 0.0);
}

#[test]
fn a_flush_is_of_what_was_asked_for() {
    let site = Site::new();
    let _daemon = mount(&site, &[]);
    let at = |name: &str| site.mountpoint().join(name);
    let source = |name: &str| fs::read(site.source().join(name)).unwrap();
    fs::create_dir_all(at("dir/sub")).unwrap();
    for name in ["a", "b", "dir/c", "dir/sub/d"] {
        fs::write(at(name), name).unwrap();
        assert_eq!(source(name), b"", "{name} is not in the source yet");
    }
    let (code, outcome) = told("flush", &[&at("a")]);
    assert_eq!((code, outcome["dirty_files"].as_u64()), (0, Some(3)), "{outcome}");
    assert_eq!((source("a"), source("b")), (b"a".to_vec(), Vec::new()));
    assert_eq!(told("flush", &[&at("dir")]).0, 0);
    assert_eq!((source("dir/sub/d"), source("b")), (b"dir/sub/d".to_vec(), Vec::new()));
    let (code, outcome) = told("flush", &[&site.mountpoint()]);
    assert_eq!((code, outcome["dirty_files"].as_u64()), (0, Some(0)), "{outcome}");
    assert_eq!(source("b"), b"b");
    let missing = cachefs([Path::new("flush"), &at("none")]);
    assert_eq!(missing.status.code(), Some(3), "{missing:?}");
}

#[test]
fn the_exit_codes_are_those_of_the_conventions() {
    let site = Site::with_file("f", b"1");
    for (words, code) in [
        (&["--help"][..], 0),
        (&["--version"], 0),
        (&[], 2),
        (&["dance"], 2),
        (&["umount"], 2),
        (&["umount", "--timeout", "soon", "/"], 2),
        (&["recover", "--dry-run", "--discard", "/"], 2),
        (&["status", "/"], 4),
        (&["flush", "/"], 4),
        (&["umount", "/"], 4),
        (&["status", "/nonexistent"], 4),
        (&["recover", "/nonexistent"], 3),
    ] {
        let output = cachefs(words);
        assert_eq!(output.status.code(), Some(code), "{words:?}: {output:?}");
        if code != 0 {
            let told = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(told.starts_with("cachefs: ") && told.lines().count() == 1, "{words:?}: {told}");
        }
    }
    for (verb, arguments) in
        [("umount", &[][..]), ("dance", &[]), ("status", &[Path::new("--what"), &site.source()])]
    {
        let (code, trouble) = told(verb, arguments);
        assert!(code == 2 && trouble["error"].is_string(), "{verb}: {trouble}");
    }
    let (code, trouble) = told("status", &[&site.source()]);
    assert_eq!(code, 4);
    assert!(trouble["error"].as_str().unwrap().contains("does not lie in a mount"), "{trouble}");
}

#[test]
fn a_status_tells_what_waits() {
    let site = Site::new();
    let daemon = mount(&site, &[]);
    fs::create_dir(site.mountpoint().join("dir")).unwrap();
    fs::write(site.mountpoint().join("dir/f"), [1; 3000]).unwrap();
    let (_, status) = told("status", &[&site.mountpoint()]);
    assert_eq!(status["pid"].as_i64(), Some(daemon.pid().as_raw_nonzero().get().into()));
    assert_eq!((&status["mode"], &status["stage"]), (&"back".into(), &"serving".into()));
    assert_eq!(status["write_back"]["dirty_bytes"], 3000);
    assert_eq!(status["write_back"]["dirty_files"], 1);
    let shown = text(&cachefs([Path::new("status"), &site.mountpoint()]));
    assert!(
        shown.contains("of 1 files, at most 1.00 GiB") && shown.contains("durability journal"),
        "{shown}"
    );
    // A mount that writes through has a status, too, and nothing to flush.
    let other = Site::with_file("f", b"1");
    let _through = other.mount(&[]);
    let (_, status) = told("status", &[&other.mountpoint()]);
    assert!(status["mode"] == "through" && status["write_back"].is_null(), "{status}");
    assert_eq!(told("flush", &[&other.mountpoint()]).0, 0);
    assert_eq!(told("umount", &[&other.mountpoint()]).0, 0);
    assert_eq!(other.mounts(), [""; 0]);
}

#[test]
fn a_close_waits_where_it_is_told_to() {
    for coherence in ["watch", "single"] {
        let site = Site::with_file("f", b"1");
        let _daemon = mount(&site, &["--flush-on-close", "--coherence", coherence]);
        fs::write(site.mountpoint().join("new"), b"text").unwrap();
        assert_eq!(fs::read(site.source().join("new")).unwrap(), b"text", "{coherence}");
        assert_eq!(fs::read(site.mountpoint().join("f")).unwrap(), b"1");
        let held = fs::File::create(site.mountpoint().join("held")).unwrap();
        std::io::Write::write_all(&mut &held, b"more").unwrap();
        assert_eq!(fs::read(site.source().join("held")).unwrap(), b"", "{coherence}");
        drop(held);
        wait_until("the file is in the source", || fs::read(site.source().join("held")).unwrap() == b"more");
    }
}

#[test]
fn files_are_flushed_once_they_rest() {
    let site = Site::new();
    let _daemon = mount(&site, &["--flush-after", "100ms"]);
    fs::write(site.mountpoint().join("f"), b"text").unwrap();
    wait_until("the file is in the source", || fs::read(site.source().join("f")).unwrap() == b"text");
}
