//! Where the socket of a mount is, and whom it serves.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::back::{state, text};
use crate::site::{is_root, run};
use crate::{at, done, filled, said};

#[test]
fn every_mount_has_a_socket_of_its_own_found_from_any_path_within() {
    for mode in ["through", "around", "back"] {
        for (profile, coherence) in
            [("pages", "watch"), ("direct", "ttl=5s"), ("stream", "single"), ("pages", "open")]
        {
            if (mode, profile) == ("back", "stream") {
                // Which there is not.
                continue;
            }
            let site = filled();
            let state = state(&site);
            let arguments = [
                "--mode",
                mode,
                "--profile",
                profile,
                "--coherence",
                coherence,
                "--state-dir",
                state.to_str().unwrap(),
            ];
            let daemon = site.mount(&arguments);
            let socket = PathBuf::from(daemon.told("control").as_str().unwrap());
            assert_eq!(socket.metadata().unwrap().permissions().mode() & 0o777, 0o600);
            assert_eq!(socket.parent().unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o700);
            for path in ["", "d", "d/e"] {
                let stat = done("stat", &[&at(&site, path)]);
                assert_eq!(stat["mount"]["mode"], mode, "{stat}");
                assert_eq!(stat["mount"]["pid"].as_i64(), Some(daemon.pid().as_raw_nonzero().get().into()));
            }
            let listed = done("list", &[]);
            let mounts = listed["mounts"].as_array().unwrap();
            let mountpoint = site.mountpoint().canonicalize().unwrap();
            let of_it = |mount: &&serde_json::Value| mount["mountpoint"] == mountpoint.to_str().unwrap();
            let mount = mounts.iter().find(of_it).unwrap_or_else(|| panic!("{listed}"));
            assert_eq!((&mount["mode"], &mount["stage"]), (&mode.into(), &"serving".into()), "{listed}");
            assert_eq!(mount["source"], site.source().canonicalize().unwrap().to_str().unwrap());
            assert!(mount["uptime_seconds"].as_f64().unwrap() > 0.0, "{mount}");
            done("umount", &[&site.mountpoint()]);
            assert!(!socket.exists());
        }
    }
}

#[test]
fn mounts_that_nobody_serves_are_listed_as_such() {
    let site = filled();
    let mut daemon = site.mount(&[]);
    daemon.signal(rustix::process::Signal::KILL);
    daemon.wait_ended();
    let mountpoint = site.mountpoint();
    let text = said("list", &[]);
    let line = text.lines().find(|line| line.contains(mountpoint.to_str().unwrap()));
    assert!(line.is_some_and(|line| line.contains(" dead ")), "{text}");
    said("umount", &[&mountpoint]);
    assert!(!said("list", &[]).contains(mountpoint.to_str().unwrap()));
}

#[test]
fn other_users_are_not_served() {
    if !is_root() {
        return;
    }
    let site = filled();
    let daemon = site.mount(&["-o", "allow_other"]);
    let program = site.top().join("cachefs");
    std::fs::copy(env!("CARGO_BIN_EXE_cachefs"), &program).unwrap();
    let as_nobody = |words: &[&Path]| {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&program).args(words);
        run(command.current_dir("/"))
    };
    let mountpoint = site.mountpoint();
    for verb in ["status", "stat", "queue", "umount", "warm", "evict", "invalidate", "debug-bundle"] {
        let output = as_nobody(&[Path::new(verb), &mountpoint]);
        // A bundle is begun, and says what is missing; there it has no right to write.
        assert_eq!(output.status.code(), Some(1), "{verb}: {output:?}");
        let expected = if verb == "debug-bundle" { "cannot be made" } else { "is of user 0" };
        assert!(text(&output).contains(expected), "{verb}: {output:?}");
    }
    let listed = as_nobody(&[Path::new("list")]);
    assert_eq!((listed.status.code(), text(&listed)), (Some(0), "no mounts of yours\n".to_owned()));
    // Nor who goes to the socket straight away.
    let socket = daemon.told("control").as_str().unwrap().to_owned();
    let script = format!("test -e {socket} && exit 1; exit 0");
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "sh", "-c", &script]);
    assert!(run(&mut command).status.success(), "the directory of the sockets is closed to others");
}
