//! The charts, as SVG: readable on a light and on a dark screen.

mod chosen;
mod dots;
mod ink;
mod legend;
mod lines;

pub(crate) use chosen::all;

use crate::Result;

/// Pixels across.
const WIDTH: u32 = 860;
/// Of the text.
const FONT: (&str, u32) = ("sans-serif", 14);
/// Of the title.
const TITLE: (&str, u32) = ("sans-serif", 17);

/// What is drawn, whichever way.
pub(crate) struct Chart<'a> {
    pub(crate) title: &'a str,
    /// What the axis of the values shows, with its unit; its scale is logarithmic.
    pub(crate) values: &'a str,
    /// What the other axis shows.
    pub(crate) rows_label: &'a str,
    /// How a row is written that is a number.
    pub(crate) row_name: fn(f64) -> String,
    pub(crate) rows: Vec<String>,
    pub(crate) series: Vec<Series>,
}

/// One contender; a value for each row.
pub(crate) struct Series {
    pub(crate) name: String,
    pub(crate) values: Vec<Option<f64>>,
}

impl Chart<'_> {
    /// From the smallest to the largest value, with some room; `None` if there is none.
    fn range(&self) -> Option<(f64, f64)> {
        let all = || self.series.iter().flat_map(|series| &series.values).flatten().copied();
        let (low, high) = (all().reduce(f64::min)?, all().reduce(f64::max)?);
        (low > 0.0).then_some((low / 1.6, high * 1.6))
    }
}

/// A number on a logarithmic axis.
fn label(value: f64) -> String {
    if value >= 1e6 {
        format!("{}M", value / 1e6)
    } else if value >= 1e3 {
        format!("{}k", value / 1e3)
    } else {
        format!("{value}")
    }
}

/// A number of bytes.
fn bytes(value: f64) -> String {
    if value >= 1_048_576.0 {
        format!("{} MiB", value / 1_048_576.0)
    } else if value >= 1024.0 {
        format!("{} KiB", value / 1024.0)
    } else {
        format!("{value} B")
    }
}

/// Errors of drawing into a string, which do not happen, but have a type that borrows.
fn drawn<T, E: std::fmt::Display>(result: std::result::Result<T, E>) -> Result<T> {
    result.map_err(|e| format!("drawing a chart: {e}").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart() -> Chart<'static> {
        let series = |name: &str, values: &[f64]| Series {
            name: name.to_owned(),
            values: values.iter().copied().map(Some).collect(),
        };
        Chart {
            title: "Some costs",
            values: "time, ns",
            rows_label: "entries",
            row_name: label,
            rows: vec!["100".into(), "1000".into(), "10000".into()],
            series: vec![series("one", &[1.0, 20.0, 500.0]), series("other", &[3.0, 4.0, 5.0])],
        }
    }

    #[test]
    fn charts_name_their_axes_and_series_and_know_the_dark() {
        for svg in [dots::draw(&chart()).unwrap(), lines::draw(&chart()).unwrap()] {
            for text in ["Some costs", "time, ns", "one", "other", "100\n", "prefers-color-scheme: dark"] {
                assert!(svg.contains(text), "{text} is not in {svg}");
            }
            assert!(
                svg.contains("fill=\"#FFFFFF\"") && svg.contains("#1F2328"),
                "the colours the style is for"
            );
            assert!(svg.ends_with("</svg>\n"));
        }
    }

    #[test]
    fn sizes_are_written_in_powers_of_two() {
        assert_eq!([64.0, 4096.0, 1_048_576.0].map(bytes), ["64 B", "4 KiB", "1 MiB"]);
        assert_eq!([64.0, 4000.0, 1e6].map(label), ["64", "4k", "1M"]);
    }

    #[test]
    fn a_chart_of_nothing_is_refused() {
        let empty = Chart { series: Vec::new(), ..chart() };
        assert!(dots::draw(&empty).is_err() && lines::draw(&empty).is_err());
    }
}
