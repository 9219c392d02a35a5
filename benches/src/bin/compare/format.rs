use cachefs_benches::figures::Row;

/// A time in the unit that suits it, with three digits.
pub(crate) fn time(nanos: f64) -> String {
    let (value, unit) = scaled(nanos);
    format!("{} {unit}", digits(value))
}

/// The median, and how far the rounds lie apart, in its unit.
pub(crate) fn spread(row: &Row) -> String {
    let (median, (low, high)) = (row.median(), row.spread());
    let (value, unit) = scaled(median);
    let by = median / value;
    format!("{} {unit} ({}-{})", digits(value), digits(low / by), digits(high / by))
}

fn scaled(nanos: f64) -> (f64, &'static str) {
    // A zero has no unit; this keeps it from dividing by itself.
    let nanos = nanos.max(0.001);
    if nanos < 1e3 {
        (nanos, "ns")
    } else if nanos < 1e6 {
        (nanos / 1e3, "us")
    } else {
        (nanos / 1e6, "ms")
    }
}

/// Three digits, or as many as there are before the point.
pub(crate) fn digits(value: f64) -> String {
    let decimals = if value.abs() < 10.0 { 2 } else { usize::from(value.abs() < 100.0) };
    format!("{value:.decimals$}")
}

/// A count per operation, which may be a fraction.
pub(crate) fn count(value: Option<f64>) -> String {
    let Some(value) = value else { return "-".to_owned() };
    if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_three_digits() {
        assert_eq!([4.0, 43.21, 432.1].map(time), ["4.00 ns", "43.2 ns", "432 ns"]);
        assert_eq!([4321.0, 10e6, 12_345e6].map(time), ["4.32 us", "10.0 ms", "12345 ms"]);
    }
}
