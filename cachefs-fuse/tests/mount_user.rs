//! `cachefs-mount` by an ordinary user, through fusermount3.

mod site;

use std::fs;
use std::process::Command;

use site::{Site, is_root, run};

#[test]
fn an_ordinary_user_mounts_through_fusermount() {
    if !is_root() {
        return;
    }
    let site = Site::with_file("hello", b"world");
    let program = site.top().join("cachefs-mount");
    fs::copy(env!("CARGO_BIN_EXE_cachefs-mount"), &program).unwrap();
    std::os::unix::fs::chown(site.mountpoint(), Some(65534), Some(65534)).unwrap();
    let script = "\
set -e
[ \"$(id -u)\" = 65534 ]
\"$1\" \"$2\" \"$3\" --json > \"$4/ready\" 2> \"$4/error\" || { cat \"$4/error\"; exit 1; }
[ \"$(cat \"$3/hello\")\" = world ]
grep -q '\"watch\":\"directories\"' \"$4/ready\"
pid=$(sed 's/.*\"pid\":\\([0-9]*\\).*/\\1/' \"$4/ready\")
kill -9 $pid
while ls \"$3\" > \"$4/ls\" 2>&1; do sleep 0.01; done
\"$1\" \"$2\" \"$3\" -o auto_unmount --json > \"$4/ready\" 2> \"$4/error\"
grep -q 'detached a dead mount' \"$4/error\"
[ \"$(cat \"$3/hello\")\" = world ]
pid=$(sed 's/.*\"pid\":\\([0-9]*\\).*/\\1/' \"$4/ready\")
kill -9 $pid
n=0
while grep -q \"$3\" /proc/self/mountinfo; do n=$((n + 1)); [ $n -lt 1000 ]; sleep 0.01; done
\"$1\" \"$2\" \"$3\"
[ \"$(cat \"$3/hello\")\" = world ]
fusermount3 -u \"$3\"
";
    let notes = site.top().join("notes");
    fs::create_dir(&notes).unwrap();
    std::os::unix::fs::chown(&notes, Some(65534), Some(65534)).unwrap();
    // Machines where /dev/fuse is root's alone get a view of /dev in which it is everybody's.
    let devices =
        "mount -t tmpfs none /dev && mknod -m 666 /dev/null c 1 3 && mknod -m 666 /dev/fuse c 10 229";
    let users = format!(
        "{devices} && exec setpriv --reuid=65534 --regid=65534 --clear-groups sh -c \"$0\" sh \"$@\""
    );
    let mut command = Command::new("unshare");
    command.args(["-m", "sh", "-c", &users, script]).arg(&program);
    command.arg(site.source()).arg(site.mountpoint()).arg(&notes);
    let output = run(&mut command);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(site.mounts(), [""; 0]);
}
