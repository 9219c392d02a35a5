use std::time::Duration;

use super::size::number;

/// Longer spans than this are taken for a slip.
const SECONDS_MAX: f64 = 100.0 * 365.0 * 86400.0;

/// A span of time as users write it: `500ms`, `5s`, `1m`, `1h`, `off` for none; seconds where no unit is given.
pub(super) fn span(text: &str) -> Result<Duration, String> {
    let wrong =
        || format!("\"{text}\" is not a time: give a number with ms, s, m, h or d (500ms, 5s, 1m), or off");
    if text == "off" {
        return Ok(Duration::ZERO);
    }
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let seconds = match &text[digits.len()..] {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        "d" => 86400.0,
        _ => return Err(wrong()),
    };
    let seconds = number(digits).ok_or_else(wrong)? * seconds;
    if seconds > SECONDS_MAX {
        return Err(wrong());
    }
    Ok(Duration::from_secs_f64(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_as_users_write_them() {
        for (text, milliseconds) in [
            ("500ms", 500),
            ("5s", 5000),
            ("1m", 60_000),
            ("1h", 3_600_000),
            ("2d", 172_800_000),
            ("1.5", 1500),
            ("0", 0),
            ("off", 0),
        ] {
            assert_eq!(span(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_span_is_told_so() {
        for text in ["", "s", "5 s", "-1s", "1w", "inf", "1e3s", "999999999h"] {
            assert!(span(text).expect_err(text).contains("is not a time"), "{text}");
        }
    }
}
