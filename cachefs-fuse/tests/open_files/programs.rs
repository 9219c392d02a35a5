use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;

use rustix::io::Errno;

use super::Scene;
use crate::acceptance::{program, wait_for};

/// A program that runs until this is dropped.
struct Running(Child);

impl Running {
    fn start(path: &Path) -> Self {
        Self(Command::new(path).arg("1000").spawn().unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ended = self.0.kill();
        let _reaped = self.0.wait();
    }
}

fn install(scene: &Scene, name: &str) -> std::path::PathBuf {
    fs::copy("/bin/sleep", scene.at(name)).unwrap();
    fs::set_permissions(scene.at(name), fs::Permissions::from_mode(0o755)).unwrap();
    scene.at(name)
}

pub(super) fn run(scene: &Scene) {
    let path = install(scene, "sleep");
    program(&path).arg("0").silent();
    // Also while it is read, and from the directory itself as soon as nobody writes.
    let reader = scene.open("sleep");
    program(&path).arg("0").silent();
    drop(reader);
    let started = wait_for(Duration::from_secs(5), || {
        Command::new(scene.beneath("sleep")).arg("0").status().ok().filter(std::process::ExitStatus::success)
    });
    assert!(started.is_some(), "somebody goes on writing to it");
    scene.put("script", "#!/bin/sh\necho ran\n");
    fs::set_permissions(scene.at("script"), fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(program(scene.at("script")).text(), "ran\n");
}

pub(super) fn busy(scene: &Scene) {
    let path = install(scene, "sleep");
    let running = Running::start(&path);
    let open = |path: &Path| OpenOptions::new().write(true).open(path).map_err(|e| e.raw_os_error());
    let busy = Some(Errno::TXTBSY.raw_os_error());
    assert_eq!(open(&path).unwrap_err(), busy, "it runs");
    drop(running);
    let writer = open(&path).unwrap();
    let refused = Command::new(&path).arg("0").spawn().unwrap_err();
    assert_eq!(refused.raw_os_error(), busy, "it is written to");
    drop(writer);
    program(&path).arg("0").silent();
    // One that runs beneath.
    let started = wait_for(Duration::from_secs(5), || {
        Command::new(scene.beneath("sleep")).arg("1000").spawn().ok().map(Running)
    });
    let running = started.expect("somebody goes on writing to it");
    assert_eq!(open(&path).unwrap_err(), busy, "it runs beneath");
    let reader = scene.open("sleep");
    assert_eq!(open(&path).unwrap_err(), busy, "also with a reader");
    drop((running, reader));
    open(&path).unwrap();
}

pub(super) fn locks(scene: &Scene) {
    let mut file: File = scene.open_both("f");
    file.write_all(b"0123456789").unwrap();
    scene.python(
        "
import fcntl, os, struct
def refused(call):
    try:
        call()
    except OSError as e:
        return e.errno in (11, 13)
    return False
a, b = open('f', 'r+b'), open('f', 'r+b')
fcntl.flock(a, fcntl.LOCK_EX)
assert refused(lambda: fcntl.flock(b, fcntl.LOCK_SH | fcntl.LOCK_NB))
fcntl.flock(a, fcntl.LOCK_UN)
fcntl.flock(b, fcntl.LOCK_SH | fcntl.LOCK_NB)
fcntl.lockf(a, fcntl.LOCK_EX, 5, 0)
child = os.fork()
if child == 0:
    c = open('f', 'r+b')
    one = refused(lambda: fcntl.lockf(c, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, 4))
    fcntl.lockf(c, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, 5)
    os._exit(0 if one else 1)
assert os.waitpid(child, 0)[1] == 0
",
    );
    scene.is("f", "0123456789");
}
