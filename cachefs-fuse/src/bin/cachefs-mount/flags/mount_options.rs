use cachefs_fuse::MountFlag;

use super::flag::{Flag, Spelled, Takes, yes};
use super::settings::Settings;
use super::span::span;

/// Options known from libfuse and mount(8).
pub(super) const OPTIONS: &[Flag] = &[
    option("allow-other", "Let other users in; the source's permissions hold for them.", |settings, text| {
        settings.allow_other = yes(text)?;
        Ok(())
    }),
    option("default-permissions", "Always on: the kernel checks permissions.", |_, text| {
        yes(text)?.then_some(()).ok_or_else(|| "it cannot be turned off".to_owned())
    }),
    option("auto-unmount", "Remove the mount when the daemon dies, however it dies.", |settings, text| {
        settings.auto_unmount = yes(text)?;
        Ok(())
    }),
    option("ro", "Refuse changes.", |settings, text| {
        settings.read_only = yes(text)?;
        Ok(())
    }),
    option("rw", "Allow changes.", |settings, text| {
        settings.read_only = !yes(text)?;
        Ok(())
    }),
    option("fsname", "The name df and mount show.", |settings, text| {
        settings.fs_name = Some(plain_text(text)?);
        Ok(())
    })
    .takes(Takes::Value("NAME")),
    option("subtype", "The filesystem type is fuse.NAME.", |settings, text| {
        settings.subtype = plain_text(text)?;
        Ok(())
    })
    .takes(Takes::Value("NAME")),
    option(
        "attr-timeout",
        "How long the kernel believes attributes, instead of half of --ttl.",
        |settings, text| {
            settings.attr_timeout = Some(span(text)?);
            Ok(())
        },
    )
    .takes(Takes::Value("TIME")),
    option(
        "entry-timeout",
        "How long the kernel believes names, instead of half of --ttl.",
        |settings, text| {
            settings.entry_timeout = Some(span(text)?);
            Ok(())
        },
    )
    .takes(Takes::Value("TIME")),
    option(
        "negative-timeout",
        "How long the kernel believes missing names, instead of half of --ttl.",
        |settings, text| {
            settings.negative_timeout = Some(span(text)?);
            Ok(())
        },
    )
    .takes(Takes::Value("TIME")),
    kernel("suid", |settings, text| add(settings, MountFlag::Suid, text)),
    kernel("nosuid", |settings, text| add(settings, MountFlag::NoSuid, text)),
    kernel("dev", |settings, text| add(settings, MountFlag::Dev, text)),
    kernel("nodev", |settings, text| add(settings, MountFlag::NoDev, text)),
    kernel("exec", |settings, text| add(settings, MountFlag::Exec, text)),
    kernel("noexec", |settings, text| add(settings, MountFlag::NoExec, text)),
    kernel("noatime", |settings, text| add(settings, MountFlag::NoAtime, text)),
    kernel("nodiratime", |settings, text| add(settings, MountFlag::NoDirAtime, text)),
    kernel("relatime", |settings, text| add(settings, MountFlag::RelAtime, text)),
    kernel("strictatime", |settings, text| add(settings, MountFlag::StrictAtime, text)),
    kernel("dirsync", |settings, text| add(settings, MountFlag::DirSync, text)),
    kernel("atime", |settings, text| remove(settings, MountFlag::NoAtime, text)),
    kernel("diratime", |settings, text| remove(settings, MountFlag::NoDirAtime, text)),
    kernel("async", |settings, text| remove(settings, MountFlag::Sync, text)),
];

/// Written in fstab for others than us, or what holds anyway.
const IGNORED: &[&str] = &[
    "_netdev", "_rnetdev", "auto", "comment", "defaults", "group", "helper", "loud", "noauto", "nofail",
    "nogroup", "noowner", "nouser", "nousers", "owner", "silent", "uhelper", "user", "users",
];

/// Whether a mount option is none of our business.
pub(super) fn ignored(option: &str) -> bool {
    option.starts_with("x-") || option.starts_with("X-") || IGNORED.contains(&option)
}

const fn option(
    long: &'static str,
    help: &'static str,
    set: fn(&mut Settings, &str) -> Result<(), String>,
) -> Flag {
    Flag::switch(long, help, set).spelled(Spelled::MountOption)
}

const fn kernel(long: &'static str, set: fn(&mut Settings, &str) -> Result<(), String>) -> Flag {
    option(long, "", set)
}

/// The mount takes the last of two flags that contradict each other.
pub(super) fn add(settings: &mut Settings, flag: MountFlag, text: &str) -> Result<(), String> {
    if yes(text)? {
        settings.kernel_flags.push(flag);
    }
    Ok(())
}

fn remove(settings: &mut Settings, flag: MountFlag, text: &str) -> Result<(), String> {
    if yes(text)? {
        settings.kernel_flags.retain(|other| *other != flag);
    }
    Ok(())
}

/// What goes into the kernel's own list of options.
fn plain_text(text: &str) -> Result<String, String> {
    if text.is_empty() || text.chars().any(|c| c == ',' || c.is_control()) {
        return Err(format!("{text:?} cannot be used: give a name without commas and control characters"));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::flags::testing::{settings, usage};

    #[test]
    fn mount_options_are_understood() {
        let settings =
            settings("-o allow_other,ro,fsname=a,subtype=x,attr-timeout=1.5 -oauto_unmount,nosuid");
        assert!(settings.allow_other && settings.read_only && settings.auto_unmount);
        assert_eq!(settings.subtype, "x");
        assert_eq!(settings.attr_timeout, Some(Duration::from_millis(1500)));
        assert_eq!(settings.kernel_flags, [MountFlag::NoSuid]);
    }

    #[test]
    fn the_last_of_two_opposites_holds() {
        assert_eq!(settings("-o nosuid,suid").kernel_flags, [MountFlag::NoSuid, MountFlag::Suid]);
        assert_eq!(settings("-o noatime,atime").kernel_flags, []);
        assert!(!settings("-o ro,rw").read_only);
    }

    #[test]
    fn what_fstab_says_to_others_is_ignored() {
        let said = settings(
            "-o defaults,_netdev,nofail,x-systemd.automount,x-gvfs-show=1,noauto,user,user=alice,X-mount.mkdir",
        );
        assert_eq!(said, Settings::default());
    }

    #[test]
    fn names_that_would_add_options_of_their_own_are_refused() {
        assert!(usage("-o fsname=a\\,allow_other").contains("without commas"));
        assert!(usage("-o subtype=").contains("cannot be used"));
    }

    #[test]
    fn permissions_cannot_be_turned_off() {
        assert!(usage("-o default_permissions=no").contains("cannot be turned off"));
    }
}
