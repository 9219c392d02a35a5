//! `mount.cachefs SRC MNT [-sfnv] [-o OPTIONS] [-t TYPE] [-N NAMESPACE]`, as mount(8) calls it for a line of fstab.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use crate::failure::Failure;
use crate::flags::known_mount_options;

/// What mount(8) wants, as arguments of `cachefs-mount`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) arguments: Vec<OsString>,
    /// All is to be checked, and nothing mounted.
    pub(crate) fake: bool,
}

/// Whether a program is called by this name to help mount(8).
pub(crate) fn is_called(name: &OsStr) -> bool {
    Path::new(name).file_name().is_some_and(|name| name.to_string_lossy().starts_with("mount."))
}

/// Reads the arguments, without the program's name.
///
/// # Errors
/// What cannot be done for mount(8).
pub(crate) fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Call, Failure> {
    let (mut call, mut lists, mut sloppy) = (Call::default(), Vec::new(), false);
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        let letters =
            argument.to_str().and_then(|text| text.strip_prefix('-')).filter(|text| !text.is_empty());
        let Some(letters) = letters else {
            call.arguments.push(argument);
            continue;
        };
        for (at, letter) in letters.char_indices() {
            let mut value = || match &letters[at + 1..] {
                "" => arguments.next().unwrap_or_default().to_string_lossy().into_owned(),
                rest => rest.to_owned(),
            };
            match letter {
                'f' => call.fake = true,
                's' => sloppy = true,
                'r' => lists.push("ro".to_owned()),
                'w' => lists.push("rw".to_owned()),
                // There is no table of ours to keep, and mount tells what it did.
                'n' | 'v' => {}
                'o' => lists.push(value()),
                't' => drop(value()),
                'N' => return Err(Failure::usage("-N: it mounts in its own namespace only: use nsenter -m")),
                _ => return Err(Failure::usage(format!("unknown option -{letter} of mount(8)"))),
            }
            if matches!(letter, 'o' | 't') {
                break;
            }
        }
    }
    let list = lists.join(",");
    if list.split(',').any(|item| item == "remount") {
        return Err(Failure::usage(
            "remount: options of a mount stay what they are: unmount it, and mount it anew",
        ));
    }
    let list = if sloppy { known_mount_options(&list) } else { list };
    if !list.is_empty() {
        call.arguments.extend(["-o".into(), list.into()]);
    }
    Ok(call)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Call, Failure> {
        super::read(line.split_whitespace().map(OsString::from))
    }

    fn call(arguments: &str, fake: bool) -> Result<Call, Failure> {
        Ok(Call { arguments: arguments.split_whitespace().map(OsString::from).collect(), fake })
    }

    #[test]
    fn what_mount_gives_is_understood() {
        assert_eq!(read("/s /m"), call("/s /m", false));
        assert_eq!(read("/s /m -o rw,memory=1G"), call("/s /m -o rw,memory=1G", false));
        assert_eq!(read("/s /m -n -v -o rw -t fuse.cachefs"), call("/s /m -o rw", false));
        assert_eq!(read("/s /m -sfnv -orw,fancy,nofail"), call("/s /m -o rw,nofail", true));
        assert_eq!(read("-r /s /m"), call("/s /m -o ro", false));
    }

    #[test]
    fn what_cannot_be_done_is_told() {
        for (line, told) in [
            ("/s /m -o remount,ro", "unmount it"),
            ("/s /m -N /proc/1/ns/mnt", "nsenter"),
            ("/s /m -Z", "unknown option -Z"),
        ] {
            let failure = read(line).expect_err(line);
            assert!(failure.to_string().contains(told) && failure.code() == 1, "{failure}");
        }
    }

    #[test]
    fn it_goes_by_the_name_it_is_called_by() {
        for (name, is) in
            [("/sbin/mount.cachefs", true), ("mount.fuse.cachefs", true), ("cachefs-mount", false)]
        {
            assert_eq!(is_called(OsStr::new(name)), is, "{name}");
        }
    }
}
