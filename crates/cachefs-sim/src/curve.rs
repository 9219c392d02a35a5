use crate::Size;

/// The smallest cache of a curve, in percent of the footprint; the largest is all of it.
const FIRST: f64 = 0.1;

/// Sizes for a miss-ratio curve, each larger than the one before by the same factor.
#[must_use]
pub fn curve_sizes(points: u32) -> Vec<Size> {
    let steps = f64::from(points.max(2) - 1);
    let percent = |point: u32| {
        let percent = FIRST * (100.0 / FIRST).powf(f64::from(point) / steps);
        // To four digits: nobody wants to read more.
        let digits = 10_f64.powf(3.0 - percent.log10().floor());
        ((percent * digits).round() / digits).min(100.0)
    };
    (0..points.max(2)).map(|point| Size::Percent(percent(point))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_goes_from_a_thousandth_to_everything() {
        let percents = [0.1, 1.0, 10.0, 100.0];
        assert_eq!(curve_sizes(4), percents.map(Size::Percent));
        assert_eq!(curve_sizes(0).len(), 2);
        assert_eq!(curve_sizes(24).len(), 24);
    }
}
