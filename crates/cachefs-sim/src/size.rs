use std::fmt;
use std::str::FromStr;

/// How large a cache is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Size {
    /// Of what all distinct keys of the trace weigh together.
    Percent(f64),
    /// In entries or bytes.
    Absolute(u64),
}

impl Size {
    /// In the unit of the footprint, at least 1.
    #[must_use]
    pub fn of(self, footprint: u64) -> u64 {
        match self {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                clippy::cast_precision_loss,
                reason = "a share of a count: 52 bits are plenty"
            )]
            Self::Percent(percent) => ((footprint as f64 * percent / 100.0).round() as u64).max(1),
            Self::Absolute(size) => size,
        }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Percent(percent) => write!(f, "{percent} %"),
            Self::Absolute(size) => write!(f, "{size}"),
        }
    }
}

impl FromStr for Size {
    type Err = UnknownSize;

    fn from_str(text: &str) -> Result<Self, UnknownSize> {
        let unknown = || UnknownSize(text.to_owned());
        match text.trim().strip_suffix('%') {
            Some(percent) => {
                let percent: f64 = percent.trim().parse().map_err(|_| unknown())?;
                let sane = percent > 0.0 && percent <= 100.0;
                if sane { Ok(Self::Percent(percent)) } else { Err(unknown()) }
            }
            None => parse_bytes(text).map(Self::Absolute),
        }
    }
}

/// A count of bytes or entries, more than 0: `4096`, `64K`, `10M`, `2G`, `1T`, by powers of 1024.
///
/// # Errors
/// If it is something else.
pub fn parse_bytes(text: &str) -> Result<u64, UnknownSize> {
    let unknown = || UnknownSize(text.to_owned());
    let number = text.trim().trim_end_matches(|end: char| end.is_ascii_alphabetic());
    let shift = match text.trim()[number.len()..].to_ascii_uppercase().as_str() {
        "" => 0,
        "K" | "KIB" => 10,
        "M" | "MIB" => 20,
        "G" | "GIB" => 30,
        "T" | "TIB" => 40,
        _ => return Err(unknown()),
    };
    let number: u64 = number.parse().map_err(|_| unknown())?;
    number.checked_mul(1 << shift).filter(|&size| size > 0).ok_or_else(unknown)
}

/// This is no size.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no size: give a count (1000, 64K, 2G) or a percentage of the footprint (10%)")]
pub struct UnknownSize(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_counts_or_percentages() {
        assert_eq!("10%".parse(), Ok(Size::Percent(10.0)));
        assert_eq!("0.5 %".parse(), Ok(Size::Percent(0.5)));
        assert_eq!("1000".parse(), Ok(Size::Absolute(1000)));
        assert_eq!("64k".parse(), Ok(Size::Absolute(65536)));
        assert_eq!("2GiB".parse(), Ok(Size::Absolute(2 << 30)));
        for wrong in ["", "%", "0", "0%", "101%", "-1", "5X", "K", "nan%", "99999999999T"] {
            assert!(wrong.parse::<Size>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_percentage_is_of_the_footprint() {
        assert_eq!(Size::Percent(10.0).of(1234), 123);
        assert_eq!(Size::Percent(1.0).of(10), 1);
        assert_eq!(Size::Absolute(7).of(1), 7);
    }
}
