//! Numbers in few places.

use std::time::Duration;

use indicatif::HumanBytes;

/// A number per second or the like, in five places.
pub(super) fn rate(rate: f64) -> String {
    match rate {
        0.0 => "0".to_owned(),
        rate if rate < 10.0 => format!("{rate:.1}"),
        rate if rate < 10_000.0 => format!("{rate:.0}"),
        rate if rate < 1e6 => format!("{:.1}k", rate / 1e3),
        rate => format!("{:.1}M", rate / 1e6),
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bytes per second")]
pub(super) fn bytes(rate: f64) -> String {
    HumanBytes(rate as u64).to_string()
}

/// `-` of nothing.
pub(super) fn percent(percent: Option<f64>) -> String {
    percent.map_or_else(|| "-".to_owned(), |percent| format!("{percent:.1} %"))
}

/// In whole seconds, minutes, hours or days.
pub(super) fn age(seconds: f64) -> String {
    match seconds {
        seconds if seconds < 100.0 => format!("{seconds:.0} s"),
        seconds if seconds < 6000.0 => format!("{:.0} min", seconds / 60.0),
        seconds if seconds < 360_000.0 => format!("{:.0} h", seconds / 3600.0),
        seconds => format!("{:.0} d", seconds / 86_400.0),
    }
}

/// As one gives it.
pub(super) fn span(span: Duration) -> String {
    match span.subsec_millis() {
        0 => format!("{}s", span.as_secs()),
        _ => format!("{}ms", span.as_millis()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        assert_eq!([0.0, 0.25, 12.4, 12_345.0, 2e6].map(rate), ["0", "0.2", "12", "12.3k", "2.0M"]);
        assert_eq!([3.2, 120.0, 7200.0, 1e6].map(age), ["3 s", "2 min", "2 h", "12 d"]);
        assert_eq!([1000, 500].map(|ms| span(Duration::from_millis(ms))), ["1s", "500ms"]);
        assert_eq!((percent(None), percent(Some(99.95))), ("-".into(), "100.0 %".into()));
        assert_eq!(bytes(2048.9), "2.00 KiB");
    }
}
