use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, chown};

use super::Scene;
use crate::acceptance::{program, required};

fn mode(path: &std::path::Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

pub(super) fn set_id(scene: &Scene) {
    if !required(crate::acceptance::is_root(), "root, to be somebody else") {
        return;
    }
    for (change, after) in [
        ("printf x >> f", 0o777),
        ("printf x > f", 0o777),
        ("printf x | dd of=f conv=notrunc status=none", 0o777),
        ("truncate -s 9 f", 0o777),
        ("exec 3>>f; cat f > /dev/null; printf x >&3", 0o777),
        ("cat f > /dev/null", 0o6777),
    ] {
        let path = scene.put("f", "program");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o6777)).unwrap();
        assert_eq!(mode(&path), 0o6777);
        scene.as_nobody(change).silent();
        assert_eq!((mode(&path), mode(&scene.beneath("f"))), (after, after), "{change}");
        fs::remove_file(path).unwrap();
    }
    // Who may keep them keeps them.
    let path = scene.put("f", "program");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o6777)).unwrap();
    fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"more").unwrap();
    assert_eq!((mode(&path), mode(&scene.beneath("f"))), (0o6777, 0o6777));
    // Given while somebody has it open for writing.
    fs::set_permissions(&path, fs::Permissions::from_mode(0o777)).unwrap();
    let script = "exec 3>>f; printf a >&3; : > ready; while [ ! -e go ]; do sleep 0.01; done; printf b >&3";
    let (top, source) = (&scene.top, &scene.source);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| scene.as_nobody(script).silent());
        let ready = crate::acceptance::wait_for(std::time::Duration::from_secs(10), || {
            top.join("ready").exists().then_some(())
        });
        assert!(ready.is_some());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o6777)).unwrap();
        fs::write(top.join("go"), "").unwrap();
        writer.join().unwrap();
    });
    assert_eq!((mode(&path), mode(&source.join("f"))), (0o777, 0o777), "by a write after that");
    capability(scene);
}

fn capability(scene: &Scene) {
    let path = scene.put("c", "program");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o777)).unwrap();
    program("setcap").arg("cap_net_raw+ep").arg(&path).silent();
    scene.as_nobody("printf x >> c").silent();
    let left = program("getfattr").args("-m- --absolute-names").arg(scene.beneath("c")).text();
    assert!(!left.contains("capability"), "{left}");
}

pub(super) fn permissions(scene: &Scene) {
    if !required(crate::acceptance::is_root(), "root, to be somebody else") {
        return;
    }
    let path = scene.put("f", "secret");
    chown(&path, Some(0), Some(0)).unwrap();
    let tried = "cat f 2>/dev/null && echo read; (printf x >> f) 2>/dev/null && echo wrote; true";
    for (mode, can) in [(0o600, ""), (0o604, "secretread\n"), (0o602, "wrote\n")] {
        fs::write(&path, "secret").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        // Root having it open gives nobody else a right.
        let root = scene.open_both("f");
        assert_eq!(scene.as_nobody(tried).text(), can, "{mode:o}");
        drop(root);
        assert_eq!(scene.as_nobody(tried).text(), can, "{mode:o} again");
    }
}
