//! The profile in which the kernel reads and writes files by itself.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may fail where it stands, and says where"
)]

mod acceptance;
mod open_files;

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use acceptance::{Mounted, free_address, metric_sum, metrics_page, program, required};

#[test]
fn programs_find_what_is_usual() {
    if required(acceptance::is_root(), "root: the kernel takes files from nobody else") {
        open_files::play_on("stream");
    }
}

fn is_ours() -> bool {
    required(acceptance::is_root(), "root: the kernel takes files from nobody else")
}

/// A mount of the profile, and where it tells of itself.
fn streaming(source: &Path) -> (Mounted, SocketAddr) {
    let address = free_address();
    (Mounted::over(source, &["--profile", "stream", "--metrics", &address.to_string()]), address)
}

/// Requests for bytes.
fn moved(address: SocketAddr) -> f64 {
    let sum = |op: &str| metric_sum(address, "cachefs_fuse_ops_total", &format!("op=\"{op}\""));
    sum("read") + sum("write")
}

/// Reads and writes files of the mount in every way.
fn use_files(mount: &Path) {
    let bytes = vec![7; 3 << 20];
    fs::write(mount.join("f"), &bytes).unwrap();
    assert_eq!(fs::read(mount.join("f")).unwrap(), bytes);
    fs::copy(mount.join("f"), mount.join("g")).unwrap();
    program("sh").arg("-ec").arg("cat f g > h; head -c 100 f > i; cmp -n 100 f i").within(mount).silent();
    let script = "
import mmap, os
f = open('f', 'r+b')
m = mmap.mmap(f.fileno(), 0)
m[:9] = b'x' * 9
m.flush()
assert open('f', 'rb').read(10) == b'x' * 9 + b'\\x07'
";
    program("python3").arg("-c").arg(script).within(mount).silent();
}

#[test]
fn bytes_move_without_a_request() {
    if !is_ours() {
        return;
    }
    let source = tempfile::tempdir().unwrap();
    fs::write(source.path().join("before"), "it was mounted").unwrap();
    let (mounted, address) = streaming(source.path());
    assert_eq!(fs::read_to_string(mounted.path().join("before")).unwrap(), "it was mounted");
    use_files(mounted.path());
    assert_eq!(moved(address), 0.0, "{}", metrics_page(address));
    assert!(metrics_page(address).contains("profile=\"stream\""));
    mounted.unmount();
}

/// An overlay that is gone when this is dropped.
struct Overlay(PathBuf);

impl Overlay {
    fn mount(at: &Path, lower: &Path, upper: Option<&Path>) -> Self {
        let mut options = format!("lowerdir={}", lower.display());
        match upper {
            Some(upper) => {
                let (dir, work) = (upper.join("upper"), upper.join("work"));
                for dir in [&dir, &work] {
                    fs::create_dir(dir).unwrap();
                }
                options += &format!(",upperdir={},workdir={}", dir.display(), work.display());
            }
            None => options += &format!(":{}", at.display()),
        }
        program("mount").args("-t overlay overlay -o").arg(options).arg(at).silent();
        Self(at.to_path_buf())
    }
}

impl Drop for Overlay {
    fn drop(&mut self) {
        let _gone = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn an_overlay_passes_through_and_one_can_lie_on_the_mount() {
    if !is_ours() {
        return;
    }
    let [lower, upper, source] = [(); 3].map(|()| tempfile::tempdir_in("/dev/shm").unwrap());
    fs::write(lower.path().join("f"), "lower").unwrap();
    let overlay = Overlay::mount(source.path(), lower.path(), Some(upper.path()));
    let (mounted, address) = streaming(source.path());
    use_files(mounted.path());
    assert_eq!(moved(address), 0.0, "of files on an overlay");
    mounted.unmount();
    drop(overlay);

    let (mounted, _) = streaming(lower.path());
    let top = tempfile::tempdir().unwrap();
    let above = Overlay::mount(top.path(), mounted.path(), None);
    assert_eq!(fs::read_to_string(top.path().join("f")).unwrap(), "lower");
    drop(above);
    mounted.unmount();
}

/// Only the administrator may hand files to the kernel; others are told, and get pages.
#[test]
fn an_ordinary_user_gets_pages_and_is_told() {
    if !is_ours() {
        return;
    }
    let top = tempfile::tempdir().unwrap();
    let path = |name: &str| top.path().join(name);
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(top.path(), mode).unwrap();
    for dir in ["source", "mount", "notes"] {
        fs::create_dir(path(dir)).unwrap();
        std::os::unix::fs::chown(path(dir), Some(65534), Some(65534)).unwrap();
    }
    fs::copy(env!("CARGO_BIN_EXE_cachefs-mount"), path("program")).unwrap();
    let script = "\
\"$0/program\" \"$0/source\" \"$0/mount\" --profile stream --json --log \"$0/notes/log\" > \"$0/notes/ready\"
grep -q '\"profile\":\"pages\"' \"$0/notes/ready\"
grep -q 'the profile stream needs the right' \"$0/notes/log\"
echo hello > \"$0/mount/f\"
[ \"$(cat \"$0/mount/f\")\" = hello ]
fusermount3 -u \"$0/mount\"
";
    // Machines where /dev/fuse is root's alone get a view of /dev in which it is everybody's.
    let devices =
        "mount -t tmpfs none /dev && mknod -m 666 /dev/null c 1 3 && mknod -m 666 /dev/fuse c 10 229";
    let user = "exec setpriv --reuid=65534 --regid=65534 --clear-groups sh -ec \"$1\" \"$0\"";
    let run = program("unshare").args("-m sh -ec").arg(format!("{devices} && {user}"));
    run.arg(top.path()).arg(script).silent();
}
