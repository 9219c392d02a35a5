//! Clients that mean no good, or have a defect: the mount serves on.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::back::{cachefs, told};
use crate::site::{Daemon, Site, wait_until};
use crate::{at, done, filled};

fn socket(daemon: &Daemon) -> PathBuf {
    PathBuf::from(daemon.told("control").as_str().unwrap())
}

fn answer(stream: &UnixStream) -> Value {
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).unwrap();
    serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
}

fn serves(site: &Site) {
    assert_eq!(fs::read(at(site, "d/b")).unwrap(), vec![7; 70_000]);
    assert_eq!(fs::read_dir(at(site, "d")).unwrap().count(), 3);
}

fn memory(daemon: &Daemon) -> u64 {
    let path = format!("/proc/{}/status", daemon.pid().as_raw_nonzero());
    let status = fs::read_to_string(path).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
}

#[test]
fn unknown_verbs_and_broken_lines_are_refused() {
    let site = filled();
    let daemon = site.mount(&["--profile", "direct"]);
    let socket = socket(&daemon);
    for (line, kind) in [
        (r#"{"version":1,"verb":"dance"}"#, "usage"),
        (r#"{"version":2,"verb":"status"}"#, "version"),
        (r#"{"version":1,"verb":"file"}"#, "usage"),
        (r#"{"version":1,"verb":"file","path":7}"#, "usage"),
        (r#"{"version":1,"verb":"file","path":"../source"}"#, "usage"),
        (r#"{"version":1,"verb":"file","path":"/etc"}"#, "usage"),
        (r#"{"version":1,"verb":"ls","path":"f"}"#, "failed"),
        (r#"{"version":1,"verb":"ls","path":"none"}"#, "not-found"),
        (r#"{"version":1,"verb":"invalidate"}"#, "usage"),
        (r#"{"version":1,"verb":"evict","path":"f","glob":"f"}"#, "usage"),
        (r#"{"version":1,"verb":"evict","glob":"x*"}"#, "not-found"),
        (r#"{"version":1,"verb":"evict","glob":"[[["}"#, "failed"),
        (r#"{"version":1,"verb":"warm","globs":["../**"]}"#, "usage"),
        (r#"{"version":1,"verb":"warm","globs":["f"],"workers":1000}"#, "usage"),
        (r#"{"version":1,"verb":"set","key":"memory","value":"-1"}"#, "usage"),
        (r#"{"version":1,"verb":"flush","timeout_seconds":-1}"#, "usage"),
        ("{", "usage"),
        ("", "usage"),
        ("null", "usage"),
        ("[[[[[[[[[[", "usage"),
        ("{\"version\":1,\"verb\":\"\u{1b}[2J\"}", "usage"),
    ] {
        let mut stream = UnixStream::connect(&socket).unwrap();
        stream.write_all(line.as_bytes()).unwrap();
        stream.write_all(b"\n").unwrap();
        let answer = answer(&stream);
        assert_eq!((&answer["event"], &answer["kind"]), (&"failed".into(), &kind.into()), "{line}: {answer}");
    }
    for bytes in [&b"\xff\xfe\n"[..], &[0; 100], &[b'['; 60_000]] {
        let mut stream = UnixStream::connect(&socket).unwrap();
        stream.write_all(bytes).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        assert_eq!(answer(&stream)["kind"], "usage");
    }
    serves(&site);
    done("status", &[&site.mountpoint()]);
}

#[test]
fn a_line_of_a_hundred_megabytes_takes_no_memory() {
    let site = filled();
    let daemon = site.mount(&["--profile", "direct"]);
    serves(&site);
    done("status", &[&site.mountpoint()]);
    let piece = vec![b'x'; 1 << 20];
    // What a line that is too long makes the program load of itself is no memory that a longer one takes.
    _ = UnixStream::connect(socket(&daemon)).unwrap().write_all(&piece);
    serves(&site);
    let before = memory(&daemon);
    let mut stream = UnixStream::connect(socket(&daemon)).unwrap();
    let sent = (0..100).take_while(|_| stream.write_all(&piece).is_ok()).count();
    assert!(sent < 100, "it is cut off");
    drop(stream);
    // In one with an end, and valid as it is.
    let mut stream = UnixStream::connect(socket(&daemon)).unwrap();
    let line = format!("{{\"version\":1,\"verb\":\"{}\"}}\n", "x".repeat(100 << 20));
    assert!(stream.write_all(line.as_bytes()).is_err());
    serves(&site);
    done("status", &[&site.mountpoint()]);
    let grown = memory(&daemon).saturating_sub(before);
    assert!(grown < 8 << 20, "{grown} bytes");
}

#[test]
fn half_open_clients_and_crowds_leave_the_mount_alone() {
    let site = filled();
    let daemon = site.mount(&["--profile", "direct"]);
    let socket = socket(&daemon);
    let begin = |text: &[u8]| {
        let mut stream = UnixStream::connect(&socket).unwrap();
        _ = stream.write_all(text);
        stream
    };
    // Who says nothing, half of something, or does not listen to what he asked for.
    let mut crowd: Vec<UnixStream> = (0..10).map(|_| begin(b"")).collect();
    crowd.extend((0..10).map(|_| begin(b"{\"version\":1,\"ver")));
    crowd.extend((0..10).map(|_| begin(&b"{\"version\":1,\"verb\":\"stat\"}\n".repeat(500))));
    serves(&site);
    done("status", &[&site.mountpoint()]);
    // More than there is room for are told so.
    let late: Vec<UnixStream> = (0..50).map(|_| begin(b"")).collect();
    // Some of the crowd may be thrown out between two looks.
    wait_until("there is no room", || told("status", &[&site.mountpoint()]).0 == 5);
    serves(&site);
    drop((crowd, late));
    wait_until("there is room", || {
        cachefs([Path::new("status"), &site.mountpoint()]).status.code() == Some(0)
    });
    // One that only asks nothing more is answered all the same.
    let stream = begin(b"{\"version\":1,\"verb\":\"status\"}\n");
    stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!(answer(&stream)["stage"], "serving");
    serves(&site);
    done("umount", &[&site.mountpoint()]);
}
