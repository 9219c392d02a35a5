use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use cachefs_vfs::{FileId, Time};

/// The longest name Linux allows, in bytes.
const LENGTH_MAX: usize = 255;
const DAY: i64 = 24 * 60 * 60;

/// `NAME.cachefs-conflict-20261120T184500Z`, from the second try on with `-2`, `-3` behind it. A long name loses its end.
pub(super) fn of_conflict(name: &OsStr, now: Time, attempt: u32) -> OsString {
    let mut tail = format!(".cachefs-conflict-{}", stamp(now));
    if attempt > 1 {
        tail.push_str(&format!("-{attempt}"));
    }
    let kept = name.len().min(LENGTH_MAX - tail.len());
    let mut bytes = name.as_bytes()[..kept].to_vec();
    bytes.extend_from_slice(tail.as_bytes());
    OsString::from_vec(bytes)
}

/// For a file of which no name is known.
pub(super) fn of_nameless(id: FileId) -> OsString {
    format!("inode-{}", id.inode).into()
}

/// The time of day in UTC.
fn stamp(now: Time) -> String {
    let (days, second) = (now.seconds.div_euclid(DAY), now.seconds.rem_euclid(DAY));
    let (year, month, day) = date(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

/// Year, month and day of a day counted from 1970-01-01. Years are counted from March, so that the leap day is the last.
fn date(days: i64) -> (i64, i64, i64) {
    const ERA: i64 = 400 * 365 + 97;
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(ERA), days.rem_euclid(ERA));
    let year = (day - day / 1460 + day / 36_524 - day / (ERA - 1)) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (year + era * 400 + next, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(seconds: i64, attempt: u32) -> OsString {
        of_conflict(OsStr::new("a.txt"), Time { seconds, nanos: 5 }, attempt)
    }

    #[test]
    fn the_name_says_when() {
        assert_eq!(named(1_795_200_300, 1), "a.txt.cachefs-conflict-20261120T184500Z");
        assert_eq!(named(951_782_400, 3), "a.txt.cachefs-conflict-20000229T000000Z-3");
        assert_eq!(named(-1, 1), "a.txt.cachefs-conflict-19691231T235959Z");
        assert_eq!(named(1_735_689_599, 1), "a.txt.cachefs-conflict-20241231T235959Z");
    }

    #[test]
    fn a_long_name_stays_a_name() {
        let name = of_conflict(OsStr::new(&"x".repeat(255)), Time::default(), 12);
        assert_eq!(name.len(), 255);
        assert!(name.to_str().is_some_and(|name| name.ends_with("19700101T000000Z-12")));
    }
}
