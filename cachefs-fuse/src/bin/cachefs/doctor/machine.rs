use std::fs::{self, File};
use std::path::Path;

use cachefs_fuse::control::RuntimeDir;
use cachefs_writeback::state_dir::default_root;
use rustix::process::{Resource, getrlimit};

use super::{Finding, Grade};

/// `CAP_SYS_ADMIN`, as a bit of the kernel's mask.
const SYS_ADMIN: u64 = 1 << 21;
/// Open files below which big trees are slow.
const DESCRIPTORS_FEW: u64 = 4096;
/// Watched directories below which big trees are covered in part.
const WATCHES_FEW: u64 = 65_536;

/// What mounts need of this machine and this user.
pub(super) fn findings() -> Vec<Finding> {
    let admin = is_administrator();
    let mut findings = vec![device(), helper(admin)];
    findings.extend([kernel(), descriptors(), watch(admin), others(), sockets(), journals()]);
    findings
}

fn device() -> Finding {
    let (grade, told) = match File::options().read(true).write(true).open("/dev/fuse") {
        Ok(_) => (Grade::Good, "can be opened".to_owned()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            (Grade::Bad, "is missing: modprobe fuse, or in a container pass --device /dev/fuse".to_owned())
        }
        Err(error) => (Grade::Bad, format!("cannot be opened: {error}")),
    };
    Finding::new("/dev/fuse", grade, told)
}

fn helper(admin: bool) -> Finding {
    if admin {
        return Finding::new("right to mount", Grade::Good, "this user may mount by itself");
    }
    let paths = std::env::var_os("PATH").unwrap_or_default();
    match std::env::split_paths(&paths).map(|dir| dir.join("fusermount3")).find(|path| path.exists()) {
        Some(path) => Finding::new("right to mount", Grade::Good, format!("by {}", path.display())),
        None => Finding::new(
            "right to mount",
            Grade::Bad,
            "neither CAP_SYS_ADMIN nor fusermount3: install the package fuse3, or run as root",
        ),
    }
}

fn kernel() -> Finding {
    let name = rustix::system::uname();
    let release = name.release().to_string_lossy().into_owned();
    let lacks: Vec<&str> = [
        ((6, 2), "names can be expired without unmounting what is below (6.2)"),
        ((6, 9), "profile stream: files that the kernel serves straight from the source (6.9)"),
        ((6, 16), "all names can be taken back at once (6.16)"),
    ]
    .iter()
    .filter(|(since, _)| version(&release) < *since)
    .map(|(_, what)| *what)
    .collect();
    match lacks.is_empty() {
        true => Finding::new("kernel", Grade::Good, format!("{release} has all that is used")),
        false => Finding::new("kernel", Grade::Weak, format!("{release} lacks: {}", lacks.join("; "))),
    }
}

/// Major and minor.
fn version(release: &str) -> (u32, u32) {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map(|part| part.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

fn descriptors() -> Finding {
    let limit = getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX);
    let grade = if limit < DESCRIPTORS_FEW { Grade::Weak } else { Grade::Good };
    let advice = if grade == Grade::Weak { ": raise it (ulimit -Hn, LimitNOFILE)" } else { "" };
    Finding::new("open files", grade, format!("at most {limit}{advice}"))
}

fn watch(admin: bool) -> Finding {
    if admin {
        let told = "a whole local filesystem can be watched: changes by others are seen at once";
        return Finding::new("watch", Grade::Good, told);
    }
    let inotify = number("/proc/sys/fs/inotify/max_user_watches");
    let fanotify = number("/proc/sys/fs/fanotify/max_user_marks");
    let most = inotify.max(fanotify).unwrap_or(0);
    let told = format!("directory by directory, at most {most}");
    match most {
        0 => Finding::new("watch", Grade::Weak, "nothing can be watched: the source is asked at each open"),
        1..WATCHES_FEW => Finding::new(
            "watch",
            Grade::Weak,
            format!("{told}: what is beyond is asked for again and again (fs.inotify.max_user_watches)"),
        ),
        _ => Finding::new("watch", Grade::Good, told),
    }
}

fn others() -> Finding {
    let text = fs::read_to_string("/etc/fuse.conf").unwrap_or_default();
    let allowed = text.lines().any(|line| line.trim() == "user_allow_other");
    let root = rustix::process::geteuid().is_root();
    let told = match (root, allowed) {
        (true, _) => "root may let others use its mounts (-o allow_other)",
        (false, true) => "/etc/fuse.conf lets you give your mounts to others (-o allow_other)",
        (false, false) => "mounts are yours alone: no user_allow_other in /etc/fuse.conf",
    };
    Finding::new("other users", Grade::Good, told)
}

fn sockets() -> Finding {
    match RuntimeDir::ours() {
        Ok(dir) => {
            Finding::new("control sockets", Grade::Good, format!("{} of mounts there", dir.sockets().len()))
        }
        Err(error) => Finding::new(
            "control sockets",
            Grade::Weak,
            format!("there is no place for them, so that mounts cannot be steered: {error}"),
        ),
    }
}

fn journals() -> Finding {
    let root = match default_root() {
        Ok(root) => root,
        Err(error) => return Finding::new("journals", Grade::Weak, error.to_string()),
    };
    let there = root.ancestors().find(|path| path.exists()).unwrap_or(Path::new("/"));
    let shown = root.display();
    match rustix::fs::access(there, rustix::fs::Access::WRITE_OK) {
        Ok(()) => Finding::new("journals", Grade::Good, format!("in {shown}, for --mode back")),
        Err(errno) => Finding::new(
            "journals",
            Grade::Weak,
            format!("{shown} cannot be written ({errno}): --mode back needs --state-dir"),
        ),
    }
}

fn is_administrator() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & SYS_ADMIN != 0)
}

fn number(path: &str) -> Option<u64> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(version("6.12.48+deb13-amd64"), (6, 12));
        assert!(version("6.9") >= (6, 9) && version("6.16.1") > (6, 9) && version("5.15") < (6, 2));
        assert_eq!(version(""), (0, 0));
    }
}
