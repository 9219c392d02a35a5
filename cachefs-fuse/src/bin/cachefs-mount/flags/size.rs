use std::str::FromStr;

/// An amount of memory as users write it: `512M`, `10G`, `9.5%` of the machine's memory, `off`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Size {
    /// So many bytes.
    Bytes(u64),
    /// So many hundredths of the machine's memory.
    Percent(f64),
}

const SHAPE: &str =
    "give bytes, a number with K, M, G or T (512M), a percentage of the memory (9.5%), or off";

impl Size {
    /// The size in bytes on a machine with `memory` bytes.
    pub(crate) fn bytes(self, memory: u64) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Percent(percent) => rounded(memory as f64 * percent / 100.0),
        }
    }
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("\"{text}\" is not a size: {SHAPE}");
        if text == "off" {
            return Ok(Self::Bytes(0));
        }
        if let Some(percent) = text.strip_suffix('%') {
            let percent = number(percent).filter(|percent| *percent <= 100.0).ok_or_else(wrong)?;
            return Ok(Self::Percent(percent));
        }
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let shift = match text[digits.len()..].to_ascii_lowercase().as_str() {
            "" | "b" => 0,
            "k" | "kb" | "kib" => 10,
            "m" | "mb" | "mib" => 20,
            "g" | "gb" | "gib" => 30,
            "t" | "tb" | "tib" => 40,
            _ => return Err(wrong()),
        };
        let bytes = number(digits).ok_or_else(wrong)? * f64::from(1_u32 << (shift / 2)).powi(2);
        if bytes > 1e18 {
            return Err(wrong());
        }
        Ok(Self::Bytes(rounded(bytes)))
    }
}

/// A decimal number that is neither negative nor special.
pub(super) fn number(text: &str) -> Option<f64> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    text.parse().ok().filter(|_| plain)
}

#[expect(clippy::cast_possible_truncation, reason = "the callers keep it below 1e18; fractions are dropped")]
fn rounded(bytes: f64) -> u64 {
    bytes as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_as_users_write_them() {
        for (text, bytes) in [
            ("0", 0),
            ("off", 0),
            ("4096", 4096),
            ("512M", 512 << 20),
            ("512m", 512 << 20),
            ("1.5K", 1536),
            ("10G", 10 << 30),
            ("2GiB", 2 << 30),
            ("1T", 1 << 40),
            ("9.5%", 95),
            ("100%", 1000),
        ] {
            assert_eq!(text.parse::<Size>().map(|size| size.bytes(1000)), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_size_is_told_so() {
        for text in ["", "M", "12Q", "-1", "1e9", "inf", "NaN%", "101%", "1 G", "99999999T", "1..2"] {
            let error = text.parse::<Size>().expect_err(text);
            assert!(error.contains("is not a size") && error.contains("512M"), "{error}");
        }
    }
}
