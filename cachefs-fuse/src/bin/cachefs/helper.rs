//! `umount.fuse.cachefs MNT [-flnrv] [-N NAMESPACE] [-t TYPE]`, as umount(8) calls it.

use std::ffi::OsString;
use std::path::PathBuf;

use cachefs_fuse::control::UmountArguments;

use crate::exit::Exit;
use crate::out::Out;
use crate::trouble::Trouble;
use crate::umount::leave;

/// What umount(8) wants.
#[derive(Debug, Default, PartialEq, Eq)]
struct Wish {
    path: Option<PathBuf>,
    lazy: bool,
    force: bool,
}

pub(crate) fn run(arguments: impl Iterator<Item = OsString>) -> Result<Exit, Trouble> {
    let Wish { path, lazy, force } = read(arguments)?;
    let path = path.ok_or_else(|| Trouble::usage("the mount point is missing"))?;
    let arguments = UmountArguments { lazy, force, timeout_seconds: None };
    leave(&path, &arguments, &Out::plain("umount.fuse.cachefs"))
}

/// Everything it may give and we have no use for is passed over: umount(8) must work.
fn read(arguments: impl Iterator<Item = OsString>) -> Result<Wish, Trouble> {
    let mut wish = Wish::default();
    let mut arguments = arguments.peekable();
    while let Some(argument) = arguments.next() {
        match argument.to_str().and_then(|text| text.strip_prefix('-')) {
            Some(flags) if !flags.is_empty() => {
                wish.lazy |= flags.contains('l');
                wish.force |= flags.contains('f');
                if flags.ends_with(['t', 'N']) {
                    arguments.next();
                }
            }
            _ if wish.path.is_none() => wish.path = Some(argument.into()),
            _ => return Err(Trouble::usage(format!("unexpected argument {}", argument.display()))),
        }
    }
    Ok(wish)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Wish, Trouble> {
        super::read(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn what_umount_gives_is_understood() {
        let wish = |lazy| Ok(Wish { path: Some("/m".into()), lazy, force: false });
        assert_eq!(read("/m"), wish(false));
        assert_eq!(read("/m -l -n -v"), wish(true));
        assert_eq!(read("/m -fl"), wish(true).map(|wish| Wish { force: true, ..wish }));
        assert_eq!(read("/m -t fuse.cachefs -N /proc/1/ns/mnt"), wish(false));
        assert_eq!(read("-n /m"), wish(false));
        assert_eq!(read("").map(|wish| wish.path), Ok(None));
        assert!(read("/m /n").is_err());
    }
}
