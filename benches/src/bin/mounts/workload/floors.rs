use std::fmt;

/// What a ratio to the native directory is held against.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Floor {
    pub(crate) least: f64,
    pub(crate) stretch: Option<f64>,
}

/// For each profile that has one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Floors {
    pub(crate) pages: Option<Floor>,
    pub(crate) stream: Option<Floor>,
}

impl Floors {
    pub(super) const NONE: Self = Self { pages: None, stream: None };

    pub(super) const fn both(floor: Floor) -> Self {
        Self { pages: Some(floor), stream: Some(floor) }
    }
}

pub(super) const fn floor(least: f64) -> Floor {
    Floor { least, stretch: None }
}

impl Floor {
    pub(super) const fn stretch(self, stretch: f64) -> Self {
        Self { stretch: Some(stretch), ..self }
    }

    pub(crate) fn judge(&self, ratio: f64) -> Verdict {
        match self.stretch {
            _ if ratio < self.least => Verdict::Below,
            Some(stretch) if ratio >= stretch => Verdict::Stretch,
            _ => Verdict::Ok,
        }
    }
}

impl fmt::Display for Floor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2}", self.least)?;
        self.stretch.map_or(Ok(()), |stretch| write!(f, " ({stretch:.2})"))
    }
}

/// How a ratio compares with its floor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Below,
    Ok,
    Stretch,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Below => "below floor",
            Self::Ok => "ok",
            Self::Stretch => "ok, stretch",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floors_judge() {
        let of = floor(0.6).stretch(0.8);
        assert_eq!([0.59, 0.6, 0.8].map(|r| of.judge(r)), [Verdict::Below, Verdict::Ok, Verdict::Stretch]);
        assert_eq!([0.59, 2.0].map(|r| floor(0.6).judge(r)), [Verdict::Below, Verdict::Ok]);
        assert_eq!(of.to_string(), "0.60 (0.80)");
    }
}
