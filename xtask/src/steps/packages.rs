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
    ("tmux", "tmux"),
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
    promtool(shop)?;
    if !Path::new("/dev/fuse").exists() {
        return Err(
            "there is no /dev/fuse: load the module (modprobe fuse), or give the container the device".into(),
        );
    }
    shop.say("packages: all there");
    Ok(())
}

/// Takes promtool out of its package (22 MB to fetch): installed, that would start a service which nobody wants here.
fn promtool(shop: &Shop) -> Result<()> {
    let bin = shop.tools().join("bin");
    if found("promtool") || bin.join("promtool").is_file() {
        return Ok(());
    }
    if !(found("apt-get") && found("dpkg-deb")) {
        return Err("the tests need promtool, which comes with Prometheus: put it on the PATH".into());
    }
    let aside = shop.tools().join("prometheus");
    std::fs::create_dir_all(&aside).map_err(|e| format!("making {}: {e}", aside.display()))?;
    if shop.run(Command::new("apt-get").args(["download", "-q", "prometheus"]).current_dir(&aside)).is_err() {
        apt_get(shop, &["update", "-q"], &[])?;
        shop.run(Command::new("apt-get").args(["download", "-q", "prometheus"]).current_dir(&aside))?;
    }
    shop.run(
        Command::new("sh")
            .args(["-c", "for deb in prometheus_*.deb; do dpkg-deb -x \"$deb\" .; done"])
            .current_dir(&aside),
    )?;
    std::fs::create_dir_all(&bin).map_err(|e| format!("making {}: {e}", bin.display()))?;
    let from = aside.join("usr/bin/promtool");
    std::fs::copy(&from, bin.join("promtool")).map_err(|e| format!("taking {}: {e}", from.display()))?;
    std::fs::remove_dir_all(&aside).map_err(|e| format!("removing {}: {e}", aside.display()))?;
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
