use std::fmt;
use std::path::{Path, PathBuf};

use crate::mount_table::MountTable;

/// How many holders are named.
const NAMED_MAX: usize = 5;

/// Who keeps a mount busy.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Holders {
    named: Vec<Holder>,
    more: usize,
}

#[derive(Debug, PartialEq, Eq)]
enum Holder {
    /// A process, and what it holds.
    Process { pid: u32, command: String, path: PathBuf },
    /// Another mount within.
    Mount(PathBuf),
}

impl Holders {
    /// Finds those who hold something at or below `mountpoint`, as far as `/proc` shows them. Never touches the
    /// mount itself.
    pub(super) fn of(mountpoint: &Path) -> Self {
        let mut found: Vec<Holder> = processes().filter_map(|pid| process(pid, mountpoint)).collect();
        if let Ok(table) = MountTable::read() {
            found.extend(table.below(mountpoint).map(|entry| Holder::Mount(entry.mountpoint.clone())));
        }
        let more = found.len().saturating_sub(NAMED_MAX);
        found.truncate(NAMED_MAX);
        Self { named: found, more }
    }
}

fn processes() -> impl Iterator<Item = u32> {
    let own = std::process::id();
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter(move |pid| *pid != own)
}

fn process(pid: u32, mountpoint: &Path) -> Option<Holder> {
    let proc = PathBuf::from(format!("/proc/{pid}"));
    let path = held(&proc, mountpoint)?;
    let command = std::fs::read_to_string(proc.join("comm")).unwrap_or_default().trim().to_owned();
    Some(Holder::Process { pid, command, path })
}

/// The first path below `mountpoint` that a process holds: its directories, descriptors and mapped files.
fn held(proc: &Path, mountpoint: &Path) -> Option<PathBuf> {
    let within = |path: &PathBuf| path.starts_with(mountpoint);
    let fixed = ["cwd", "root", "exe"].into_iter().map(|name| proc.join(name));
    let descriptors =
        std::fs::read_dir(proc.join("fd")).into_iter().flatten().flatten().map(|entry| entry.path());
    let link = fixed.chain(descriptors).filter_map(|link| std::fs::read_link(link).ok()).find(within);
    link.or_else(|| mapped(&std::fs::read_to_string(proc.join("maps")).ok()?).find(within))
}

fn mapped(maps: &str) -> impl Iterator<Item = PathBuf> {
    maps.lines().filter_map(|line| line.find('/').map(|at| PathBuf::from(&line[at..])))
}

impl fmt::Display for Holders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, holder) in self.named.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { ", " })?;
            match holder {
                Holder::Process { pid, command, path } => {
                    write!(f, "{command} (pid {pid}) holds {}", path.display())?
                }
                Holder::Mount(path) => write!(f, "a mount on {}", path.display())?,
            }
        }
        match (self.named.is_empty(), self.more) {
            (true, _) => f.write_str("somebody /proc does not show"),
            (false, 0) => Ok(()),
            (false, more) => write!(f, " and {more} more"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Child, Command};

    use super::*;

    struct Killed(Child);

    impl Drop for Killed {
        fn drop(&mut self) {
            _ = self.0.kill();
            _ = self.0.wait();
        }
    }

    #[test]
    fn a_process_in_the_directory_is_named() {
        let top = tempfile::tempdir().expect("temp");
        let path = top.path().canonicalize().expect("temp");
        let sleeper = Killed(Command::new("sleep").arg("60").current_dir(&path).spawn().expect("sleep"));
        let text = Holders::of(&path).to_string();
        assert_eq!(text, format!("sleep (pid {}) holds {}", sleeper.0.id(), path.display()));
    }

    #[test]
    fn mapped_files_have_a_path() {
        let maps = "7f00-7f01 r--p 00000000 08:01 12   /usr/lib/a b.so\n7f02-7f03 rw-p 00000000 00:00 0 \n";
        assert_eq!(mapped(maps).collect::<Vec<_>>(), [PathBuf::from("/usr/lib/a b.so")]);
    }

    #[test]
    fn many_holders_are_counted() {
        let holder = |pid| Holder::Process { pid, command: "x".into(), path: "/m".into() };
        let holders = Holders { named: vec![holder(1), holder(2)], more: 3 };
        assert_eq!(holders.to_string(), "x (pid 1) holds /m, x (pid 2) holds /m and 3 more");
        assert!(Holders { named: vec![], more: 0 }.to_string().contains("somebody"));
    }
}
