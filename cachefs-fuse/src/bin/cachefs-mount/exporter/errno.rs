use std::borrow::Cow;

use rustix::io::Errno;

macro_rules! names {
    ($($constant:ident $name:literal,)*) => {
        const NAMES: &[(Errno, &str)] = &[$((Errno::$constant, $name),)*];
    };
}

names! {
    PERM "EPERM", NOENT "ENOENT", INTR "EINTR", IO "EIO", NXIO "ENXIO", TOOBIG "E2BIG", BADF "EBADF",
    AGAIN "EAGAIN", NOMEM "ENOMEM", ACCESS "EACCES", BUSY "EBUSY", EXIST "EEXIST", XDEV "EXDEV", NODEV "ENODEV",
    NOTDIR "ENOTDIR", ISDIR "EISDIR", INVAL "EINVAL", NFILE "ENFILE", MFILE "EMFILE", NOTTY "ENOTTY",
    TXTBSY "ETXTBSY", FBIG "EFBIG", NOSPC "ENOSPC", SPIPE "ESPIPE", ROFS "EROFS", MLINK "EMLINK", RANGE "ERANGE",
    NAMETOOLONG "ENAMETOOLONG", NOSYS "ENOSYS", NOTEMPTY "ENOTEMPTY", LOOP "ELOOP", NODATA "ENODATA",
    OVERFLOW "EOVERFLOW", OPNOTSUPP "EOPNOTSUPP", TIMEDOUT "ETIMEDOUT", STALE "ESTALE", DQUOT "EDQUOT",
    CONNREFUSED "ECONNREFUSED", CONNRESET "ECONNRESET", NOTCONN "ENOTCONN", HOSTDOWN "EHOSTDOWN",
}

/// How the manuals call an errno; its number for those no filesystem answers.
pub(super) fn name(errno: Errno) -> Cow<'static, str> {
    let known = NAMES.iter().find(|(known, _)| *known == errno);
    known.map_or_else(|| errno.raw_os_error().to_string().into(), |(_, name)| (*name).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errnos_have_their_names() {
        assert_eq!(name(Errno::NOENT), "ENOENT");
        assert_eq!(name(Errno::from_raw_os_error(116)), "ESTALE");
        assert_eq!(name(Errno::from_raw_os_error(4000)), "4000");
    }
}
