//! What the tests need from the operating system.

use std::path::Path;
use std::process::{Command, Stdio};

use super::Shop;
use crate::Result;

/// A program the tests call and the Debian package it comes in.
const NEEDED: [(&str, &str); 10] = [
    ("fusermount3", "fuse3"),
    ("setfacl", "acl"),
    ("setfattr", "attr"),
    ("rsync", "rsync"),
    ("sqlite3", "sqlite3"),
    ("git", "git"),
    ("tar", "tar"),
    ("setpriv", "util-linux"),
    ("python3", "python3"),
    // 22 MB to fetch; its service is not needed, but there is no smaller package.
    ("promtool", "prometheus"),
];

pub(crate) fn install(shop: &Shop) -> Result<()> {
    let missing = missing();
    if !missing.is_empty() {
        if !(is_root() && found("apt-get")) {
            let list = missing.join(" ");
            return Err(
                format!("the tests need {list}: install them (as root: apt-get install {list})").into()
            );
        }
        apt_get(shop, &["update", "-q"], &[])?;
        apt_get(shop, &["install", "-q", "-y", "--no-install-recommends"], &missing)?;
    }
    if !Path::new("/dev/fuse").exists() {
        return Err(
            "there is no /dev/fuse: load the module (modprobe fuse), or give the container the device".into(),
        );
    }
    shop.say("packages: all there");
    Ok(())
}

fn apt_get(shop: &Shop, verb: &[&str], packages: &[&str]) -> Result<()> {
    shop.run(Command::new("apt-get").args(verb).args(packages).env("DEBIAN_FRONTEND", "noninteractive"))
}

fn missing() -> Vec<&'static str> {
    let mut packages: Vec<_> =
        NEEDED.iter().filter(|(program, _)| !found(program)).map(|(_, package)| *package).collect();
    packages.dedup();
    packages
}

/// Whether a program is on the path.
fn found(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// Whether the effective user is root.
fn is_root() -> bool {
    let output = Command::new("id").arg("-u").stderr(Stdio::null()).output();
    output.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_looked_for_on_the_path() {
        assert!(found("sh"));
        assert!(!found("no-such-program-anywhere"));
    }
}
