//! What `cachefs-mount` says to bad input: one line that tells what to do, the right exit code, and nothing mounted.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod site;

use std::process::Command;

use site::{Site, bare, is_root, run};

/// One case of bad input.
struct Case {
    name: &'static str,
    command: fn(&Site) -> Command,
    code: i32,
    /// What the line must contain, besides the program's name.
    texts: &'static [&'static str],
    needs_root: bool,
}

impl Case {
    const fn new(
        name: &'static str,
        code: i32,
        texts: &'static [&'static str],
        command: fn(&Site) -> Command,
    ) -> Self {
        Self { name, command, code, texts, needs_root: false }
    }

    const fn needing_root(mut self) -> Self {
        self.needs_root = true;
        self
    }

    /// In the foreground and in the background.
    fn check(&self) {
        for flags in [&[][..], &["-f"]] {
            let site = Site::new();
            let mut command = (self.command)(&site);
            let mounts = site.mounts();
            let output = run(command.args(flags));
            let told = String::from_utf8_lossy(&output.stderr);
            let what = format!("{} {flags:?}: {told}{:?}", self.name, output.status);
            assert_eq!(output.status.code(), Some(self.code), "{what}");
            assert!(told.starts_with("cachefs-mount: ") && told.lines().count() == 1, "{what}");
            for text in self.texts {
                assert!(told.contains(text), "{text:?} is not in {what}");
            }
            assert!(output.stdout.is_empty(), "{what}");
            assert_eq!(site.mounts(), mounts, "{what}");
        }
    }
}

fn file(path: &std::path::Path) {
    std::fs::write(path, "").unwrap();
}

/// Runs the site's command through another one, which must be ready to be given a program and its arguments.
fn through(site: &Site, wrapper: &[&str], arguments: &[&str]) -> Command {
    let inner = site.command(arguments);
    let program = site.top().join("cachefs-mount");
    // Others than root may be kept from where it was built.
    std::fs::copy(inner.get_program(), &program).unwrap();
    let mut command = Command::new(wrapper[0]);
    command.args(&wrapper[1..]).arg(program).args(inner.get_args());
    command
}

const AS_NOBODY: &[&str] = &["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];

const CASES: &[Case] = &[
    Case::new("no arguments", 1, &["source and mount point are missing", "--help"], |_| bare()),
    Case::new("one argument", 1, &["mount point is missing"], |site| {
        let mut command = bare();
        command.arg(site.source());
        command
    }),
    Case::new("three arguments", 1, &["unexpected argument extra"], |site| site.command(&["extra"])),
    Case::new("unknown flag", 1, &["unknown option --memroy", "--memory"], |site| {
        site.command(&["--memroy", "1G"])
    }),
    Case::new("switch with a value", 1, &["--json: \"maybe\" is neither yes nor no"], |site| {
        site.command(&["--json=maybe"])
    }),
    Case::new("option without its value", 1, &["--memory needs a value: --memory SIZE"], |site| {
        site.command(&["--memory"])
    }),
    Case::new("unknown mount option", 1, &["unknown mount option alow_other", "allow_other"], |site| {
        site.command(&["-o", "rw,alow_other"])
    }),
    Case::new("malformed size", 1, &["--memory", "\"12Q\" is not a size", "512M"], |site| {
        site.command(&["--memory", "12Q"])
    }),
    Case::new("malformed size as mount option", 1, &["-o memory", "\"x\" is not a size"], |site| {
        site.command(&["-o", "memory=x"])
    }),
    Case::new("malformed variable", 1, &["CACHEFS_TTL", "\"soon\" is not a time"], |site| {
        let mut command = site.command(&[]);
        command.env("CACHEFS_TTL", "soon");
        command
    }),
    Case::new("unknown coherence", 1, &["--coherence", "\"often\"", "watch, open, ttl=TIME"], |site| {
        site.command(&["--coherence", "often"])
    }),
    Case::new("coherence without its time", 1, &["--coherence", "ttl needs a time", "ttl=5s"], |site| {
        site.command(&["--coherence=ttl"])
    }),
    Case::new("coherence twice", 1, &["--ttl and --coherence", "give only one"], |site| {
        site.command(&["--coherence", "open", "--ttl", "5s"])
    }),
    Case::new("kernel times without a time to live", 1, &["-o entry_timeout", "--ttl 1s"], |site| {
        site.command(&["-o", "entry_timeout=5"])
    }),
    Case::new("malformed glob", 1, &["--warm", "\"a[\" is not a pattern"], |site| {
        site.command(&["--warm", "a["])
    }),
    Case::new("unmatched glob", 1, &["--warm", "none/**", "matches nothing"], |site| {
        site.command(&["--warm", "none/**"])
    }),
    Case::new("malformed metrics address", 1, &["--metrics", "HOST:PORT"], |site| {
        site.command(&["--metrics", "nowhere"])
    }),
    Case::new("public metrics address", 1, &["0.0.0.0:9469", "--metrics-public"], |site| {
        site.command(&["--metrics", "0.0.0.0:9469"])
    }),
    Case::new("unwritable log", 2, &["--log", "cannot be opened"], |site| {
        site.command(&["--log", "/nonexistent/log"])
    }),
    Case::new("source missing", 32, &["source", "does not exist"], |site| {
        std::fs::remove_dir(site.source()).unwrap();
        site.command(&[])
    }),
    Case::new("source a file", 32, &["source", "is not a directory"], |site| {
        std::fs::remove_dir(site.source()).unwrap();
        file(&site.source());
        site.command(&[])
    }),
    Case::new("source unreadable", 32, &["source", "cannot be read", "permissions"], |site| {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        std::fs::set_permissions(site.source(), mode).unwrap();
        let devices =
            "mount -t tmpfs none /dev && mknod -m 666 /dev/null c 1 3 && mknod -m 666 /dev/fuse c 10 229";
        let script = format!("{devices} && exec {} \"$@\"", AS_NOBODY.join(" "));
        through(site, &["unshare", "-m", "sh", "-c", &script, "sh"], &[])
    })
    .needing_root(),
    Case::new("mount point missing", 32, &["mount point", "does not exist", "mkdir -p"], |site| {
        std::fs::remove_dir(site.mountpoint()).unwrap();
        site.command(&[])
    }),
    Case::new("mount point a file", 32, &["mount point", "is not a directory"], |site| {
        std::fs::remove_dir(site.mountpoint()).unwrap();
        file(&site.mountpoint());
        site.command(&[])
    }),
    Case::new("mount point a mount", 32, &["is already a mount (tmpfs)", "umount"], |site| {
        assert!(
            Command::new("mount")
                .args(["-t", "tmpfs", "none"])
                .arg(site.mountpoint())
                .status()
                .unwrap()
                .success()
        );
        site.command(&[])
    })
    .needing_root(),
    Case::new("mount point the source", 32, &["is the source itself"], |site| {
        let mut command = bare();
        command.arg(site.source()).arg(site.source());
        command
    }),
    Case::new("mount point in the source", 32, &["lies inside the source"], |site| {
        let mut command = bare();
        command.arg(site.top()).arg(site.mountpoint());
        command
    }),
    Case::new("mount point in the source by a symlink", 32, &["lies inside the source"], |site| {
        let inner = site.source().join("inner");
        std::fs::create_dir(&inner).unwrap();
        let link = site.top().join("link");
        std::os::unix::fs::symlink(inner, &link).unwrap();
        let mut command = bare();
        command.arg(site.source()).arg(link);
        command
    }),
    Case::new("mount point around the source", 32, &["contains the source"], |site| {
        let mut command = bare();
        command.arg(site.source()).arg(site.top());
        command
    }),
    Case::new("no device", 2, &["no /dev/fuse", "modprobe fuse"], |site| {
        let script = "mount -t tmpfs none /dev && mknod -m 666 /dev/null c 1 3 && exec \"$@\"";
        through(site, &["unshare", "-m", "sh", "-c", script, "sh"], &[])
    })
    .needing_root(),
    Case::new("no helper", 1, &["no right to mount", "fusermount3"], |site| {
        let mut command =
            through(site, &["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"], &[]);
        command.env("PATH", "/nonexistent");
        command
    })
    .needing_root(),
    Case::new("root without rights", 1, &["CAP_SYS_ADMIN"], |site| {
        through(site, &["setpriv", "--bounding-set=-sys_admin"], &[])
    })
    .needing_root(),
    Case::new("allow_other for all", 1, &["allow_other", "user_allow_other", "/etc/fuse.conf"], |site| {
        // In a view of our own, whatever this machine allows.
        let script = format!("mount --bind /dev/null /etc/fuse.conf && exec {} \"$@\"", AS_NOBODY.join(" "));
        through(site, &["unshare", "-m", "sh", "-c", &script, "sh"], &["-o", "allow_other"])
    })
    .needing_root(),
];

#[test]
fn bad_input_gets_one_line_and_leaves_nothing() {
    let root = is_root();
    for case in CASES.iter().filter(|case| root || !case.needs_root) {
        println!("{}", case.name);
        case.check();
    }
}

#[test]
fn a_busy_metrics_address_is_told() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for flags in [&[][..], &["-f"]] {
        let site = Site::new();
        let output = run(site.command(&["--metrics", &address]).args(flags));
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains(&address) && told.contains("is in use") && told.lines().count() == 1, "{told}");
        assert_eq!(site.mounts(), [""; 0]);
    }
}

#[test]
fn help_and_version_are_shown() {
    let help = run(bare().arg("--help"));
    let text = String::from_utf8_lossy(&help.stdout).into_owned();
    assert!(
        help.status.success() && text.contains("--memory <SIZE>") && text.contains("[default: auto]"),
        "{text}"
    );
    let version = run(bare().arg("-V"));
    assert_eq!(version.stdout, format!("cachefs-mount {}\n", env!("CARGO_PKG_VERSION")).as_bytes());
}
