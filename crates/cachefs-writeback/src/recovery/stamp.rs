use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use cachefs_vfs::Time;

/// The longest name Linux allows, in bytes.
const NAME_MAX: usize = 255;

/// The name for what is kept beside `name`: the `n`-th of that second, from 1.
pub(super) fn conflict_name(name: &OsStr, now: Time, n: u32) -> OsString {
    let count = if n > 1 { format!("-{n}") } else { String::new() };
    let ending = format!(".cachefs-conflict-{}{count}", stamp(now));
    let mut bytes = name.as_bytes().to_vec();
    bytes.truncate(NAME_MAX - ending.len());
    bytes.extend_from_slice(ending.as_bytes());
    OsString::from_vec(bytes)
}

/// The time in UTC, as `20261120T184500Z`.
fn stamp(time: Time) -> String {
    let (days, second) = (time.seconds.div_euclid(86_400), time.seconds.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    let (hours, minutes, seconds) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}{month:02}{day:02}T{hours:02}{minutes:02}{seconds:02}Z")
}

/// The date so many days after 1970-01-01, by the calendar's cycle of 400 years.
fn civil(days: i64) -> (i64, i64, i64) {
    // Counted from 1 March of the year 0, leap days come last in their year.
    let days = days + 719_468;
    let (cycle, day_of_cycle) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let leaps = day_of_cycle / 1460 - day_of_cycle / 36_524 + day_of_cycle / 146_096;
    let year_of_cycle = (day_of_cycle - leaps) / 365;
    let day_of_year = day_of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    (cycle * 400 + year_of_cycle + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Time {
        Time { seconds, nanos: 999_999_999 }
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        for (seconds, expected) in [
            (0, "19700101T000000Z"),
            (-1, "19691231T235959Z"),
            (951_782_400, "20000229T000000Z"),
            (1_795_200_300, "20261120T184500Z"),
            (4_107_542_399, "21000228T235959Z"),
            (4_107_542_400, "21000301T000000Z"),
        ] {
            assert_eq!(stamp(at(seconds)), expected);
        }
    }

    #[test]
    fn every_day_of_eight_hundred_years_is_the_next_of_the_one_before() {
        let length = |year: i64, month: i64| match month {
            2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        let mut expected = (1970, 1, 1);
        for day in 0..292_194 {
            assert_eq!(civil(day), expected);
            let (year, month, day) = expected;
            expected = if day < length(year, month) {
                (year, month, day + 1)
            } else if month < 12 {
                (year, month + 1, 1)
            } else {
                (year + 1, 1, 1)
            };
        }
    }

    #[test]
    fn names_stay_as_long_as_names_may_be() {
        let name = conflict_name(OsStr::new("report.txt"), at(1_795_200_300), 1);
        assert_eq!(name, "report.txt.cachefs-conflict-20261120T184500Z");
        let name = conflict_name(OsStr::new(&"x".repeat(255)), at(0), 12);
        assert_eq!(name.len(), 255);
        assert!(name.as_bytes().ends_with(b"x.cachefs-conflict-19700101T000000Z-12"));
    }
}
