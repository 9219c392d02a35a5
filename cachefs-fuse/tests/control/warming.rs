//! Warming on request.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use cachefs_fuse::control::{Client, Request};
use serde_json::json;

use crate::back::{cachefs, told};
use crate::site::wait_until;
use crate::{at, done, filled, said};

#[test]
fn paths_patterns_and_lists_are_warmed() {
    let site = filled();
    let _daemon = site.mount(&["--profile", "direct"]);
    let cached = |path: &str| done("status", &[&at(&site, path)])["cached_bytes"].clone();
    let warmed = done("warm", &[&at(&site, "d")]);
    assert_eq!(
        (&warmed["files"], &warmed["bytes"], &warmed["missing"]),
        (&json!(3), &json!(70_010), &json!(0))
    );
    assert_eq!((cached("d"), cached("f")), (json!(70_010), json!(0)));
    done("evict", &[&site.mountpoint()]);
    done("warm", &[Path::new("-p"), Path::new("2"), &at(&site, "**/a"), &at(&site, "f")]);
    assert_eq!((cached("d"), cached("f")), (json!(10), json!(100_000)));
    done("evict", &[&site.mountpoint()]);
    done("warm", &[Path::new("--metadata-only"), &site.mountpoint()]);
    assert_eq!(cached("f"), 0);
    let missing = told("warm", &[&at(&site, "gone"), &at(&site, "f")]);
    assert_eq!(
        (missing.0, &missing.1["missing"], &missing.1["files"]),
        (3, &json!(1), &json!(1)),
        "{missing:?}"
    );
    assert!(said("warm", &[&at(&site, "d/b")]).starts_with("1 files, 68.36 KiB in "));
    assert_eq!(told("warm", &[Path::new("/")]).0, 4);
    assert_eq!(told("warm", &[Path::new("-p"), Path::new("0"), &at(&site, "f")]).0, 2);
}

#[test]
fn a_list_is_read_from_a_file_or_from_standard_input() {
    let site = filled();
    let _daemon = site.mount(&["--profile", "direct"]);
    let list = site.top().join("list");
    fs::write(&list, "f\nd/b\nd/gone\n").unwrap();
    let warm = |arguments: &[&str], input: &[u8]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cachefs"));
        command.args(["warm", "--json"]).args(arguments).current_dir(site.mountpoint());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        let output = child.wait_with_output().unwrap();
        let value: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(0), "{value}");
        value
    };
    let told = warm(&["-f", list.to_str().unwrap()], b"");
    assert_eq!(
        (&told["files"], &told["missing"], &told["missing_first"][0]),
        (&json!(2), &json!(1), &json!("d/gone"))
    );
    done("evict", &[&site.mountpoint()]);
    let told = warm(&["-0", "-f", "-"], b"f\0d/a\0");
    assert_eq!((&told["files"], &told["bytes"]), (&json!(2), &json!(100_010)), "{told}");
    // More than fits into one request.
    let many: String = (0..6000).map(|number| format!("d/a-name-that-is-nowhere-{number}\n")).collect();
    let told = warm(&["-f", "-"], many.as_bytes());
    assert_eq!((&told["files"], &told["missing"]), (&json!(0), &json!(6000)), "{}", told["missing"]);
}

#[test]
fn who_does_not_wait_is_served_in_the_background() {
    let site = filled();
    let _daemon = site.mount(&["--profile", "direct", "--log", site.log().to_str().unwrap()]);
    let told = done("warm", &[Path::new("--no-wait"), &at(&site, "d"), &at(&site, "f")]);
    assert_eq!(told["background"], true, "{told}");
    wait_until("it is warm", || done("status", &[&at(&site, "f")])["cached_bytes"] == 100_000);
    assert_eq!(done("status", &[&at(&site, "d")])["cached_bytes"], 70_010);
    site.wait_logged("warmed files=4 bytes=170010");
}

#[test]
fn progress_is_true_and_who_hangs_up_ends_it() {
    let site = filled();
    fs::create_dir(site.source().join("many")).unwrap();
    for number in 0..2000 {
        fs::write(site.source().join(format!("many/{number}")), vec![1; 4096]).unwrap();
    }
    let daemon = site.mount(&["--profile", "direct", "--coherence", "single"]);
    let socket = PathBuf::from(daemon.told("control").as_str().unwrap());
    let mut client = Client::connect(&socket).unwrap();
    let arguments = json!({ "globs": ["many"], "workers": 1 });
    let (mut last, mut reports) = (0, 0);
    let end = client
        .call(&Request::new("warm", arguments.clone()), |far| {
            let files = far["files"].as_u64().unwrap();
            assert_eq!(far["bytes"].as_u64().unwrap(), files * 4096, "{far:?}");
            assert!(files >= last && files <= far["files_found"].as_u64().unwrap(), "{far:?}");
            (last, reports) = (files, reports + 1);
        })
        .unwrap();
    assert_eq!((&end["files"], &end["bytes"]), (&json!(2000), &json!(2000 * 4096)));
    drop(client);
    // Who is gone wants nothing any more.
    done("evict", &[&site.mountpoint()]);
    let line =
        serde_json::to_string(&Request::new("warm", json!({ "globs": ["**"], "workers": 1 }))).unwrap();
    // More than may warm at a time.
    for _ in 0..16 {
        let mut forgotten = std::os::unix::net::UnixStream::connect(&socket).unwrap();
        forgotten.write_all(format!("{line}\n").as_bytes()).unwrap();
    }
    wait_until("others may warm again", || {
        cachefs([Path::new("warm"), &at(&site, "f")]).status.code() == Some(0)
    });
}
